"""The moments at which the expert took the wheel from a learner, found in what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.frame import Source
from teleop.session import Episode


@dataclass(frozen=True, eq=False)
class Takeover:
    """The learner drove, and from `step` on the expert."""

    episode: str
    """Six digits."""
    seed: int
    """The track's."""
    row: int
    """Of the episode: the first that the expert drove."""
    step: int
    """Of the world, there."""
    furthest: int
    """The step up to which that learner had driven, where a rewind led back from there: by then it went wrong."""
    actions: npt.NDArray[np.float32]
    """(step, 3): executed from the reset up to there, without what a rewind had taken back by then."""
    pose: npt.NDArray[np.float32]
    """(step + 1, 4): x, y, heading, speed before each of them, and at the takeover."""


def takeovers(episode: Episode) -> Iterator[Takeover]:
    """Every takeover of an episode, in order; those that a rewind took back later happened too.

    Where the learner was let repeat itself up to its takeover, that is still the same one.
    """
    action, pose, driver, step = episode.action, episode.pose, episode.driver, episode.step
    began = 0  # the first row since the expert drove last
    ways: set[bytes] = set()
    for row, driven in histories(episode):
        if driver[row] == Source.HUMAN:
            if driven and driver[driven[-1]] == Source.LEARNER and (way := action[driven]).tobytes() not in ways:
                ways.add(way.tobytes())
                seed, furthest = int(episode.attrs["seed"]), int(step[began : row + 1].max())
                yield Takeover(episode.name, seed, row, len(driven), furthest, way, pose[[*driven, row]])
            began = row + 1


def histories(episode: Episode) -> Iterator[tuple[int, list[int]]]:
    """Each row, with the rows that led there from the reset: after a rewind, the ones before what it took back.

    The list is the same one every time, and grows: copy what is to be kept.
    """
    driven: list[int] = []
    for row, step in enumerate(episode.step.tolist()):
        del driven[step:]
        yield row, driven
        driven.append(row)
