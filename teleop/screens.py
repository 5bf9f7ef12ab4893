"""What stands between episodes: ready, and over. Both wait for a person."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pygame

from teleop.bindings import Bindings, Flow, Meaning
from teleop.clock import PacedMetronome
from teleop.devices.seat import Seat
from teleop.frame import HZ, Command, End
from teleop.pen import ACCENT, DARK, DIM, INK, RECORDING, Hint
from teleop.sinks.hud import lap_text
from teleop.window import Window

GO_ON = (Command.PAUSE, Flow.NEXT)
"""What starts the next drive. Not the key that finished the last one: it is easily pressed twice."""
TITLES = {
    "finished": "Lap finished",
    "stopped": "Stopped here, and kept",
    "crashed": "Off the playfield",
    "truncated": "Out of time",
    "discarded": "Discarded",
    "failed": "Recording failed",
}

Paint = Callable[[pygame.Surface], None]


def ready(window: Window, seat: Seat, session: str, track: int) -> bool:
    """Wait for the first press; True to drive, False to leave."""

    def paint(canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        pen = window.pen
        pen.text(canvas, "Ready to drive", (500, 110), 64, INK, "center")
        pen.text(canvas, f"Track {track}, recorded into {session}", (500, 170), 26, DIM, "center")
        rows = [("", "keyboard", "gamepad"), *seat.bindings.help_table()]
        pen.hints(canvas, rows, pygame.Rect(220, 250, 640, 0))
        key, button = seat.bindings.hint(Command.PAUSE)
        pen.text(canvas, f"Press {key} to start", (500, 690), 38, ACCENT, "center")
        text = f"or {button} on a gamepad: plug one in at any time. Here now: {', '.join(seat.plugged)}"
        pen.text(canvas, text, (500, 735), 22, DIM, "center")

    return wait(window, seat, paint)


def over(window: Window, seat: Seat, end: End, next_track: int | None) -> bool:
    """Say how it went; True to go on (to the next track, where there is one), False to leave."""
    background = window.canvas.copy()
    title, lines, hints = summary(end, next_track, seat.bindings)

    def paint(canvas: pygame.Surface) -> None:
        canvas.blit(background, (0, 0))
        window.pen.card(canvas, title, lines, hints)

    return wait(window, seat, paint)


def summary(end: End, next_track: int | None, bindings: Bindings) -> tuple[str, list[str], list[Hint]]:
    """Title, lines and hints of an episode that is over."""
    lines = [_figures(end), f"{end.steps:,} frames recorded"]
    if next_track is None:
        return TITLES[end.why], lines, [("leave", *bindings.hint(Command.PAUSE))]
    hints = [(f"drive track {next_track}", *bindings.hint(Command.PAUSE)), ("quit", *bindings.hint(Flow.QUIT))]
    return TITLES[end.why], lines, hints


def failed(window: Window, seat: Seat, error: str) -> None:
    """Say what went wrong and what is safe, until somebody has read it."""

    def paint(canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        window.pen.text(canvas, TITLES["failed"], (500, 200), 56, RECORDING, "center")
        lines = [line for part in error.split("; ") for line in [*textwrap.wrap(part, 80), ""]]
        for row, line in enumerate(lines):
            window.pen.text(canvas, line, (500, 290 + 34 * row), 24, INK, "center")
        window.pen.text(
            canvas, f"Press {seat.bindings.hint(Command.PAUSE)[0]} to leave", (500, 690), 30, ACCENT, "center"
        )

    wait(window, seat, paint)


def wait(window: Window, seat: Seat, paint: Paint) -> bool:
    """Show `paint` until a press: True to go on, False to quit."""
    metronome = PacedMetronome(HZ)
    while True:
        metronome.wait(1.0)
        pressed: list[Meaning] = seat.listen()
        if Flow.QUIT in pressed:
            return False
        if any(meaning in GO_ON for meaning in pressed):
            return True
        paint(window.canvas)
        window.present()


def _figures(end: End) -> str:
    figures = end.figures
    lap_time = figures["lap_time_s"]
    lap = "no lap" if lap_time is None else f"lap {lap_text(lap_time)}"
    return f"Score {figures['score']:.0f}   {lap}   {figures['tiles_missed']} of {figures['tiles']} tiles missed"
