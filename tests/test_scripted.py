"""A script that watches a learner: when it corrects, what it calls hopeless, and when it gives up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from teleop.devices.scripted import EVERYWHERE, Care, Scripted
from teleop.frame import COAST, Action, Command, Mode, Start, Tick
from teleop.road import Road
from tests.fakes import ToyWorld

OUTCOME = ToyWorld().reset(1)
RING = np.linspace(0, 2 * np.pi, 400, endpoint=False)
ROAD = Road(200 * np.stack([np.cos(RING), np.sin(RING)], axis=1), 6.67)
"""Begins at (200, 0), heading for +y; a place to the left of it is nearer to the middle."""
FAST = 50.0


class Resting:
    """A driver that coasts."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return COAST


def watching(care: Care | None = None, mode: Mode = "dagger", road: Road | None = ROAD) -> Scripted:
    expert = Scripted(Resting(), "autopilot", care)
    expert.reset(Start(seed=1, mode=mode, paced=False, road=road))
    return expert


def at(step: int, lateral: float = 0.0, heading: float = 0.0, speed: float = FAST) -> Tick:
    """At the start of the ring: so far to the left, nose so far to the left."""
    pose = np.array([200 - lateral, 0, np.pi / 2 + heading, speed], np.float32)
    return Tick(step, 0, replace(OUTCOME, pose=pose))


def hands(places: Sequence[tuple[float, float]], care: Care | None = None) -> str:
    """1 where hands are on, at (lateral, heading) step by step."""
    expert = watching(care)
    return "".join(str(int(expert.read(at(step, *place)).hands_on)) for step, place in enumerate(places))


@pytest.mark.parametrize(
    ("tick", "on"),
    [
        (at(0), False),
        (at(0, lateral=5.9), False),
        (at(0, lateral=6.1), True),
        (at(0, lateral=-6.1), True),
        (at(0, heading=0.85, speed=0), False),
        (at(0, heading=0.95, speed=0), True),
        (at(0, heading=-1.0, speed=0), True),
    ],
)
def test_it_takes_over_at_the_edge_or_when_the_nose_is_off(tick: Tick, on: bool) -> None:
    assert watching().read(tick).hands_on == on


@pytest.mark.parametrize(("lateral", "on"), [(-5.0, False), (-5.8, True), (5.8, False)])
def test_a_car_that_is_about_to_be_over_the_edge_is_taken_over_before_it_is(lateral: float, on: bool) -> None:
    """The road bends to the left: going straight on leads half a unit to the right in 0.28 s."""
    assert watching().read(at(0, lateral)).hands_on == on


def test_what_the_driver_is_steering_counts() -> None:
    hard_right = replace(at(1, lateral=-3.0), proposal=np.array([1.0, 0, 0], np.float32))
    assert watching().read(hard_right).hands_on
    assert not watching().read(replace(hard_right, proposal=COAST)).hands_on


def test_a_car_that_turns_goes_on_turning_however_long_a_pause_is() -> None:
    expert = watching()
    assert not expert.read(at(0, lateral=-4.0, heading=0.0)).hands_on
    turning = at(1, lateral=-4.0, heading=-0.1)
    assert [expert.read(turning).hands_on for _ in range(3)] == [True] * 3
    assert not watching().read(turning).hands_on, "where nobody saw it turn"


def test_it_gives_back_after_half_a_second_if_that_is_calm() -> None:
    assert hands([(6.1, 0), *[(0, 0)] * 30]) == "1" * 25 + "0" * 6


@pytest.mark.parametrize("place", [(4.5, 0.0), (0.0, 0.6)])
def test_where_it_would_not_take_over_it_may_not_yet_give_back(place: tuple[float, float]) -> None:
    assert hands([(6.1, 0), *[place] * 40, (3.9, 0.3)]) == "1" * 41 + "0"


def test_what_is_hopeless_is_no_label_but_the_correction_goes_on() -> None:
    assert hands([(6.1, 0), (6.1, 1.6), (6.1, 1.4)]) == "101"


def test_the_wheel_is_kept_through_a_spin_and_never_while_the_learner_drives() -> None:
    expert = watching()
    keeps = [expert.read(at(step, *place)).keeps_wheel for step, place in enumerate([(0, 0), (6.1, 0), (6.1, 1.6)])]
    assert keeps == [False, True, True]


def test_a_rewind_takes_a_correction_back() -> None:
    expert = watching()
    ticks = [at(50, 6.1), at(51), at(51), at(20), at(21)]
    assert [expert.read(tick).hands_on for tick in ticks] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("tick", "lost"),
    [
        (at(9, lateral=13.9), False),
        (at(9, lateral=14.1), True),
        (at(9, heading=1.6, speed=9), True),
        (at(9, heading=1.6, speed=11), False),
        (at(9, heading=1.4, speed=9), False),
        (at(9, speed=0), False),
    ],
)
def test_it_finishes_the_episode_of_a_car_that_is_lost(tick: Tick, lost: bool) -> None:
    assert watching().read(tick).commands == ((Command.FINISH,) if lost else ())


def test_everywhere_means_everywhere_but_where_it_is_hopeless() -> None:
    assert hands([(0, 0), (3, 0.3), (0, 1.6), (0, 0), *[(0, 0)] * 60], EVERYWHERE) == "1101" + "1" * 60


@pytest.mark.parametrize("mode", ["demo", "retake"])
def test_its_own_episodes_it_drives_wherever_it_is(mode: Mode) -> None:
    controls = watching(mode=mode, road=None).read(at(1, lateral=20))
    assert (controls.hands_on, controls.commands) == (True, ())


def test_where_nobody_knows_the_road_it_can_not_watch() -> None:
    with pytest.raises(ValueError, match="watch it yourself"):
        watching(road=None)
