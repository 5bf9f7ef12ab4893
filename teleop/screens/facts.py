"""What is known, in two columns: what, and how it is."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from teleop.best import Best
from teleop.pen import DIM, INK, Pen
from teleop.sinks.gauges import lap_text

Fact = tuple[str, str]
"""(what, how it is)."""
PITCH = 34
INDENT = 100


def write_facts(pen: Pen, canvas: pygame.Surface, facts: Sequence[Fact], rect: pygame.Rect) -> None:
    """One below the other from the top of `rect`, none wider than it."""
    for row, (what, how) in enumerate(facts):
        y = rect.top + pen.px(PITCH) * (row + 0.5)
        pen.text(canvas, what, (rect.left, y), 22, DIM, "midleft")
        text = pen.elided(how, 24, rect.width - pen.px(INDENT))
        pen.text(canvas, text, (rect.left + pen.px(INDENT), y), 24, INK, "midleft")


def best_text(best: Best) -> str:
    """ "score 912, lap 0:21.3"."""
    if best.score is None:
        return "no lap yet"
    return f"score {best.score:.0f}" + (f", lap {lap_text(best.lap_time_s)}" if best.lap_time_s else "")
