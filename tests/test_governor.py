"""Gas and brake for a policy that only steers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from teleop.drivers.governor import GAS_PER_MPS, Governed
from teleop.frame import Action, Source, Start, Tick
from teleop.udacity import MPH, OBSERVATION_SHAPE, outcome_of

START = Start(seed=1, mode="rollout", paced=True)
PICTURE = np.zeros(OBSERVATION_SHAPE, np.uint8)
HZ = 20


class Steers:
    """As told, and never by the pedals."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.25, 0.0, 0.0], np.float32)


def drive(governed: Governed, speed: float, driver: Source = Source.LEARNER) -> Iterator[tuple[Action, float]]:
    """(action, speed in m/s) of a car that full gas takes to 30 mph; a person holds the first speed."""
    governed.reset(START)
    step = 0
    while True:
        tick = Tick(step, round(step * 1e9 / HZ), outcome_of(PICTURE, speed / MPH), driver if step else None)
        action = governed.act(tick)
        yield action, speed
        if driver is Source.LEARNER:
            speed = max(0.0, speed + 3.0 * (float(action[1] - action[2]) - speed / (30 * MPH)) / HZ)
        step += 1


@pytest.mark.parametrize("mph", [5, 15, 25])
@pytest.mark.parametrize("first_mph", [0, 30])
def test_the_speed_is_reached_and_held(mph: int, first_mph: int) -> None:
    speeds = [speed / MPH for _, speed in islice(drive(Governed(Steers(), mph * MPH), first_mph * MPH), 60 * HZ)]
    assert speeds[30 * HZ :] == pytest.approx([mph] * 30 * HZ, abs=0.5)
    assert max(speeds) < max(first_mph, mph * 1.3) + 0.1


def test_the_steering_is_the_policys_and_every_action_one_that_may_be_executed() -> None:
    for action, _ in islice(drive(Governed(Steers(), 10 * MPH), 30 * MPH), 200):
        assert action[0] == np.float32(0.25)
        assert min(action[1:]) == 0
        assert max(action[1:]) <= 1


def test_a_person_who_drives_slowly_winds_nothing_up() -> None:
    gas = [action[1] for action, _ in islice(drive(Governed(Steers(), 10 * MPH), 9 * MPH, Source.HUMAN), 60 * HZ)]
    assert gas == pytest.approx([GAS_PER_MPS * MPH] * 60 * HZ)


def test_a_governor_without_a_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0; got 0"):
        Governed(Steers(), 0)
