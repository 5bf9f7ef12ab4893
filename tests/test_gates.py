"""Who drives."""

from __future__ import annotations

import numpy as np
import pytest

from teleop.frame import COAST, NO_CONTROLS, Controls, Source, Start, Tick
from teleop.gates import HOLD_S, RELEASE_S, Only, TakeOver
from tests.fakes import ToyWorld


@pytest.mark.parametrize("source", [Source.HUMAN, Source.LEARNER])
def test_only_lets_its_source_drive_whoever_else_has_an_opinion(source: Source) -> None:
    gate = Only(source)
    gate.reset(Start(seed=1, mode="demo", paced=False))
    tick = Tick(step=0, time_ns=0, outcome=ToyWorld().reset(1))
    proposals = {Source.HUMAN: COAST, Source.LEARNER: np.ones(3, np.float32)}
    assert gate.choose(tick, NO_CONTROLS, proposals) is source


HZ = 50
HANDS_ON, HANDS_OFF = Controls(COAST, hands_on=True), Controls(COAST, hands_on=False)


def drivers(*hands: tuple[bool, float], hz: float = HZ) -> list[Source]:
    """Who drives each tick; `hands` are (on, seconds), one after the other."""
    gate = TakeOver()
    gate.reset(Start(seed=1, mode="dagger", paced=True))
    ticks = [on for on, seconds in hands for _ in range(round(seconds * hz))]
    outcome = ToyWorld().reset(1)
    return [
        gate.choose(Tick(step, round(step * 1e9 / hz), outcome), HANDS_ON if on else HANDS_OFF, {})
        for step, on in enumerate(ticks)
    ]


def seconds_of_human(*hands: tuple[bool, float], hz: float = HZ) -> float:
    return drivers(*hands, hz=hz).count(Source.HUMAN) / hz


def test_the_learner_drives_while_nobody_touches_anything() -> None:
    assert set(drivers((False, 5))) == {Source.LEARNER}


def test_a_touch_takes_over_on_the_same_tick() -> None:
    chosen = drivers((False, 1), (True, 1))
    assert chosen.index(Source.HUMAN) == HZ
    assert chosen[HZ:] == [Source.HUMAN] * HZ


@pytest.mark.parametrize("hz", [10, 20, 50])
def test_hands_that_stay_off_for_half_a_second_give_back(hz: float) -> None:
    assert seconds_of_human((True, 2), (False, 2), hz=hz) == pytest.approx(2 + RELEASE_S, abs=1.01 / hz)


def test_regrasping_is_no_release() -> None:
    chosen = drivers((True, 2), (False, 0.4), (True, 2), (False, 0.4), (True, 1))
    assert set(chosen) == {Source.HUMAN}


def test_a_tap_holds_for_a_while() -> None:
    assert seconds_of_human((True, 0.02), (False, 3)) == pytest.approx(HOLD_S)


def test_an_episode_begins_with_the_learner_whoever_drove_before() -> None:
    gate = TakeOver()
    tick = Tick(step=0, time_ns=0, outcome=ToyWorld().reset(1))
    for _ in range(2):
        gate.reset(Start(seed=1, mode="dagger", paced=True))
        assert gate.choose(tick, HANDS_OFF, {}) is Source.LEARNER
        assert gate.choose(tick, HANDS_ON, {}) is Source.HUMAN
