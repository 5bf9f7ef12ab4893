"""The strip along the bottom: speed, what the controls do, score and lap."""

from __future__ import annotations

from collections.abc import Mapping

import pygame

from teleop.frame import HZ, Action
from teleop.pen import ACCENT, DARK, DIM, INK, RECORDING, TRACK, WARNING, Pen
from teleop.sinks.pace import Pace
from teleop.words import counted

HEIGHT = 100
"""On a 1000 x 800 surface: as high as the world's own dashboard, which shows the same less clearly."""
CONTROLS = (0.27, 0.40)
"""Left end and width of the control gauges, as parts of the strip's width."""
FIGURES = 0.72
"""Where score and lap begin."""


class Gauges:
    """Draws the strip, as wide as the canvas."""

    def __init__(self, pen: Pen) -> None:
        self._pen = pen

    def draw(
        self,
        canvas: pygame.Surface,
        speed: tuple[float, str],
        action: Action,
        nudge: float,
        figures: Mapping[str, float | int | None],
        pace: Pace,
        wishes: tuple[float, float] | None = None,
    ) -> None:
        """`speed` with its unit; `action` as executed, with `nudge` in its steering. `wishes`: how the person and the
        learner would steer, while both are at it."""
        strip = self.strip(canvas)
        pygame.draw.rect(canvas, DARK, strip)
        self._draw_speed(canvas, strip, speed, pace)
        self._draw_controls(canvas, strip, action, nudge, wishes)
        self._draw_figures(canvas, strip, figures)

    def strip(self, canvas: pygame.Surface) -> pygame.Rect:
        """Where it is drawn."""
        height = self._pen.px(HEIGHT)
        return pygame.Rect(0, canvas.get_height() - height, canvas.get_width(), height)

    def _draw_speed(self, canvas: pygame.Surface, strip: pygame.Rect, speed: tuple[float, str], pace: Pace) -> None:
        x = self._pen.px(24)
        self._draw_number(canvas, strip, x, f"{speed[0]:.0f}", speed[1])
        self._draw_foot(canvas, strip, x, str(pace), WARNING if pace.late else DIM)

    def _draw_controls(
        self,
        canvas: pygame.Surface,
        strip: pygame.Rect,
        action: Action,
        nudge: float,
        wishes: tuple[float, float] | None,
    ) -> None:
        steering, gas, brake = (float(value) for value in action)
        rows = [strip.top + round(strip.height * part) for part in (0.22, 0.5, 0.78)]
        bar = self._bar(canvas, strip, rows[0], "pushed" if nudge else "steering", WARNING if nudge else DIM)
        fill(canvas, bar, 0.5, 0.5 + steering / 2, ACCENT)
        if nudge:
            # What the push added, over what the driver meant.
            fill(canvas, bar.inflate(0, -bar.height // 2), 0.5 + (steering - nudge) / 2, 0.5 + steering / 2, WARNING)
        middle = pygame.Rect(bar.centerx - 1, bar.top - 3, 2, bar.height + 6)
        pygame.draw.rect(canvas, INK, middle)
        if wishes:
            self._draw_needles(canvas, bar, *wishes)
        fill(canvas, self._bar(canvas, strip, rows[1], "gas"), 0.0, gas, ACCENT)
        fill(canvas, self._bar(canvas, strip, rows[2], "brake"), 0.0, brake, WARNING)

    def _draw_needles(self, canvas: pygame.Surface, bar: pygame.Rect, person: float, learner: float) -> None:
        """Two, and what lies between them: the person's is red and stands above, the learner's blue and below."""
        between = bar.inflate(0, -bar.height // 2)
        fill(canvas, between, 0.5 + person / 2, 0.5 + learner / 2, WARNING)
        out = self._pen.px(5)
        for wish, colour, top in ((person, RECORDING, bar.top - out), (learner, ACCENT, bar.top)):
            x = bar.left + round(bar.width * (0.5 + wish / 2))
            pygame.draw.rect(canvas, colour, (x - out // 2, top, out, bar.height + out))

    def _bar(self, canvas: pygame.Surface, strip: pygame.Rect, y: int, name: str, colour: str = DIM) -> pygame.Rect:
        """An empty gauge with its name."""
        left, width = round(strip.width * CONTROLS[0]), round(strip.width * CONTROLS[1])
        self._pen.text(canvas, name, (left, y), 20, colour, "midleft")
        label = self._pen.width("steering", 20) + self._pen.px(12)
        bar = pygame.Rect(left + label, 0, width - label, self._pen.px(14))
        bar.centery = y
        pygame.draw.rect(canvas, TRACK, bar, border_radius=self._pen.px(4))
        return bar

    def _draw_figures(
        self, canvas: pygame.Surface, strip: pygame.Rect, figures: Mapping[str, float | int | None]
    ) -> None:
        x = round(strip.width * FIGURES)
        number, name, foot = score_words(figures) if "score" in figures else autonomy_words(figures)
        self._draw_number(canvas, strip, x, number, name)
        self._draw_foot(canvas, strip, x, foot, DIM)

    def _draw_number(self, canvas: pygame.Surface, strip: pygame.Rect, x: int, number: str, name: str) -> None:
        y = strip.top + round(strip.height * 0.4)
        right = x + self._pen.width("0000", 60)
        self._pen.text(canvas, number, (right, y), 60, INK, "midright")
        self._pen.text(canvas, name, (right + self._pen.px(10), y + self._pen.px(10)), 22, DIM, "midleft")

    def _draw_foot(self, canvas: pygame.Surface, strip: pygame.Rect, x: int, text: str, colour: str) -> None:
        self._pen.text(canvas, text, (x, strip.top + round(strip.height * 0.84)), 20, colour, "midleft")


def fill(canvas: pygame.Surface, bar: pygame.Rect, begin: float, end: float, colour: str) -> None:
    """Colour a part of a gauge; `begin` and `end` from 0 at its left to 1 at its right, in any order."""
    left, right = sorted(bar.left + round(bar.width * min(max(part, 0.0), 1.0)) for part in (begin, end))
    pygame.draw.rect(canvas, colour, (left, bar.top, right - left, bar.height))


def score_words(figures: Mapping[str, float | int | None]) -> tuple[str, str, str]:
    """A number, what it is, and what goes with it."""
    return f"{figures['score']:.0f}", "score", lap_clock(figures)


def autonomy_words(figures: Mapping[str, float | int | None]) -> tuple[str, str, str]:
    """Of a drive that nobody scores."""
    autonomy = figures["autonomy"]
    share = "--" if autonomy is None else f"{100 * autonomy:.0f}%"
    return share, "autonomy", counted(int(figures["interventions"] or 0), "intervention")


def lap_clock(figures: Mapping[str, float | int | None]) -> str:
    """Running until the line is crossed, and then standing; with how often a learner was corrected."""
    taken = figures.get("interventions")
    corrected = "" if taken is None else f", {counted(int(taken), 'takeover')}"
    return lap_so_far(figures) + corrected


def lap_so_far(figures: Mapping[str, float | int | None]) -> str:
    """Running until the line is crossed, and then standing."""
    if (finished_s := figures.get("lap_time_s")) is not None:
        return f"lap {lap_text(finished_s)}, finished"
    return f"lap {lap_text((figures.get('steps') or 0) / HZ)}"


def lap_text(seconds: float) -> str:
    """1:07.3"""
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"
