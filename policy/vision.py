"""The one function between an observation and a network's input, for training and for driving alike.

CarRacing's observation is a picture with a dashboard painted over its last twelve rows. The dashboard shows the
steering angle and the running score, so that a network that sees it learns to repeat its own last action instead of
looking at the road. Therefore only the view (rows 0-83) becomes a picture, and of the dashboard only the speed bar is
read, as a number. `rows=96` shows the dashboard too, for whoever wants to watch that happen.

Of a picture of Udacity's simulator, rows 60-134 become the view: above is sky, below the bonnet. It shows no speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from teleop import udacity
from teleop.frame import Image

OBSERVATION_SHAPE = (96, 96, 3)
VIEW_ROWS = 84
"""Rows of the view; the dashboard is painted over the rest (5/40 of the height, and drawn last)."""
ALL_ROWS = 96

# The speed bar on the 1000 x 800 canvas that CarRacing shrinks to 96 x 96 (gymnasium 1.4, `_render_indicators`):
# columns 125-150, and 0.4 pixels a unit of speed upward from row 780. Columns 12 and 13 are covered from edge to edge.
BAR_COLUMNS = slice(12, 14)
BAR_SPEED_A_ROW = 21.0
BAR_SPEED_AT_ZERO = -3.6
"""Fitted over speeds 0 to 190. Near the geometry's 800 / 96 / 0.4 = 20.8: the polygon rounds outward, and so begins at
more than nothing, and the shrinking does not weigh all rows alike."""

SMALLEST_SIDE = 24
"""Of a view: what the networks' convolutions need at least."""
LARGEST_SIDE = 256
"""Of a view: keeps a checkpoint of unknown origin from asking for gigabytes."""


Colour = Literal["RGB", "YUV"]
World = Literal["CarRacing-v3", "Udacity"]


@dataclass(frozen=True)
class Scene:
    """What the observations of one world show."""

    shape: tuple[int, int, int]
    """Of an observation: height, width, RGB."""
    first_row: int
    """Where the view begins."""
    rows: tuple[int, ...]
    """How many rows it may have."""


SCENES: Mapping[World, Scene] = {
    "CarRacing-v3": Scene(OBSERVATION_SHAPE, 0, (VIEW_ROWS, ALL_ROWS)),
    "Udacity": Scene(udacity.OBSERVATION_SHAPE, 60, (75,)),
}


@dataclass(frozen=True)
class Vision:
    """How observations are seen; stored in the checkpoint, so that driving sees what training saw.

    The defaults are those of the first checkpoints, which hold only width and height.
    """

    width: int = 48
    """Of the picture the network sees, in pixels."""
    height: int = 42
    """Of the picture the network sees, in pixels."""
    colour: Colour = "RGB"
    """YUV is PilotNet's."""
    rows: int = VIEW_ROWS
    """Of the observation that become the picture, from the top: 84 (the view) or 96 (the dashboard too)."""
    speed: bool = True
    """Whether the network is told the car's speed, as the dashboard shows it."""
    world: World = "CarRacing-v3"
    """Whose observations."""

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if type(side) is not int or not SMALLEST_SIDE <= side <= LARGEST_SIDE:
                raise ValueError(
                    f"a view's {name} is a whole number from {SMALLEST_SIDE} to {LARGEST_SIDE}; got {side!r}"
                )
        if self.colour not in ("RGB", "YUV"):
            raise ValueError(f"a view's colour is RGB or YUV; got {self.colour!r}")
        if self.world not in SCENES:
            raise ValueError(f"a view's world is {' or '.join(SCENES)}; got {self.world!r}")
        if type(self.rows) is not int or self.rows not in self.scene.rows:
            raise ValueError(f"a view's rows are {' or '.join(map(str, self.scene.rows))}; got {self.rows!r}")
        if type(self.speed) is not bool:
            raise ValueError(f"a view's speed is true or false; got {self.speed!r}")
        if self.speed and not self.pedals:
            raise ValueError(f"{self.world}'s pictures show no speed; got a view that tells it")

    @property
    def scene(self) -> Scene:
        """What it looks at."""
        return SCENES[self.world]

    @property
    def shown(self) -> slice:
        """The observation's rows that become the picture."""
        return slice(self.scene.first_row, self.scene.first_row + self.rows)

    @property
    def pedals(self) -> bool:
        """Whether who sees this works the pedals too. Without a speed to see, they are left to a governor."""
        return self.world == "CarRacing-v3"


def see(observation: Image, vision: Vision) -> tuple[Image, float]:
    """One observation as its view, uint8 (height, width, 3), and the car's speed in track units a second.

    Where the world shows no speed, it is 0.
    """
    shape = vision.scene.shape
    if observation.shape != shape or observation.dtype != np.uint8:
        raise ValueError(
            f"an observation is uint8 {shape}, as {vision.world} gives it; got {observation.dtype} {observation.shape}"
        )
    view = _resized(observation[vision.shown], vision)
    if vision.colour == "YUV":
        view = cv2.cvtColor(view, cv2.COLOR_RGB2YUV)
    return np.asarray(view, np.uint8), read_speed(observation) if vision.pedals else 0.0


def _resized(picture: Image, vision: Vision) -> cv2.typing.MatLike:
    """Shrunk by area, so that no pixel is skipped; where a side grows, that would be blocky, so it is linear."""
    grows = vision.height > picture.shape[0] or vision.width > picture.shape[1]
    how = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return cv2.resize(picture, (vision.width, vision.height), interpolation=how)


def see_all(observations: Iterable[Image], vision: Vision) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """T observations as views, uint8 (T, height, width, 3), and speeds, float32 (T,)."""
    seen = [see(observation, vision) for observation in observations]
    views = np.array([view for view, _ in seen], np.uint8).reshape(-1, vision.height, vision.width, 3)
    return views, np.array([speed for _, speed in seen], np.float32)


def read_speed(observation: Image) -> float:
    """The car's speed, read from the dashboard's speed bar; track units a second, 0 to about 190.

    The bar is drawn in whole pixels of 2.5 units, so the error is up to 1.5 units. The dashboard looks the same under
    `domain_randomize`.
    """
    bar = observation[VIEW_ROWS:, BAR_COLUMNS, 0]  # (12, 2)
    rows = float(bar.mean()) / 255 * len(bar)
    return max(0.0, rows * BAR_SPEED_A_ROW + BAR_SPEED_AT_ZERO)
