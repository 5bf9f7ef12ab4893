"""The whole episode as a line: who drove when, what is marked, and where there is something to see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pygame

from teleop.frame import Source
from teleop.pen import INK, WARNING, Pen
from teleop.replay.colours import ABANDONED, EXCLUDED, GROUND, LEARNER, PERSON
from teleop.replay.hatching import hatch
from teleop.replay.reel import Reel
from teleop.replay.stops import Stop
from teleop.replay.strips import runs

MARGIN = 16
SIGNS, LANE = 16, 26
"""Heights of the signs' row and of the line under it, on a 1000 x 800 surface."""
HEIGHT = SIGNS + LANE


class Timeline:
    """Of one reel, with its stops."""

    def __init__(self, pen: Pen, reel: Reel, stops: Mapping[Stop, list[int]]) -> None:
        self._pen, self._reel, self._stops = pen, reel, stops
        self._picture: pygame.Surface | None = None

    def read_marks(self) -> None:
        """They may have changed."""
        self._picture = None

    def row_at(self, x: int, rect: pygame.Rect) -> int:
        """The row under a pixel, the nearest where there is none."""
        lane = self._lane(rect)
        row = (x - lane.left) * self._reel.rows // lane.width
        return min(max(row, 0), self._reel.rows - 1)

    def draw(self, canvas: pygame.Surface, rect: pygame.Rect, row: int, marked: tuple[int, int] | None) -> None:
        """`rect` is HEIGHT high; `marked`: half-open range of rows."""
        if self._picture is None or self._picture.get_size() != rect.size:
            self._picture = self._drawn(rect.size)
        canvas.blit(self._picture, rect)
        lane = self._lane(rect)
        if marked:
            left, width = self._span(lane, *marked)
            pygame.draw.rect(canvas, INK, (left, lane.top - 2, width, lane.height + 4), max(2, self._pen.px(3)))
        x = self._span(lane, row, row + 1)[0]
        canvas.fill(INK, (x - 1, rect.top, 3, rect.height))
        pygame.draw.circle(canvas, INK, (x, lane.bottom), self._pen.px(6))

    def _lane(self, rect: pygame.Rect) -> pygame.Rect:
        margin = self._pen.px(MARGIN)
        return pygame.Rect(
            rect.left + margin, rect.top + self._pen.px(SIGNS), rect.width - 2 * margin, self._pen.px(LANE)
        )

    def _span(self, lane: pygame.Rect, start: int, stop: int) -> tuple[int, int]:
        """(left, width) in pixels of rows [start, stop); never nothing."""
        left, right = (lane.left + round(row * lane.width / self._reel.rows) for row in (start, stop))
        return left, max(2, right - left)

    def _drawn(self, size: tuple[int, int]) -> pygame.Surface:
        """All but the cursor and the marked range: once, until something changes."""
        picture, reel = pygame.Surface(size, pygame.SRCALPHA), self._reel
        lane = self._lane(picture.get_rect())
        picture.fill(GROUND, lane)
        half = lane.height // 2
        upper, lower = pygame.Rect(lane.topleft, (lane.width, half)), pygame.Rect(lane.left, lane.top + half, 0, half)
        self._fill(picture, lane, reel.driver == Source.HUMAN, PERSON, upper)
        self._fill(picture, lane, reel.driver == Source.LEARNER, LEARNER, lower)
        for there, colour in ((~reel.kept, ABANDONED), (reel.excluded, EXCLUDED)):
            for start, stop in runs(there):
                left, width = self._span(lane, start, stop)
                hatch(picture, pygame.Rect(left, lane.top, width, lane.height), colour)
        self._draw_signs(picture, lane)
        return picture

    def _draw_signs(self, picture: pygame.Surface, lane: pygame.Rect) -> None:
        for kind in (Stop.REWIND, Stop.DISAGREEMENT, Stop.OFF_ROAD, Stop.TAKEOVER):  # this one on top
            for row in self._stops[kind]:
                middle = self._span(lane, row, row + 1)[0], lane.top - self._pen.px(8)
                sign(picture, kind, middle, self._pen.px(5))

    def _fill(
        self,
        picture: pygame.Surface,
        lane: pygame.Rect,
        there: npt.NDArray[np.bool_],
        colour: str,
        half: pygame.Rect,
    ) -> None:
        for start, stop in runs(there):
            left, width = self._span(lane, start, stop)
            picture.fill(colour, (left, half.top, width, half.height))


def sign(surface: pygame.Surface, stop: Stop, middle: tuple[int, int], size: int) -> None:
    """A triangle for a takeover, a cross off the road, a diamond for a disagreement, an arrow back for a rewind."""
    x, y = middle
    corners = {
        Stop.TAKEOVER: ((-size, -size), (size, -size), (0, size)),
        Stop.DISAGREEMENT: ((-size, 0), (0, -size), (size, 0), (0, size)),
        Stop.REWIND: ((-size, 0), (size, -size), (size, size)),
    }
    if stop is Stop.OFF_ROAD:
        for side in (-1, 1):
            pygame.draw.line(surface, WARNING, (x - size, y - side * size), (x + size, y + side * size), 3)
        return
    colour = {Stop.TAKEOVER: PERSON, Stop.DISAGREEMENT: WARNING, Stop.REWIND: INK}[stop]
    pygame.draw.polygon(surface, colour, [(x + dx, y + dy) for dx, dy in corners[stop]])
