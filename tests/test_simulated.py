"""The simulated human: late, erring, by keys, and depending on the seed alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt
import pytest

from teleop.devices.perception import Wander
from teleop.devices.simulated import SimulatedHuman, SimulatedHumanConfig
from teleop.experts import AtTheWheel, simulated_human, stand_in
from teleop.frame import HZ, Action, Command, Controls, Mode, Outcome, Source, Start, Tick
from teleop.road import Road
from tests.experiments.simulated_human import CELL
from tests.fakes import ToyWorld

STEADY = SimulatedHumanConfig(
    lateral_error=0, heading_error=0, speed_error=0, aim_error=0, bend_error=0, lapses_per_s=0
)
"""Sees late, but errs in nothing."""
LATE = 12
"""Ticks: 250 ms."""
BLANK = ToyWorld().reset(1).observation


def straight() -> Road:
    """2000 units along the x axis, driven to the right, and a wide way back."""
    there = np.stack([np.arange(0.0, 2000.0, 10.0), np.zeros(200)], axis=1)
    back = np.stack([np.arange(2000.0, 0.0, -10.0), np.full(200, 500.0)], axis=1)
    return Road(np.concatenate([there, back]), 6.67)


def human(config: SimulatedHumanConfig = STEADY, mode: Mode = "demo", seed: int = 1) -> SimulatedHuman:
    device = SimulatedHuman(config)
    device.reset(Start(seed=seed, mode=mode, paced=False, road=straight()))
    return device


def place(step: int, lateral: float = 0.0, heading: float = 0.0, speed: float = 50.0) -> Outcome:
    """On the straight, after so many steps."""
    pose = np.array([300 + step * speed / HZ, lateral, heading, speed], np.float32)
    return Outcome(observation=BLANK, reward=0.0, pose=pose, wheels_on_road=4, tiles_visited=0)


def driven(device: SimulatedHuman, places: Iterable[Outcome], first: int = 0) -> list[Controls]:
    """What it says at these places, whatever its own actions would have led to."""
    told: list[Controls] = []
    for step, outcome in enumerate(places, start=first):
        last = told[-1] if told else None
        told.append(device.read(Tick(step, 0, outcome, Source.HUMAN if last else None, last.action if last else None)))
    return told


def watched(
    device: SimulatedHuman, places: Iterable[Outcome], wheel: Sequence[float] = (0.0, 0.3, 0.0), first: int = 0
) -> list[Controls]:
    """What it says while a learner drives with `wheel`, and who has hands on drives."""
    told: list[Controls] = []
    for step, outcome in enumerate(places, start=first):
        by_human = bool(told) and told[-1].hands_on
        proposal = told[-1].action if by_human else np.array(wheel, np.float32)
        driver = Source.HUMAN if by_human else Source.LEARNER
        told.append(device.read(Tick(step, 0, outcome, driver if step else None, proposal if step else None)))
    return told


def actions(told: Iterable[Controls]) -> npt.NDArray[np.float32]:
    """(T, 3)"""
    return np.array([controls.action for controls in told], np.float32)


def first_hand(told: Sequence[Controls]) -> int:
    return next(step for step, controls in enumerate(told) if controls.hands_on)


def weaving(steps: int = 300) -> list[Outcome]:
    """The nose swings to the other side every 0.3 s."""
    return [place(step, heading=0.6 if step // 15 % 2 else -0.6) for step in range(steps)]


def test_a_sudden_turn_of_the_car_changes_its_keys_only_after_the_reaction_time() -> None:
    calm = actions(driven(human(), [place(step) for step in range(100)]))
    turned = actions(driven(human(), [place(step, heading=0.5 * (step >= 60)) for step in range(100)]))
    changed = int((calm != turned).any(axis=1).argmax())
    assert changed == 60 + LATE
    assert turned[60 + LATE, 0] > 0, "to the right, back to the road's direction"


def test_the_same_seed_makes_the_same_keys_and_another_one_others() -> None:
    first, again, other = (actions(driven(human(SimulatedHumanConfig(), seed=s), weaving())) for s in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any()


def test_an_instance_that_has_driven_before_drives_the_same() -> None:
    device = human(SimulatedHumanConfig(), seed=7)
    expected = actions(driven(device, weaving()))
    device.reset(Start(seed=7, mode="demo", paced=False, road=straight()))
    assert (actions(driven(device, weaving())) == expected).all()


def test_in_a_lapse_the_keys_stay_as_they_are() -> None:
    steered = np.abs(actions(driven(human(), weaving()))[:, 0])
    absent = replace(STEADY, lapses_per_s=2.0, shortest_lapse_s=1.0)
    held = np.abs(actions(driven(human(absent), weaving()))[:, 0])
    assert steered.max() < 0.8, "0.3 s to one side are 15 ticks of 0.05"
    assert held.max() == 1.0


def test_it_steers_no_faster_than_a_keyboard() -> None:
    steering = actions(driven(human(SimulatedHumanConfig()), weaving()))[:, 0]
    assert np.abs(np.diff(steering)).max() <= 0.1 + 1e-6
    assert np.diff(np.abs(steering)).max() <= 0.05 + 1e-6
    assert np.ptp(steering) > 0.5, "it was meant to steer"


def test_no_key_is_tapped_shorter_than_a_finger_can() -> None:
    flickering = [place(0, speed=90.0 if step // 3 % 2 else 20.0) for step in range(303)]
    gas = actions(driven(human(replace(STEADY, shortest_press_s=0.2)), flickering))[:, 1]
    presses = "".join("x" if more else " " for more in np.diff(gas) > 0).split()
    assert len(presses) > 5
    assert min(len(press) for press in presses[:-1]) == 10


def test_a_pause_changes_nothing() -> None:
    device, paused = human(SimulatedHumanConfig()), human(SimulatedHumanConfig())
    places = weaving(120)
    expected = actions(driven(device, places))
    told: list[Action] = []
    for step, outcome in enumerate(places):
        tick = Tick(step, 0, outcome, Source.HUMAN if told else None, told[-1] if told else None)
        readings = actions(paused.read(tick) for _ in range(1 + 9 * (step == 70)))
        assert (readings == readings[0]).all()
        told.append(readings[0])
    assert (np.array(told) == expected).all()


def test_while_a_learner_drives_well_it_keeps_its_hands_off() -> None:
    told = watched(human(mode="dagger"), [place(step, lateral=4.5, heading=0.7) for step in range(200)])
    assert not any(controls.hands_on or controls.commands for controls in told)


@pytest.mark.parametrize("wrong", [{"lateral": 6.0}, {"lateral": -6.0}, {"heading": 1.0}])
def test_it_takes_over_once_it_sees_that_something_is_wrong(wrong: dict[str, float]) -> None:
    told = watched(human(mode="dagger"), [*map(place, range(50)), *(place(step, **wrong) for step in range(50, 90))])
    assert first_hand(told) == 50 + LATE


def test_taking_over_goes_on_from_what_the_learner_did() -> None:
    told = watched(human(mode="dagger"), [place(step, lateral=6.0) for step in range(20)], wheel=(-0.7, 0.5, 0))
    steering, gas, brake = (float(value) for value in actions(told)[first_hand(told)])
    assert abs(steering + 0.7) <= 0.1 + 1e-6
    assert abs(gas - 0.5) <= 0.16 + 1e-6
    assert brake <= 0.08 + 1e-6


def test_it_lets_go_when_what_it_sees_is_calm_again() -> None:
    places = [place(step, lateral=6.0 if step < 60 else 1.0) for step in range(120)]
    hands = [controls.hands_on for controls in watched(human(mode="dagger"), places)]
    assert hands.index(True) == 1, "the first look at a place decides nothing"
    assert hands[60 + LATE - 1]
    assert not any(hands[60 + LATE :])


def test_it_keeps_the_wheel_for_half_a_second_at_least() -> None:
    places = [place(step, lateral=6.0 if 30 <= step < 35 else 0.0) for step in range(120)]
    hands = [controls.hands_on for controls in watched(human(mode="dagger"), places)]
    assert 25 <= sum(hands) <= 27


def test_rolling_in_the_middle_of_a_takeover_is_an_opinion_and_in_an_own_episode_as_a_keyboards() -> None:
    rolling = [place(step, 5.0, -0.17, 69.0) if step > 40 else place(step, 6.0) for step in range(120)]
    takeover = watched(human(mode="dagger"), rolling)
    assert actions(takeover)[-1] == pytest.approx([0, 0, 0])
    assert takeover[-1].hands_on
    own = driven(human(), rolling)
    assert actions(own)[-1] == pytest.approx([0, 0, 0])
    assert not own[-1].hands_on


def test_after_a_rewind_it_does_not_act_on_what_has_not_happened() -> None:
    device = human(mode="dagger")
    drifting = [*map(place, range(50)), *(place(step, lateral=6.0) for step in range(50, 58))]
    assert not any(controls.hands_on for controls in watched(device, drifting))
    again = watched(device, map(place, range(45, 90)), first=45)
    assert not any(controls.hands_on for controls in again)


def test_after_a_rewind_it_watches_again() -> None:
    device = human(mode="dagger")
    assert watched(device, [place(step, lateral=6.0) for step in range(30)])[-1].hands_on
    assert not any(controls.hands_on for controls in watched(device, map(place, range(5, 40)), first=5))


def test_a_lost_learner_is_finished_at_once_an_own_lap_after_five_seconds() -> None:
    lost = [place(step, lateral=15.0 * (step >= 20)) for step in range(300)]
    learners = [bool(controls.commands) for controls in watched(human(mode="dagger"), lost)]
    own = driven(human(), lost)
    assert learners.index(True) == 20 + LATE
    assert [bool(controls.commands) for controls in own].index(True) == 20 + LATE + 5 * HZ
    assert own[-1].commands == (Command.FINISH,)


def test_facing_backwards_is_lost_only_when_slow() -> None:
    for speed, finished in ((5.0, True), (30.0, False)):
        told = watched(human(mode="dagger"), [place(step, heading=3.0, speed=speed) for step in range(40)])
        assert any(controls.commands for controls in told) == finished


def test_an_own_lap_that_comes_back_to_the_road_goes_on() -> None:
    away = [place(step, lateral=15.0 * (step % 200 < 150)) for step in range(600)]
    assert not any(controls.commands for controls in driven(human(), away))


def test_errors_have_the_size_they_say_and_do_not_jump() -> None:
    wander = Wander(np.random.default_rng(3), 400, time_s=0.5)
    values = []
    for _ in range(400):
        wander.move()
        values.append(wander.now)
    assert np.std(values) == pytest.approx(1.0, abs=0.05)
    assert np.abs(np.diff(values, axis=0)).max() < 0.25


def test_where_the_road_is_unknown_it_says_so() -> None:
    with pytest.raises(ValueError, match="drive yourself"):
        SimulatedHuman().reset(Start(seed=0, mode="demo", paced=False))


def test_it_stands_in_by_its_name() -> None:
    device = stand_in("simulated")
    assert isinstance(device, SimulatedHuman)
    assert (device.name, device.person) == ("simulated", False)


def test_alone_at_the_wheel_it_drives_as_in_an_own_episode_though_the_learners_seat_is_its() -> None:
    expected = actions(driven(human(SimulatedHumanConfig(), seed=4), weaving(150)))
    driver: AtTheWheel = simulated_human()
    driver.reset(Start(seed=4, mode="rollout", paced=False, road=straight()))
    done: list[Action] = []
    for step, outcome in enumerate(weaving(150)):
        last = done[-1] if done else None
        done.append(driver.act(Tick(step, 0, outcome, Source.LEARNER if done else None, last)))
    assert (np.array(done) == expected).all()


def test_the_human_in_the_code_is_the_one_whose_score_is_on_record() -> None:
    cell = json.loads(CELL.read_text())
    assert cell["config"] == asdict(SimulatedHumanConfig())
    assert 800 <= cell["evaluation"]["mean"] <= 880
