"""The seconds around the cursor: how it was steered and driven, by whom, and how the others would have."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pygame

from teleop.frame import Source
from teleop.pen import DIM, INK, Pen
from teleop.replay.colours import ABANDONED, EXCLUDED, EXECUTED, GROUND, LEARNER, PERSON
from teleop.replay.hatching import hatch
from teleop.replay.reel import Floats, Reel

SECONDS = 6.0
"""Shown, the cursor in the middle."""
LABELS = 128
"""Pixels at the left, on a 1000 x 800 surface."""
MARGIN = 16
LANE = 14
"""Height of who drives."""
STRIP, GAP = 42, 6
HEIGHT = LANE + 3 * (STRIP + GAP)
NAMES = (("steering", 0), ("gas", 1), ("brake", 2))
"""Each strip, and where it stands in an action."""

Runs = list[tuple[int, int]]


class Strips:
    """Of one reel."""

    def __init__(self, pen: Pen, reel: Reel) -> None:
        self._pen, self._reel = pen, reel
        self._half = round(SECONDS * reel.hz / 2)

    def plot(self, rect: pygame.Rect) -> pygame.Rect:
        """Where the rows are, without the labels."""
        left = rect.left + self._pen.px(LABELS)
        return pygame.Rect(left, rect.top, rect.right - self._pen.px(MARGIN) - left, rect.height)

    def row_at(self, x: int, rect: pygame.Rect, row: int) -> int:
        """The row under a pixel, with the cursor on `row`."""
        plot = self.plot(rect)
        return row + round((x - plot.centerx) * 2 * self._half / plot.width)

    def draw(self, canvas: pygame.Surface, rect: pygame.Rect, row: int, marked: tuple[int, int] | None) -> None:
        """`rect` is HEIGHT high; `marked`: half-open range of rows."""
        px, plot = self._pen.px, self.plot(rect)
        rows = np.arange(max(0, row - self._half), min(self._reel.rows, row + self._half + 1))
        x: Floats = plot.centerx + (rows - row) * plot.width / (2 * self._half)
        canvas.set_clip(plot)
        self._draw_lane(canvas, plot, rows, x)
        for number, (_, column) in enumerate(NAMES):
            strip = pygame.Rect(plot.left, 0, plot.width, px(STRIP))
            strip.top = plot.top + px(LANE + GAP) + number * px(STRIP + GAP)
            self._draw_strip(canvas, strip, rows, x, column)
        body = pygame.Rect(plot.left, plot.top, plot.width, px(HEIGHT))
        self._draw_marks(canvas, body, rows, x, marked)
        canvas.fill(INK, (plot.centerx - 1, plot.top, 2, body.height))
        canvas.set_clip(None)
        self._write_labels(canvas, rect, row)

    def _draw_lane(self, canvas: pygame.Surface, plot: pygame.Rect, rows: npt.NDArray[np.int64], x: Floats) -> None:
        """The person's is the upper half, the learner's the lower one."""
        lane, px = pygame.Rect(plot.left, plot.top, plot.width, self._pen.px(LANE)), self._pen.px
        canvas.fill(GROUND, lane)
        half = px(LANE) // 2
        for source, colour, top in ((Source.HUMAN, PERSON, lane.top), (Source.LEARNER, LEARNER, lane.top + half)):
            for left, width in self._spans(self._reel.driver[rows] == source, x):
                canvas.fill(colour, (left, top, width, half))

    def _draw_strip(
        self, canvas: pygame.Surface, strip: pygame.Rect, rows: npt.NDArray[np.int64], x: Floats, column: int
    ) -> None:
        """What was executed is filled; the person's and the learner's are lines, drawn wherever there was one."""
        canvas.fill(GROUND, strip)
        zero = strip.centery if column == 0 else strip.bottom - 1
        reach = strip.height / 2 - 2 if column == 0 else strip.height - 3
        canvas.fill(ABANDONED, (strip.left, zero, strip.width, 1))

        def heights(actions: npt.NDArray[np.float32]) -> Floats:
            """Steering to the left is up."""
            value = actions[rows, column].astype(np.float64)
            return np.asarray(zero + (value if column == 0 else -value) * reach)

        for points in self._lines(x, heights(self._reel.action)):
            foot = [(points[-1][0], zero), (points[0][0], zero)]
            pygame.draw.polygon(canvas, EXECUTED, [*points, *foot])
        for actions, colour in ((self._reel.learner, LEARNER), (self._reel.human, PERSON)):
            for points in self._lines(x, heights(actions)):
                pygame.draw.lines(canvas, colour, False, points, max(2, self._pen.px(2)))

    def _lines(self, x: Floats, y: Floats) -> list[list[tuple[float, float]]]:
        """Polylines of the points where y is known."""
        known = runs(~np.isnan(y))
        step = 1.0 if len(x) < 2 else float(x[1] - x[0])
        ends = ((x[a:b].tolist(), y[a:b].tolist()) for a, b in known)
        return [list(zip([*xs, xs[-1] + step], [*ys, ys[-1]], strict=True)) for xs, ys in ends]

    def _draw_marks(
        self,
        canvas: pygame.Surface,
        body: pygame.Rect,
        rows: npt.NDArray[np.int64],
        x: Floats,
        marked: tuple[int, int] | None,
    ) -> None:
        """Hatched: abandoned and excluded rows. Framed: the marked range. A line: a rewind."""
        for left, width in self._spans(~self._reel.kept[rows], x):
            hatch(canvas, pygame.Rect(left, body.top, width, body.height), ABANDONED)
        for left, width in self._spans(self._reel.excluded[rows], x):
            hatch(canvas, pygame.Rect(left, body.top, width, body.height), EXCLUDED)
        for (_, before), (at, after) in pairwise(zip(x.tolist(), self._reel.step[rows].tolist(), strict=True)):
            if after <= before:
                canvas.fill(INK, (round(at), body.top, 1, body.height))
        if marked:
            inside = (rows >= marked[0]) & (rows < marked[1])
            for left, width in self._spans(inside, x):
                pygame.draw.rect(canvas, INK, (left, body.top, width, body.height), max(2, self._pen.px(2)))

    def _spans(self, there: npt.NDArray[np.bool_], x: Floats) -> Runs:
        """(left, width) in pixels of each run of rows."""
        step = 1.0 if len(x) < 2 else float(x[1] - x[0])
        return [(round(x[a]), max(1, round(x[b - 1] + step) - round(x[a]))) for a, b in runs(there)]

    def _write_labels(self, canvas: pygame.Surface, rect: pygame.Rect, row: int) -> None:
        pen, px = self._pen, self._pen.px
        pen.text(canvas, "who drives", (rect.left + px(MARGIN), rect.top + px(LANE) // 2), 18, DIM, "midleft")
        for number, (name, column) in enumerate(NAMES):
            top = rect.top + px(LANE + GAP) + number * px(STRIP + GAP)
            pen.text(canvas, name, (rect.left + px(MARGIN), top + px(STRIP * 0.27)), 18, DIM, "midleft")
            value = said(float(self._reel.action[row, column]), column)
            pen.text(canvas, value, (rect.left + px(MARGIN), top + px(STRIP * 0.74)), 20, INK, "midleft")


def said(value: float, column: int) -> str:
    """ "left 0.43", "0.20"."""
    if column or round(value, 2) == 0:
        return f"{abs(value):.2f}"
    return f"{'left' if value < 0 else 'right'} {abs(value):.2f}"


def runs(there: npt.NDArray[np.bool_]) -> Runs:
    """Half-open ranges where it is true."""
    edges = np.flatnonzero(np.diff(there, prepend=False, append=False))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
