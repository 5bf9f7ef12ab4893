"""What the cameras of one road see: the painted ground as one big picture, and the hills all around."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from teleop.frame import Image
from tests.udacity_sim.road import Points, Road

PIXELS_A_M = 10
MARGIN_M = 45.0
"""Ground around the road; beyond it everything has the mean colour of the grass."""
WIDTH_M = 7.0
"""Of the road."""
LINE_M = 0.3
"""Of its edge lines."""
SHIFT = 4
"""Bits of a pixel that cv2 draws to."""
PANORAMA = 2048
"""Columns of the hills' picture, once around."""
HILLS = 40
"""Rows of it."""


@dataclass(frozen=True, eq=False)
class Scenery:
    """Everything to be seen along one road."""

    ground: Image
    """(height, width, 3) RGB, from above, y up."""
    far: Image
    """The same at a quarter of the size: without it distant ground would flicker."""
    corner: npt.NDArray[np.float64]
    """(2,): x, y in metres of the ground's lower left corner."""
    grass: tuple[int, int, int]
    panorama: Image
    """(HILLS, PANORAMA, 3) RGB: what stands over the horizon; column 0 is heading 0, on to the left."""

    @classmethod
    def of(cls, road: Road, seed: int) -> Scenery:
        """The colours of road, lines, grass and sky are the seed's."""
        rng = np.random.default_rng([seed, 1])
        grass, asphalt, line = colours(rng)
        corner = road.centre.min(axis=0) - MARGIN_M
        width, height = np.ceil((np.ptp(road.centre, axis=0) + 2 * MARGIN_M) * PIXELS_A_M).astype(int)
        ground = np.full((height, width, 3), grass, np.uint8)
        ground = speckled(ground, 12.0, 40, rng)
        paint(ground, road, corner, asphalt, line)
        ground = speckled(ground, 7.0, 1, rng)
        far = cv2.resize(ground, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        return cls(ground, np.asarray(far, np.uint8), corner, grass, hills(rng))


def colours(rng: np.random.Generator) -> tuple[tuple[int, int, int], ...]:
    """RGB of grass, asphalt and edge lines."""
    light = rng.uniform(0.85, 1.1)
    dryness = rng.uniform(0.0, 1.0)
    grass = light * ((1 - dryness) * np.array([88, 120, 56]) + dryness * np.array([150, 132, 84]))
    asphalt = light * rng.uniform(85, 125) * np.array([1.0, 1.0, 1.03])
    line = np.array([225, 225, 220]) if rng.random() < 0.5 else np.array([225, 190, 60])
    red, green, blue = np.array([grass, asphalt, line]).round().astype(int).T
    return tuple(zip(red.tolist(), green.tolist(), blue.tolist(), strict=True))


def speckled(picture: Image, strength: float, size: int, rng: np.random.Generator) -> Image:
    """With random lighter and darker spots of `size` pixels."""
    height, width = picture.shape[:2]
    noise = strength * rng.standard_normal((height // size + 1, width // size + 1), np.float32)
    spots = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.add(picture, cv2.merge([spots] * 3), dtype=cv2.CV_8U), np.uint8)


def paint(ground: Image, road: Road, corner: Points, asphalt: tuple[int, ...], line: tuple[int, ...]) -> None:
    """The road and its edge lines onto the ground."""
    right = np.column_stack([np.sin(road.heading), -np.cos(road.heading)])
    draw(ground, road.centre - corner, asphalt, WIDTH_M)
    for side in (-1, 1):
        draw(ground, road.centre + side * (WIDTH_M / 2 - LINE_M) * right - corner, line, LINE_M)


def draw(ground: Image, points: Points, colour: tuple[int, ...], width_m: float) -> None:
    pixels = (points * PIXELS_A_M * 2**SHIFT).round().astype(np.int32)
    cv2.polylines(ground, [pixels], True, colour, round(width_m * PIXELS_A_M), cv2.LINE_AA, SHIFT)


def hills(rng: np.random.Generator) -> Image:
    """Sky that pales toward the horizon, and before it hills that join where they began."""
    around = np.linspace(0.0, 2 * np.pi, PANORAMA, endpoint=False)
    waves = np.arange(3, 24)
    size, phase = rng.normal(0.0, 6.0, len(waves)) / np.sqrt(waves), rng.uniform(0.0, 2 * np.pi, len(waves))
    height = 8 + np.abs((size * np.cos(around[:, None] * waves + phase)).sum(axis=1))  # (PANORAMA,) rows
    up = np.arange(HILLS, 0, -1)[:, None]  # (HILLS, 1) rows over the horizon
    sky = np.array([200, 215, 230]) - np.array([70, 45, 10]) * (up / HILLS)[..., None]
    hill = np.array([96, 108, 100]) + rng.normal(0, 8, 3)
    return np.asarray(np.where((up < height)[..., None], hill, sky), np.uint8)
