"""Counts what is labelled while a learner is about: rows with hands on.

Which of them teach is a training's to say: it leaves out the first second, and what came right before a takeover.
"""

from __future__ import annotations

from collections.abc import Mapping

from teleop.frame import End, Frame, Source, Start, Tick


class LabelCount:
    """Implements `loop.Sink`. What a rewind takes back no longer counts."""

    def __init__(self) -> None:
        self._labelled: list[Source | None] = []
        """Of each step: who drove where hands were on; None where they were off."""

    def figures(self) -> Mapping[str, float | int | None]:
        """takeover_rows: labelled while the person drove. shadow_rows: in states the learner drove through itself."""
        return {
            "takeover_rows": self._labelled.count(Source.HUMAN),
            "shadow_rows": self._labelled.count(Source.LEARNER),
        }

    def on_start(self, start: Start) -> None:
        self._labelled = []

    def on_frame(self, frame: Frame) -> None:
        self._go_back_to(frame.tick.step)
        self._labelled.append(frame.driver if frame.hands_on else None)

    def on_idle(self, tick: Tick, why: str) -> None:
        self._go_back_to(tick.step)

    def on_end(self, end: End) -> None:
        self._go_back_to(end.step)

    def _go_back_to(self, step: int) -> None:
        del self._labelled[step:]
