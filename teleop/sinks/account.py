"""Tells the console how each episode in a live world went, and all of them together."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from teleop.autonomy import Autonomy
from teleop.frame import End, Frame, Start, Tick
from teleop.words import counted


class Account:
    """Implements `loop.Sink`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._frames, self._autonomy = 0, Autonomy()

    def on_start(self, start: Start) -> None:
        pass

    def on_frame(self, frame: Frame) -> None:
        pass

    def on_idle(self, tick: Tick, why: str) -> None:
        pass

    def on_end(self, end: End) -> None:
        self._frames, self._autonomy = self._frames + end.steps, self._autonomy + autonomy_of(end)
        why = "the simulator broke off" if end.why == "truncated" else end.why
        self._console.print(escape(f"{frames_text(end)}: {why}; {autonomy_of(end)}"), highlight=False)

    def sum_up(self, session: Path | None) -> None:
        """All of it, and what became of the `session` it was recorded into; nothing where nothing was driven.

        Where nobody took over, there is nothing to learn from.
        """
        if not self._frames:
            return
        self._console.print(f"in all {counted(self._frames, 'frame')}: {self._autonomy}", highlight=False)
        if session:
            learn = f"; next: policy train --arch pilotnet --out better.safetensors {shlex.quote(str(session))}"
            self._console.print(escape(f"saved in {session}{learn if self._autonomy.human_s else ''}"))


def frames_text(end: End) -> str:
    """ "1,234 frames at 19.8 Hz"."""
    hz = end.figures["hz"]
    return counted(end.steps, "frame") + (f" at {hz:.1f} Hz" if hz else "")


def autonomy_of(end: End) -> Autonomy:
    """From the figures of `sinks.interventions`."""
    driven_s, interventions, human_s = (
        float(end.figures[name] or 0) for name in ("driven_s", "interventions", "human_s")
    )
    return Autonomy(driven_s, int(interventions), human_s)
