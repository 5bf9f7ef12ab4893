"""Pushes: how often, how hard, when not."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from teleop.drivers.nudge import FOR_AUTOPILOT, FOR_PERSON, Nudge, NudgeConfig
from teleop.frame import HZ, Outcome, Start, Tick


def tick(step: int, wheels: int = 4) -> Tick:
    outcome = Outcome(np.zeros((96, 96, 3), np.uint8), 0.0, np.zeros(4, np.float32), wheels, 0)
    return Tick(step, step * 20_000_000, outcome)


def pushes(config: NudgeConfig, seed: int = 0, steps: int = 10_000, wheels: int = 4) -> list[float]:
    nudge = Nudge(config)
    nudge.reset(Start(seed=seed, mode="demo", paced=False))
    return [nudge.push(tick(step, wheels)) for step in range(steps)]


def runs(values: list[float]) -> list[tuple[float, int]]:
    """(offset, ticks) of each stretch of one offset."""
    return [(offset, len(list(stretch))) for offset, stretch in groupby(values)]


def test_the_same_seed_pushes_the_same_and_another_seed_differently() -> None:
    assert pushes(FOR_AUTOPILOT, seed=3) == pushes(FOR_AUTOPILOT, seed=3)
    assert pushes(FOR_AUTOPILOT, seed=3) != pushes(FOR_AUTOPILOT, seed=4)


def test_nothing_is_pushed_while_the_picture_zooms_in() -> None:
    for seed in range(20):
        assert not any(pushes(FOR_AUTOPILOT, seed, steps=HZ))


@pytest.mark.parametrize("config", [FOR_AUTOPILOT, FOR_PERSON])
def test_a_push_is_constant_for_8_to_20_frames_and_within_its_strength(config: NudgeConfig) -> None:
    stretches = [(offset, ticks) for offset, ticks in runs(pushes(config, steps=50_000)) if offset][:-1]
    assert {ticks for _, ticks in stretches} == set(range(8, 21))
    offsets = np.array([offset for offset, _ in stretches])
    assert np.abs(offsets).max() <= config.strength
    assert offsets.min() < -0.8 * config.strength < 0.8 * config.strength < offsets.max()


def test_the_autopilot_is_pushed_about_once_in_64_frames() -> None:
    count = len([1 for offset, _ in runs(pushes(FOR_AUTOPILOT)) if offset])
    assert 110 < count < 210


def test_a_person_gets_four_seconds_without_a_push_between_two() -> None:
    rests = [ticks for offset, ticks in runs(pushes(FOR_PERSON)) if not offset]
    assert len(rests) > 20
    assert min(rests[:-1]) >= 4 * HZ


def test_a_person_is_pushed_only_with_all_wheels_on_the_road() -> None:
    assert not any(pushes(FOR_PERSON, wheels=3))
    nudge = Nudge(FOR_PERSON)
    nudge.reset(Start(seed=0, mode="demo", paced=False))
    step = next(step for step in range(10_000) if nudge.push(tick(step)))
    assert nudge.push(tick(step + 1, wheels=3)) == 0


def test_a_rewind_ends_the_push() -> None:
    nudge = Nudge(NudgeConfig(probability=0.02, strength=1.0, rest_s=4.0))
    nudge.reset(Start(seed=0, mode="demo", paced=False))
    step = next(step for step in range(10_000) if nudge.push(tick(step)))
    assert nudge.push(tick(step - HZ)) == 0
