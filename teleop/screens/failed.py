"""Recording failed: what happened, and what is safe."""

from __future__ import annotations

import math
import textwrap

import pygame

from teleop.frame import Command
from teleop.pen import ACCENT, DARK, INK, WARNING
from teleop.screens.stage import Stage

LINE = 68
"""Characters that fit on the smallest window."""
UNREAD_S = 10.0
"""Where nobody is asked, nobody may be there; the console says the same."""


def failed(stage: Stage, error: str) -> None:
    """Say `error`, in which ";" ends a paragraph, until somebody has read it."""
    pen, attended = stage.window.pen, stage.seat.person
    lines = [line for part in error.split("; ") for line in [*textwrap.wrap(part, LINE), ""]]

    def paint(canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        middle, height = canvas.get_rect().centerx, canvas.get_height()
        pen.text(canvas, "Recording failed", (middle, height * 0.15), 56, WARNING, "center")
        for row, line in enumerate(lines):
            pen.text(canvas, line, (middle, height * 0.27 + row * pen.px(30)), 26, INK, "center")
        pen.text(canvas, f"Leave: {stage.said(Command.PAUSE)}", (middle, height * 0.92), 30, ACCENT, "center")

    stage.ask(paint, Command.PAUSE, seconds=math.inf if attended else UNREAD_S)
