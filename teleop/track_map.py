"""A track seen from above, small: where the car is, and which tiles it missed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pygame

from teleop.pen import ACCENT, DARK, INK, WARNING
from teleop.road import Floats, Road

AHEAD = "#7a818c"
"""Road still to be driven."""
DRIVEN = "#d9dce0"
MISSED = WARNING
LINE = "#1a73d9"
"""Seen on the pale road as well as beside it."""
NARROWEST = 1 / 50
"""Half the road's width as a part of the map's size: its true width would be too thin to see a missed tile of."""
CAR_SIZE = 1 / 14
"""From the car's middle to its nose, as a part of the map's size."""
INSIDE_RIM = 0.66
"""Of the arrowhead's size."""
FINE = 2
"""The road is drawn this much larger, and shrunk: smooth edges without seams between tiles."""

Bools = npt.NDArray[np.bool_]


class TrackMap:
    """The road of one track on a square of `size` pixels, north up.

    The road is drawn once, then only tiles that change: a frame costs about 0.1 ms.
    """

    def __init__(self, road: Road, size: int) -> None:
        self.size = size
        low, high = road.centre.min(axis=0), road.centre.max(axis=0)
        self._middle = (low + high) / 2
        self._zoom = size * (1 - 2 * (NARROWEST + CAR_SIZE)) / float((high - low).max())
        half_width = max(road.half_width, NARROWEST * size / self._zoom)
        self._tiles = FINE * self._pixels(tile_corners(road, half_width))
        self._start_line = self._pixels(road.point([0.0, 0.0], [-2 * half_width, 2 * half_width]))
        self._fine = pygame.Surface((FINE * size, FINE * size), pygame.SRCALPHA)
        self._picture = pygame.Surface((size, size), pygame.SRCALPHA)
        self._colours = [""] * len(self._tiles)
        self.missed = 0
        """Tiles of the last `visited` that stand out."""
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
        begin, end = (self._start_line + topleft).tolist()
        pygame.draw.line(surface, INK, begin, end, 2)
        if line is not None and np.size(line) >= 4:
            pygame.draw.aalines(surface, LINE, False, (self._pixels(np.asarray(line)) + topleft).tolist())
        if car is not None:
            self._draw_car(surface, topleft, np.asarray(car, np.float64))

    def _pixels(self, xy: Floats) -> Floats:
        """(..., 2) world units to pixels of the map."""
        return np.asarray((xy - self._middle) * (self._zoom, -self._zoom) + self.size / 2, np.float64)

    def _show(self, visited: Bools) -> None:
        """Draw the tiles whose colour changed."""
        colours = tile_colours(visited)
        changed = [tile for tile, colour in enumerate(colours) if colour != self._colours[tile]]
        for tile in changed:
            drawn = pygame.draw.polygon(self._fine, colours[tile], self._tiles[tile].tolist())
            self._shrink(drawn)
        self._colours, self.missed = colours, colours.count(MISSED)

    def _shrink(self, drawn: pygame.Rect) -> None:
        """Bring a part of the fine picture into the one that is shown."""
        left, top = drawn.left // FINE, drawn.top // FINE
        part = pygame.Rect(left, top, -(-drawn.right // FINE) - left, -(-drawn.bottom // FINE) - top)
        part = part.clip(self._picture.get_rect())
        fine = self._fine.subsurface([FINE * value for value in part])
        pygame.transform.smoothscale(fine, part.size, self._picture.subsurface(part))

    def _draw_car(self, surface: pygame.Surface, topleft: tuple[int, int], pose: Floats) -> None:
        """An arrowhead with a dark rim: seen on road and map alike."""
        turns = pose[2] + np.array([0.0, 0.78 * math.pi, 1.22 * math.pi])
        corners = np.stack([np.cos(turns), -np.sin(turns)], axis=1) * CAR_SIZE * self.size
        middle = self._pixels(pose[:2]) + topleft
        for colour, part in ((DARK, 1.0), (ACCENT, INSIDE_RIM)):
            pygame.draw.polygon(surface, colour, (middle + part * corners).tolist())


def tile_corners(road: Road, half_width: float) -> Floats:
    """(tiles, 4, 2) world units: tile i lies before point i of the centre line."""
    left, right = road.point(road.stations, half_width), road.point(road.stations, -half_width)
    return np.stack([np.roll(left, 1, axis=0), left, right, np.roll(right, 1, axis=0)], axis=1)


def tile_colours(visited: Bools) -> list[str]:
    """One for each of `visited` (tiles,): a tile is missed when it was not touched and a later one was."""
    touched = np.flatnonzero(visited)
    last = int(touched[-1]) if len(touched) else -1
    return [DRIVEN if seen else MISSED if tile < last else AHEAD for tile, seen in enumerate(visited.tolist())]
