"""Who drives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from teleop.frame import COAST, NO_CONTROLS, Command, Controls, Source, Start, Tick
from teleop.gates import HOLD_S, RELEASE_S, Mixed, Only, Shadow, TakeOver
from tests.fakes import ToyWorld


@pytest.mark.parametrize("source", [Source.HUMAN, Source.LEARNER])
def test_only_lets_its_source_drive_whoever_else_has_an_opinion(source: Source) -> None:
    gate = Only(source)
    gate.reset(Start(seed=1, mode="demo", paced=False))
    tick = Tick(step=0, time_ns=0, outcome=ToyWorld().reset(1))
    proposals = {Source.HUMAN: COAST, Source.LEARNER: np.ones(3, np.float32)}
    assert gate.choose(tick, NO_CONTROLS, proposals) is source


HZ = 50
OUTCOME = ToyWorld().reset(1)
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


# Giving back ----------------------------------------------------------------------------------------------------------

RELEASE = Command.RELEASE


def driven(*ticks: tuple[Controls, int, int]) -> str:
    """Who drives each tick, H or L; `ticks` are (controls, wheels on the road, how often)."""
    gate = TakeOver()
    gate.reset(Start(seed=1, mode="dagger", paced=True))
    flat = [(controls, wheels) for controls, wheels, count in ticks for _ in range(count)]
    return "".join(
        gate.choose(Tick(step, step * 20_000_000, replace(OUTCOME, wheels_on_road=wheels)), controls, {}).name[0]
        for step, (controls, wheels) in enumerate(flat)
    )


def pressed(hands_on: bool) -> Controls:
    return Controls(COAST, hands_on, (RELEASE,))


@pytest.mark.parametrize(
    ("wheels", "human"),
    [(4, 124), (1, 124), (255, 124), (0, 200)],
    ids=["on the road", "by a wheel", "where nobody knows", "off the road"],
)
def test_the_wheel_goes_back_by_itself_only_on_the_road(wheels: int, human: int) -> None:
    chosen = driven((HANDS_ON, 4, 100), (HANDS_OFF, wheels, 100))
    assert chosen == "H" * human + "L" * (200 - human)


def test_a_stand_in_that_keeps_the_wheel_has_not_let_go_and_takes_none_by_that() -> None:
    keeping = replace(HANDS_OFF, keeps_wheel=True)
    assert driven((HANDS_ON, 4, 50), (keeping, 4, 50), (HANDS_OFF, 4, 40)) == "H" * 124 + "L" * 16
    assert driven((keeping, 4, 5)) == "L" * 5


def test_back_on_the_road_hands_that_are_off_have_let_go() -> None:
    assert driven((HANDS_ON, 0, 50), (HANDS_OFF, 0, 50), (HANDS_OFF, 2, 5)) == "H" * 100 + "L" * 5


@pytest.mark.parametrize("hands_on", [True, False])
def test_the_button_gives_back_at_once_off_the_road_and_before_the_shortest_hold(hands_on: bool) -> None:
    assert driven((HANDS_ON, 0, 3), (pressed(hands_on), 0, 1), (HANDS_OFF, 0, 3)) == "HHHLLLL"


def test_the_button_says_nothing_while_the_learner_drives() -> None:
    assert driven((HANDS_OFF, 4, 3), (pressed(False), 4, 1), (HANDS_ON, 4, 2)) == "LLLLHH"


def test_after_a_rewind_the_learner_drives_until_somebody_touches() -> None:
    gate = TakeOver()
    gate.reset(Start(seed=1, mode="dagger", paced=True))
    ticks = [(5, HANDS_ON), (6, HANDS_ON), (2, HANDS_OFF), (3, HANDS_OFF), (4, HANDS_ON), (4, HANDS_OFF), (4, HANDS_ON)]
    chosen = [gate.choose(Tick(step, 0, OUTCOME), controls, {}).name[0] for step, controls in ticks]
    assert "".join(chosen) == "HHLLHLH"


# Beside a learner that keeps the wheel --------------------------------------------------------------------------------


@pytest.mark.parametrize("controls", [HANDS_ON, HANDS_OFF, NO_CONTROLS, pressed(True)])
def test_in_the_shadow_the_learner_drives_whatever_hands_do(controls: Controls) -> None:
    assert Shadow().choose(Tick(0, 0, OUTCOME), controls, {}) is Source.LEARNER


def mixture(beta: float, controls: Controls, seed: int = 1, ticks: int = 1000) -> list[Source]:
    gate = Mixed(beta)
    gate.reset(Start(seed=seed, mode="dagger", paced=False))
    return [gate.choose(Tick(step, 0, OUTCOME), controls, {}) for step in range(ticks)]


def test_a_mixture_is_a_coin_each_tick() -> None:
    assert set(mixture(0.0, HANDS_ON)) == {Source.LEARNER}
    assert set(mixture(1.0, HANDS_ON)) == {Source.HUMAN}
    assert mixture(0.3, HANDS_ON).count(Source.HUMAN) == pytest.approx(300, abs=50)


def test_a_mixture_is_the_tracks_own() -> None:
    assert mixture(0.5, HANDS_ON) == mixture(0.5, HANDS_ON)
    assert mixture(0.5, HANDS_ON) != mixture(0.5, HANDS_ON, seed=2)


def test_a_mixture_never_gives_the_wheel_to_hands_that_are_off() -> None:
    assert set(mixture(1.0, HANDS_OFF)) == {Source.LEARNER}


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(beta: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Mixed(beta)
