"""The car beside its line as a camera above the bonnet would see it: the paper's viewpoint transformation.

Bojarski et al. 2016 (1604.07316): what lies below the horizon is taken for flat ground, and the label becomes one that
leads back in two seconds. Then a moved camera's picture is the old one under a homography. All of the view lies below
the horizon: it stands at row 57 of the observation, and the view begins at row 60.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from policy.rows import Rows
from policy.vision import Vision
from teleop.frame import Image

# The camera in the middle of the simulator's car (its scenes' own numbers), and the car.
CAMERA_HEIGHT = 1.2
"""Metres above the road."""
PITCH = np.radians(9.5)
"""Down from the horizon."""
FIELD_OF_VIEW = np.radians(60)
"""From the picture's top to its bottom."""
WHEEL_BASE = 2.87
"""Metres."""
FULL_LOCK = np.radians(25)
"""Of the front wheels, at a steering action of 1."""
BACK_S = 2.0
"""Seconds in which the car is to be back (the paper's) ..."""
LEAST_DISTANCE = 7.0
"""... but not within fewer metres: from there it would steer as hard as the usual side offset."""
WARP, BORDER = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REFLECT_101

Floats = npt.NDArray[np.float32]
Matrices = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AstrayOnRoad:
    """Puts the camera of every row beside its place and turns it, normally distributed, and steers back."""

    vision: Vision
    shift: float
    """Standard deviation of the shift to the side, metres. The paper's is twice that of a person's own driving."""
    turn_deg: float
    """Standard deviation of the turn, degrees; likewise."""

    def __call__(self, rows: Rows, rng: np.random.Generator) -> None:
        """Change views and steering in place."""
        shifts = rng.normal(0, self.shift, len(rows)).astype(np.float32)
        turns = np.radians(rng.normal(0, self.turn_deg, len(rows))).astype(np.float32)
        rows.view[:] = moved(rows.view, self.vision, shifts, turns)
        steering = rows.action[:, 0] + correction(rows.speed, shifts, turns)
        rows.action[:, 0] = np.clip(steering, -1, 1)


def correction(speed: Floats, shift: Floats, turn: Floats) -> Floats:
    """Steering (N,) that, added, leads back to the line in two seconds (pure pursuit, Coulter 1992).

    `speed` in metres a second; `shift` in metres and `turn` in radians, both positive to the right.
    """
    distance = np.maximum(BACK_S * speed, LEAST_DISTANCE)
    curvature = -2 * np.sin(turn + np.arctan2(shift, distance)) / distance
    return np.asarray(np.arctan(WHEEL_BASE * curvature) / FULL_LOCK, np.float32)


def moved(views: Image, vision: Vision, shift: Floats, turn: Floats) -> Image:
    """What views (N, height, width, 3) would show from `shift` (N,) metres and `turn` (N,) radians to the right.

    On flat ground this is what a camera there sees, to a tenth of the difference that the move makes; what moves in
    from outside is unknown and reflected.
    """
    size = (vision.width, vision.height)
    pairs = zip(views, _back(vision, shift, turn), strict=True)
    warped = [cv2.warpPerspective(view, back, size, flags=WARP, borderMode=BORDER) for view, back in pairs]
    return np.asarray(warped, np.uint8)


def _back(vision: Vision, shift: Floats, turn: Floats) -> Matrices:
    """(N, 3, 3): from a pixel (column, row, 1) of the moved view to the pixel of the view as it is that shows the same.

    A pixel becomes a direction (right, down, ahead), whose downward part tells how far away the ground is.
    """
    direction = _level() @ np.linalg.inv(_pixels(vision))  # (3, 3)
    turned = np.zeros((len(turn), 3, 3))
    turned[:, 1, 1] = 1
    turned[:, 0, 0] = turned[:, 2, 2] = np.cos(turn)
    turned[:, 0, 2], turned[:, 2, 0] = np.sin(turn), -np.sin(turn)
    shifted = np.tile(np.eye(3), (len(shift), 1, 1))
    shifted[:, 0, 1] = shift / CAMERA_HEIGHT
    return np.asarray(np.linalg.inv(direction) @ shifted @ turned @ direction)


def _level() -> Matrices:
    """(3, 3): from the camera's own right, down and ahead to the road's."""
    cos, sin = np.cos(PITCH), np.sin(PITCH)
    return np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])


def _pixels(vision: Vision) -> Matrices:
    """(3, 3): from a direction in the camera's own frame to a pixel of the view, where 0 is the middle of the first."""
    height, width, _ = vision.scene.shape
    focal = height / 2 / np.tan(FIELD_OF_VIEW / 2)
    across, along = vision.width / width, vision.height / vision.rows
    return np.array(
        [
            [focal * across, 0, width / 2 * across - 0.5],
            [0, focal * along, (height / 2 - vision.scene.first_row) * along - 0.5],
            [0, 0, 1],
        ]
    )
