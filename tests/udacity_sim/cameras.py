"""Three cameras on the car, placed, tilted and sized as the simulator's are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from teleop.frame import Image
from tests.udacity_sim.car import Car
from tests.udacity_sim.ground import HILLS, PANORAMA, PIXELS_A_M, Scenery

HEIGHT, WIDTH = 160, 320
FOCAL = HEIGHT / 2 / math.tan(math.radians(60.0) / 2)
"""In pixels; the field of view is 60 degrees from top to bottom."""
TILT = math.radians(9.5)
"""Downward."""
UP_M, FORWARD_M = 1.2, 1.0
"""Where the cameras are, from the middle of the car on the ground."""
RIGHT_M = {"left": -0.806, "center": 0.0, "right": 0.825}
HORIZON = math.ceil(HEIGHT / 2 - FOCAL * math.tan(TILT))
"""The first row of the ground."""
NEAR = 80
"""From this row down the ground is drawn in full detail: it is at most 8 m away."""
SKY = (130, 170, 220)

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cameras:
    """Pictures of one road's scenery."""

    scenery: Scenery

    def picture(self, car: Car, camera: str = "center") -> Image:
        """uint8 (160, 320, 3) RGB: what the left, center or right camera of the car sees."""
        picture = np.full((HEIGHT, WIDTH, 3), SKY, np.uint8)
        picture[HORIZON - HILLS : HORIZON] = self._hills(car.heading)
        ground = self._to_ground(car) @ pixel_to_car(RIGHT_M[camera])
        picture[HORIZON:NEAR] = self._ground(self.scenery.far, FAR_SCALE @ ground, HORIZON, NEAR)
        picture[NEAR:] = self._ground(self.scenery.ground, ground, NEAR, HEIGHT)
        return picture

    def _hills(self, heading: float) -> Image:
        columns = ((heading + COLUMN_ANGLES) * PANORAMA / (2 * np.pi)).astype(int) % PANORAMA
        return self.scenery.panorama[:, columns]

    def _to_ground(self, car: Car) -> Matrix:
        """(3, 3): from metres before and right of the car to pixels of the ground."""
        cos, sin = math.cos(car.heading), math.sin(car.heading)
        x, y = car.x - self.scenery.corner[0], car.y - self.scenery.corner[1]
        metres = np.array([[cos, sin, x], [sin, -cos, y], [0.0, 0.0, 1.0]])
        return np.asarray(metres * np.array([[PIXELS_A_M], [PIXELS_A_M], [1.0]]))

    def _ground(self, ground: Image, pixel_to_ground: Matrix, top: int, bottom: int) -> Image:
        below_top = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, top], [0.0, 0.0, 1.0]])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size, beyond = (WIDTH, bottom - top), self.scenery.grass
        return np.asarray(cv2.warpPerspective(ground, pixel_to_ground @ below_top, size, flags=how, borderValue=beyond))


FAR_SCALE: Matrix = np.array([[0.25, 0.0, -0.375], [0.0, 0.25, -0.375], [0.0, 0.0, 1.0]])
"""From pixels of the ground to those of its small picture, centre on centre."""
COLUMN_ANGLES = -np.arctan((np.arange(WIDTH) + 0.5 - WIDTH / 2) / FOCAL)
"""(320,): radians to the left of straight ahead."""


def pixel_to_car(right_m: float) -> Matrix:
    """(3, 3): from (column, row, 1) to where that ray meets the ground, homogeneous metres before and right of the car.

    A ray is (ahead, right, down) = (cos t - y sin t, x, sin t + y cos t) with x, y = pixels from the middle / FOCAL;
    it meets the ground UP_M / down further on.
    """
    to_xy = np.array([[1, 0, 0.5 - WIDTH / 2], [0, 1, 0.5 - HEIGHT / 2], [0, 0, FOCAL]]) / FOCAL
    down = np.array([0.0, math.cos(TILT), math.sin(TILT)])
    ahead = UP_M * np.array([0.0, -math.sin(TILT), math.cos(TILT)]) + FORWARD_M * down
    right = UP_M * np.array([1.0, 0.0, 0.0]) + right_m * down
    return np.asarray(np.array([ahead, right, down]) @ to_xy)
