"""A learner that came to rest on the road and stays there, and how both stand-ins get it going again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from teleop.collecting import Collection, Drives
from teleop.devices.seat import NamedDevice
from teleop.devices.standstill import PATIENCE_STEPS, Standstill
from teleop.devices.watcher import Watcher
from teleop.experts import stand_in
from teleop.frame import Action, Source, Start, Tick
from tests.fakes import Tape

FAST, SLOW = 1.0, 0.9


def noticed_at(speeds: Sequence[float], first: int = 100, learner_drives: bool = True) -> list[int]:
    """The steps at which it is noticed, `first` and on."""
    standstill = Standstill()
    told = enumerate(speeds, start=first)
    return [step for step, speed in told if standstill.noticed(step, speed, learner_drives)]


@pytest.mark.parametrize(
    ("speeds", "at"),
    [
        ([SLOW] * 52, [150, 151]),
        ([SLOW] * 50, []),
        ([FAST] * 80, []),
        ([SLOW] * 49 + [FAST] + [SLOW] * 50, []),
        ([SLOW] * 50 + [SLOW, FAST, SLOW], [150]),
    ],
)
def test_a_second_of_standing_is_noticed_and_moving_begins_it_anew(speeds: list[float], at: list[int]) -> None:
    assert noticed_at(speeds) == at


def test_who_drives_may_stand() -> None:
    assert not noticed_at([0.0] * 200, learner_drives=False)


def test_setting_off_is_given_another_second() -> None:
    assert noticed_at([0.0] * 101, first=0) == [100]


def test_a_pause_counts_once_and_a_rewind_begins_anew() -> None:
    standstill = Standstill()
    assert not any(standstill.noticed(100, 0.0, True) for _ in range(200))
    assert standstill.noticed(150, 0.0, True)
    assert not any(standstill.noticed(step, 0.0, True) for step in range(80, 80 + PATIENCE_STEPS))


class Stopping:
    """A learner that drives off, brakes where the track still goes straight on, and never moves again by itself."""

    def reset(self, start: Start) -> None:
        self._stopped = False

    def act(self, tick: Tick) -> Action:
        self._stopped = self._stopped or tick.step == 60
        return np.array([0.0, 0.0, 0.3] if self._stopped else [0.0, 0.2, 0.0], np.float32)


@pytest.mark.parametrize("device", [stand_in("autopilot"), Watcher(back_s=0)], ids=["autopilot", "simulated"])
def test_either_stand_in_takes_over_and_gives_back_a_car_that_moves(device: NamedDevice) -> None:
    tape = Tape()
    collection = Collection(Path("s"), [3], Stopping(), {"name": "stopping", "sha256": "0"}, device)
    with closing(Drives(collection, max_steps=220)) as drives:
        drives.drive(3, [tape], device)
    by_human = [frame.driver is Source.HUMAN for frame in tape.frames]
    took = by_human.index(True)
    back = by_human.index(False, took)
    assert 60 + PATIENCE_STEPS < took < 60 + 3 * PATIENCE_STEPS
    assert tape.frames[took].tick.outcome.pose[3] < 1
    assert tape.frames[back].tick.outcome.pose[3] > 5
