"""A recorded drive shown as its pictures are: for sessions that can't be driven again here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.frame import Action, Image, Outcome
from teleop.worlds.camera_view import CameraView


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What K rows of a recording hold; what stood after the last of them shows what stood before it."""

    picture: Callable[[int], Image]
    """Of each row, 0 to K - 1."""
    pose: npt.NDArray[np.float32]
    """(K, 4)."""
    wheels_on_road: npt.NDArray[np.uint8]
    """(K,)."""
    tiles_visited: npt.NDArray[np.int16]
    """(K,)."""
    reward: npt.NDArray[np.float32]
    """(K,): what the action of each earned; NaN where nothing is rewarded."""


class Film:
    """Any action leads to the next row: it plays what happened (a `loop.World`, and rewindable)."""

    def __init__(self, footage: Footage) -> None:
        self._footage, self._view = footage, CameraView()
        self._step = 0

    @property
    def road(self) -> None:
        """Nothing is known of it."""
        return None

    def reset(self, seed: int) -> Outcome:
        """Begin with the first row; the seed decides nothing any more."""
        return self.rewind(0)

    def step(self, action: Action) -> Outcome:
        """Go on to the next row; `truncated` after the last."""
        return self.rewind(self._step + 1)

    def rewind(self, step: int) -> Outcome:
        """Be at row `step`."""
        self._step, footage = step, self._footage
        row = min(step, len(footage.pose) - 1)
        picture = footage.picture(row)
        self._view.show(picture)
        return Outcome(
            picture,
            float(footage.reward[step - 1]) if step else 0.0,
            footage.pose[row],
            int(footage.wheels_on_road[row]),
            int(footage.tiles_visited[row]),
            truncated=step == len(footage.pose),
        )

    def figures(self) -> Mapping[str, float | int | None]:
        """steps: rows that were played."""
        return {"steps": self._step}

    def view(self) -> CameraView:
        """The picture, as large as its proportions allow."""
        return self._view
