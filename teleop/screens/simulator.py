"""Between drives in a simulator of its own: it is waited for, or the person is asked whether to drive on."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from teleop.bindings import Flow, Meaning
from teleop.frame import Command
from teleop.pen import ACCENT, DARK, DIM, INK, WARNING
from teleop.screens.light import draw_light
from teleop.screens.stage import Paint, Stage

GLANCE_S = 0.1
"""Between two looks at whether it is there."""


def waited(stage: Stage, trouble: str, remedy: Sequence[str], recording: bool) -> bool:
    """Say for a moment what is missing and how to mend it; False when they quit."""
    return stage.ask(_waiting(stage, trouble, remedy, recording), seconds=GLANCE_S) is not Flow.QUIT


def drive_on(stage: Stage, title: str, lines: Sequence[str]) -> Meaning | None:
    """Say how it went, until somebody wants to drive on (PAUSE) or to QUIT."""
    hints = [stage.hint("drive on", Command.PAUSE), stage.hint("quit", Flow.QUIT)]

    def paint(canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        stage.window.pen.card(canvas, title, lines, hints)

    return stage.ask(paint, Command.PAUSE)


def _waiting(stage: Stage, trouble: str, remedy: Sequence[str], recording: bool) -> Paint:
    pen = stage.window.pen

    def paint(canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        middle, height = canvas.get_rect().centerx, canvas.get_height()
        pen.text(canvas, trouble, (middle, height * 0.2), 48, WARNING, "center")
        for row, line in enumerate(remedy):
            pen.text(canvas, line, (middle, height * 0.34 + row * pen.px(38)), 28, INK, "center")
        draw_light(pen, canvas, (middle, round(height * 0.68)), recording)
        in_hand = f"in hand: {stage.seat.name}; touch it to take over, let go to hand back"
        pen.text(canvas, in_hand, (middle, height * 0.76), 24, ACCENT, "center")
        keys = f"every key: {stage.said(Flow.HELP)}      quit: {stage.said(Flow.QUIT)}"
        pen.text(canvas, keys, (middle, height * 0.92), 22, DIM, "center")

    return paint
