"""Where screens are shown and answered."""

from __future__ import annotations

import math
from collections.abc import Callable

import pygame

from teleop.bindings import Flow, Meaning
from teleop.clock import Metronome, PacedMetronome
from teleop.devices.seat import Seat
from teleop.frame import HZ, Command
from teleop.pen import DARK, WARNING, Hint
from teleop.sinks.messages import HEAD
from teleop.window import Window

Paint = Callable[[pygame.Surface], None]


class Stage:
    """Shows one screen at a time, until somebody at the seat answers it."""

    def __init__(self, window: Window, seat: Seat, metronome: Metronome | None = None) -> None:
        self.window, self.seat = window, seat
        self._metronome = metronome or PacedMetronome(HZ)

    def ask(self, paint: Paint, *answers: Meaning, seconds: float = math.inf) -> Meaning | None:
        """Show `paint` until one of `answers` is pressed, or quit, and return that; None after `seconds`.

        Help shows every key and button meanwhile. What is no answer is ignored.
        """
        self._metronome.start()
        while self._metronome.wait(1.0).time_ns < seconds * 1e9:
            for meaning in self.seat.listen():
                if meaning in (*answers, Flow.QUIT):
                    return meaning
                if meaning is Flow.HELP:
                    self.ask(self._paint_help, Flow.HELP, Command.PAUSE)
                    if self.window.closed:
                        return Flow.QUIT
                    self._metronome.start()
            self._show(paint)
        return None

    def hint(self, what: str, meaning: Meaning) -> Hint:
        """What a key and a button of the bindings in use do here."""
        return (what, *self.seat.bindings.hint(meaning))

    def said(self, meaning: Meaning) -> str:
        """ "Space or Start"."""
        return self.seat.bindings.said(meaning)

    def _show(self, paint: Paint) -> None:
        paint(self.window.canvas)
        if not self.window.focused:
            self._say_unfocused(self.window.canvas)
        self.window.present()

    def _say_unfocused(self, canvas: pygame.Surface) -> None:
        """A press is no answer then, not even a gamepad's: it may be meant for another window."""
        pen = self.window.pen
        strip = pygame.Rect(0, 0, canvas.get_width(), pen.px(28))
        strip.bottom = canvas.get_height()
        canvas.fill(WARNING, strip)
        pen.text(canvas, "Click the window: without the focus it hears nobody", strip.center, 22, DARK, "center")

    def _paint_help(self, canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        hints = [HEAD, *self.seat.bindings.help_table()]
        self.window.pen.card(canvas, "Keys and buttons", [f"Back: {self.said(Flow.HELP)}"], hints)
