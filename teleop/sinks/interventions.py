"""Counts how often a person had to take over, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from teleop.autonomy import Autonomy
from teleop.frame import End, Frame, Source, Start, Tick, given_by_coin

FAILED_S = 2.0
"""A learner that keeps the wheel no longer than this was given it too early, or can not drive on."""


def nowhere_else() -> bool:
    """Nobody takes over by other means than ours."""
    return False


class Interventions:
    """Implements `loop.Sink`. `taken_elsewhere` tells of a person who took over by other means than ours.

    A mistake counts once: who rewinds to before their takeover, lets the learner repeat itself and takes over again
    still answers the same one.
    """

    def __init__(self, taken_elsewhere: Callable[[], bool] = nowhere_else) -> None:
        self._taken_elsewhere = taken_elsewhere
        self._by_coin = False
        self._forget()

    def _forget(self) -> None:
        self._counted = Autonomy()
        self._frames = 0
        self._driver: Source | None = None
        self._hands_on, self._hands_on_s = False, 0.0
        self._time_ns: int | None = None
        self._step, self._went_back = -1, False
        """Of the last frame; whether a rewind led back since the person drove last."""
        self._answered_at: int | None = None
        """Step of the takeover that was counted last, while the learner has driven nowhere new since."""
        self._given_back_s: float | None = None
        self._failed_handbacks = 0

    @property
    def autonomy(self) -> Autonomy:
        """Of this episode so far."""
        return self._counted + Autonomy(interventions=int(self._taken_elsewhere()))

    def figures(self) -> Mapping[str, float | int | None]:
        """interventions, autonomy and self_driven: see `Autonomy`. failed_handbacks: taken over again within
        `FAILED_S`. driven_s, human_s, hands_on_s: without pauses. hz: measured."""
        told = self.autonomy
        return {
            "interventions": told.interventions,
            "autonomy": told.autonomy,
            "self_driven": told.self_driven,
            "failed_handbacks": self._failed_handbacks,
            "driven_s": told.elapsed_s,
            "human_s": told.human_s,
            "hands_on_s": self._hands_on_s,
            "hz": self._frames / told.elapsed_s if told.elapsed_s else None,
        }

    def on_start(self, start: Start) -> None:
        self._forget()
        self._by_coin = given_by_coin(start.gate)

    def on_frame(self, frame: Frame) -> None:
        """A frame lasts until the next one begins."""
        if self._time_ns is not None:
            passed_s = (frame.tick.time_ns - self._time_ns) / 1e9
            self._counted += Autonomy(passed_s, human_s=passed_s * (self._driver is Source.HUMAN))
            self._hands_on_s += passed_s * self._hands_on
            self._frames += 1
        self._went_back = self._went_back or frame.tick.step <= self._step
        if frame.driver is Source.HUMAN:
            self._human_drives(frame.tick.step)
        else:
            self._learner_drives(frame.tick.step)
        self._driver, self._hands_on, self._time_ns = frame.driver, frame.hands_on, frame.tick.time_ns
        self._step = frame.tick.step

    def _human_drives(self, step: int) -> None:
        if self._driver is not Source.HUMAN and not self._by_coin:
            if self._answered_at is None:
                self._count_takeover()
            self._answered_at = step
        self._went_back = False

    def _learner_drives(self, step: int) -> None:
        repeats_itself = self._went_back and self._answered_at is not None and step < self._answered_at
        if not repeats_itself:
            self._answered_at = None
        if self._driver is Source.HUMAN and not self._went_back:
            self._given_back_s = self._counted.elapsed_s

    def _count_takeover(self) -> None:
        self._counted += Autonomy(interventions=1)
        if self._given_back_s is not None and self._counted.elapsed_s - self._given_back_s <= FAILED_S:
            self._failed_handbacks += 1

    def on_idle(self, tick: Tick, why: str) -> None:
        self._time_ns = None

    def on_end(self, end: End) -> None:
        pass
