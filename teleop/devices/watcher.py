"""The simulated human beside a learner, where it has one more reason to take over than the person it was made as.

And it does what a person would who knows that they are late: it goes back a little, and drives on from there.
"""

from __future__ import annotations

from teleop.devices.hindsight import Hindsight
from teleop.devices.perception import Impression
from teleop.devices.simulated import Fingers, SimulatedHuman, SimulatedHumanConfig
from teleop.devices.standstill import Standstill
from teleop.frame import Controls, Start, Tick

BACK_S = 3
"""Seconds. It sees late, and what it then does is brake. Chosen among 0, 2 and 3 on validation tracks; what that is
worth: tests/experiments/hindsight.py."""


class Watcher(SimulatedHuman):
    """Takes over from a car that stands still, too. How it drives, and with it its score, is the simulated human's."""

    def __init__(self, config: SimulatedHumanConfig | None = None, back_s: int = BACK_S) -> None:
        """`back_s` seconds it goes back before it drives (see `Hindsight`)."""
        super().__init__(config)
        self._back_s = back_s

    def reset(self, start: Start) -> None:
        self._start = start
        self._standstill, self._hindsight = Standstill(), Hindsight(self._back_s, start)
        super().reset(start)

    def read(self, tick: Tick) -> Controls:
        return self._hindsight.revised(tick, super().read(tick))

    def _begin(self) -> None:
        """Where it went back to it means to drive, by keys that it has yet to press."""
        super()._begin()
        if self._hindsight.insists(self._step):
            self._driving = True
            self._fingers = Fingers(self._config, self._start)

    def _wants_to_drive(self, seen: Impression) -> bool:
        stood = self._standstill.noticed(self._step, seen.speed, learner_drives=not self._driving)
        return super()._wants_to_drive(seen) or stood or self._hindsight.insists(self._step)
