"""A track seen from above, small: where the car is, and which tiles it missed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pygame
from pygame import gfxdraw

from teleop.pen import ACCENT, INK, WARNING
from teleop.road import Floats, Road

AHEAD = "#7a818c"
"""Road still to be driven."""
DRIVEN = "#d9dce0"
MISSED = WARNING
LINE = ACCENT
NARROWEST = 3.0
"""Pixels of half the road's width: on a small map the true width would be too thin to see a tile of."""
CAR_SIZE = 7.0
"""Pixels from the car's middle to its nose, on a map of 150."""
CAR_AT = 150

Bools = npt.NDArray[np.bool_]


class TrackMap:
    """The road of one track on a square of `size` pixels, north up.

    The road is drawn once, then only tiles that change: a frame costs about 0.1 ms.
    """

    def __init__(self, road: Road, size: int) -> None:
        self.size = size
        self._car_size = max(CAR_SIZE, CAR_SIZE * size / CAR_AT)
        margin = self._car_size + 1
        low, high = road.centre.min(axis=0) - road.half_width, road.centre.max(axis=0) + road.half_width
        self._zoom = (size - 2 * margin) / float((high - low).max())
        self._middle = (low + high) / 2
        self._tiles = self._tile_corners(road)
        self._picture = pygame.Surface((size, size), pygame.SRCALPHA)
        self._colours = [""] * len(self._tiles)
        self._show(np.zeros(len(self._tiles), np.bool_))

    def draw(
        self,
        surface: pygame.Surface,
        topleft: tuple[int, int],
        visited: Bools | None = None,
        line: npt.ArrayLike | None = None,
        car: npt.ArrayLike | None = None,
    ) -> None:
        """Show the road.

        `visited`: bool (tiles,), those a wheel has touched; the others stand out where a later one was touched.
        `line`: (T, 2) world units, where the car drove. `car`: its pose (4,).
        """
        if visited is not None:
            self._show(visited)
        surface.blit(self._picture, topleft)
        if line is not None and np.size(line) >= 4:
            pygame.draw.aalines(surface, LINE, False, (self._pixels(np.asarray(line)) + topleft).tolist())
        if car is not None:
            self._draw_car(surface, topleft, np.asarray(car, np.float64))

    def _tile_corners(self, road: Road) -> list[list[list[float]]]:
        """(tiles, 4, 2) pixels: tile i lies before point i of the centre line."""
        half_width = max(road.half_width, NARROWEST / self._zoom)
        left, right = road.point(road.stations, half_width), road.point(road.stations, -half_width)
        corners = np.stack([np.roll(left, 1, axis=0), left, right, np.roll(right, 1, axis=0)], axis=1)
        tiles: list[list[list[float]]] = self._pixels(corners).tolist()
        return tiles

    def _pixels(self, xy: Floats) -> Floats:
        """(..., 2) world units to pixels of the map."""
        return (xy - self._middle) * (self._zoom, -self._zoom) + self.size / 2

    def _show(self, visited: Bools) -> None:
        for tile, colour in enumerate(tile_colours(visited)):
            if colour != self._colours[tile]:
                self._colours[tile] = colour
                gfxdraw.filled_polygon(self._picture, self._tiles[tile], pygame.Color(colour))
                gfxdraw.aapolygon(self._picture, self._tiles[tile], pygame.Color(colour))

    def _draw_car(self, surface: pygame.Surface, topleft: tuple[int, int], pose: Floats) -> None:
        """An arrowhead, pale with a dark rim: seen on road and map alike."""
        turns = pose[2] + np.array([0.0, 0.8 * math.pi, 1.2 * math.pi])
        corners = np.stack([np.cos(turns), -np.sin(turns)], axis=1) * self._car_size
        arrow = (corners + self._pixels(pose[:2]) + topleft).tolist()
        pygame.draw.polygon(surface, ACCENT, arrow)
        pygame.draw.aalines(surface, INK, True, arrow)


def tile_colours(visited: Bools) -> list[str]:
    """One for each of `visited` (tiles,): a tile is missed when it was not touched and a later one was."""
    touched = np.flatnonzero(visited)
    last = int(touched[-1]) if len(touched) else -1
    return [DRIVEN if seen else MISSED if tile < last else AHEAD for tile, seen in enumerate(visited.tolist())]
