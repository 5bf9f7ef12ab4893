"""More from the same rows: the mirror, which is exact; the car beside its line, which is not quite; the car at rest.

A good driver's pictures show how to stay on the line, not how to come back to it. Moving and turning the view gives
pictures from beside it, and geometry gives the steering that leads back.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from policy.rows import Rows
from policy.vision import OBSERVATION_SHAPE, VIEW_ROWS, Vision
from teleop.errors import UserError
from teleop.frame import Image

CAR_COLUMN, CAR_ROW = 48.0, 72.0
"""Of the observation, where the car's middle stands, its nose up (CarRacing's `_render`: half of the width, a quarter
of the height from below)."""
PIXELS_A_UNIT = (16.2 * 96 / 1000, 16.2 * 96 / 800)
"""Across and along: the zoom of 6 x 2.7 on the 1000 x 800 canvas that is shrunk to 96 x 96. Not the same, therefore
turning the view shears its pixels."""
CAR_HALF_WIDTH, CAR_HALF_LENGTH = 1.5, 2.7
"""Track units around the car's middle that cover hull and wheels (car_dynamics' polygons x 0.02)."""
PAINTED_OVER = 20
"""Levels by which a pixel differs from what would lie there without the car, at least; the road's tiles differ by 5."""
SLOW = 15.0
"""Track units a second: slower than the autopilot ever is once it rolls, and than the simulated human means to be."""
WARP = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

CURVATURE_A_STEERING = 0.24
"""1/radius, per track unit, that a steering action of 1 leads to, while it is small. Fitted over three laps of the
autopilot at speeds 50 to 90 (0.22 to 0.28, correlation 0.94 to 0.99). The geometry of axles 3.24 units apart says 0.31;
the tyres' slip is the difference."""
LOOK_AHEAD, LOOK_AHEAD_S = 10.0, 0.08
"""Distance in which the car is to be back, track units, and seconds of driving added to it: the autopilot's own."""
USUAL_SPEED = 65.0
"""Track units a second: the middle of an autopilot's lap, for a vision that reads no speed."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def mirror(rows: Rows, chosen: Mask) -> None:
    """Mirror the chosen rows in place: left becomes right, in the picture and in the steering.

    This is exact: the camera looks straight down from behind the car, and the car is symmetric.
    """
    rows.view[chosen] = rows.view[chosen][:, :, ::-1]
    rows.action[chosen, 0] *= -1


class AugmentError(UserError):
    """Rows that can't be augmented as asked: the rule, what was got, the remedy."""


@dataclass(frozen=True)
class Astray:
    """Puts the car of every row beside its line and its nose off it, normally distributed about where it was.

    Away from the borders this is what CarRacing shows from there, to a fifth of the difference that the move makes.
    What moves in from outside is unknown and reflected; the front wheels and the speed stay as they were.
    """

    vision: Vision
    shift: float
    """Standard deviation of the shift to the side, track units (the road is 13.3 wide)."""
    turn_deg: float
    """Standard deviation of the turn, degrees."""

    def __call__(self, rows: Rows, rng: np.random.Generator) -> None:
        """Change views and steering in place."""
        shifts = rng.normal(0, self.shift, len(rows)).astype(np.float32)
        turns = np.radians(rng.normal(0, self.turn_deg, len(rows))).astype(np.float32)
        rows.view[:] = moved(rows.view, self.vision, shifts, turns)
        speed = rows.speed if self.vision.speed else np.full_like(rows.speed, USUAL_SPEED)
        steering = rows.action[:, 0] + correction(speed, shifts, turns)
        rows.action[:, 0] = np.clip(steering, -1, 1)


@dataclass(frozen=True, eq=False)
class SettingOff:
    """Shows some rows with the car nearly at rest, and the pedals by which the expert once set off at that speed.

    An expert is hardly ever seen slow in the middle of the road, so a policy that has come to rest there has not
    learned to go on: the inertia problem (Codevilla and others, "Exploring the limitations of behavior cloning for
    autonomous driving", 2019).
    """

    speed: Floats
    """float32 (P,): track units a second, of the rows in which the expert set off, and..."""
    pedals: Floats
    """float32 (P, 2): ...gas and brake there."""
    share: float
    """Of rows, [0, 1]."""

    @classmethod
    def of(cls, rows: Rows, share: float) -> SettingOff:
        """Learned from all of `rows` that are slow and give gas; AugmentError where there are none."""
        chosen = (rows.speed < SLOW) & (rows.action[:, 1] > rows.action[:, 2])
        if not chosen.any():
            raise AugmentError(
                f"--setting-off shows how the expert set off, below {SLOW:g} units/s; these rows have no such moment: "
                "add --zoom-in, since it is in an episode's first second, or leave the option out"
            )
        return cls(rows.speed[chosen], rows.action[chosen, 1:], share)

    def __call__(self, rows: Rows, rng: np.random.Generator) -> None:
        """Change speed and pedals in place; where to steer is the picture's to say."""
        chosen = np.flatnonzero(rng.random(len(rows)) < self.share)
        shown = rng.integers(len(self.speed), size=len(chosen))
        rows.speed[chosen], rows.action[chosen, 1:] = self.speed[shown], self.pedals[shown]


def correction(speed: Floats, shift: Floats, turn: Floats) -> Floats:
    """Steering (N,) that, added, leads back to the line within the look-ahead (pure pursuit, Coulter 1992).

    `speed` in track units a second; `shift` in track units and `turn` in radians, both positive to the right.
    """
    distance = LOOK_AHEAD + LOOK_AHEAD_S * speed
    bearing = turn + np.arctan2(shift, distance)
    return np.asarray(-2 * np.sin(bearing) / distance / CURVATURE_A_STEERING, np.float32)


def moved(views: Image, vision: Vision, shift: Floats, turn: Floats) -> Image:
    """What views (N, height, width, 3) would show from `shift` (N,) track units and `turn` (N,) radians to the right.

    A dashboard stays as it is.
    """
    box = (slice(None), *_car_box(vision))
    roads, result = _without_car(views, box), views.copy()
    shown = slice(0, round(vision.height * VIEW_ROWS / vision.rows))
    for road, back, view in zip(roads[:, shown], _back(vision, shift, turn), result[:, shown], strict=True):
        view[:] = cv2.warpAffine(road, back, view.shape[1::-1], flags=WARP, borderMode=cv2.BORDER_REFLECT_101)
    car = np.abs(views[box].astype(np.int16) - roads[box]).max(axis=3, keepdims=True) > PAINTED_OVER
    np.copyto(result[box], views[box], where=car)
    return result


def _back(vision: Vision, shift: Floats, turn: Floats) -> npt.NDArray[np.float64]:
    """(N, 2, 3): from a pixel (column, row) of the moved view to the pixel of the view as it is that shows the same."""
    (across, along), place = _scale(vision), np.array(_place(vision))
    cos, sin = np.cos(turn, dtype=np.float64), np.sin(turn, dtype=np.float64)
    matrix = np.array([[cos, -sin * across / along], [sin * along / across, cos]]).transpose(2, 0, 1)  # (N, 2, 2)
    offset = place - matrix @ place  # (N, 2)
    offset[:, 0] += across * shift
    return np.concatenate([matrix, offset[:, :, None]], axis=2)


def _scale(vision: Vision) -> tuple[float, float]:
    """Pixels of the view a track unit, across and along."""
    return (
        PIXELS_A_UNIT[0] * vision.width / OBSERVATION_SHAPE[1],
        PIXELS_A_UNIT[1] * vision.height / vision.rows,
    )


def _place(vision: Vision) -> tuple[float, float]:
    """Column and row of the car's middle in the view, where 0 is the middle of the first pixel."""
    column = CAR_COLUMN * vision.width / OBSERVATION_SHAPE[1] - 0.5
    return column, CAR_ROW * vision.height / vision.rows - 0.5


def _car_box(vision: Vision) -> tuple[slice, slice]:
    """Rows and columns of the view that hold the car."""
    (across, along), (column, row) = _scale(vision), _place(vision)
    half_width, half_length = across * CAR_HALF_WIDTH + 0.5, along * CAR_HALF_LENGTH + 0.5
    return (
        slice(round(row - half_length), round(row + half_length) + 1),
        slice(round(column - half_width), round(column + half_width) + 1),
    )


def _without_car(views: Image, box: tuple[slice, slice, slice]) -> Image:
    """Copies in which what lies beside the car covers it, from both sides."""
    roads = views.copy()
    _, rows, columns = box
    middle = (columns.start + columns.stop) // 2
    roads[:, rows, columns.start : middle] = views[:, rows, columns.start - 1, None]
    roads[:, rows, middle : columns.stop] = views[:, rows, columns.stop, None]
    return roads
