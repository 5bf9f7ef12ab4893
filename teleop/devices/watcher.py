"""The simulated human beside a learner, where it has one more reason to take over than the person it was made as."""

from __future__ import annotations

from teleop.devices.perception import Impression
from teleop.devices.simulated import SimulatedHuman
from teleop.devices.standstill import Standstill
from teleop.frame import Start


class Watcher(SimulatedHuman):
    """Takes over from a car that stands still, too. How it drives, and with it its score, is the simulated human's."""

    def reset(self, start: Start) -> None:
        super().reset(start)
        self._standstill = Standstill()

    def _wants_to_drive(self, seen: Impression) -> bool:
        stood = self._standstill.noticed(self._step, seen.speed, learner_drives=not self._driving)
        return super()._wants_to_drive(seen) or stood
