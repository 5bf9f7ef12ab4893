"""Ramped keys. Rates are checked against numbers computed by hand."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

from teleop.devices.keyboard import Keyboard
from teleop.frame import Action, Source, Start, Tick
from tests.fakes import ToyWorld

OUTCOME = ToyWorld().reset(1)


def down(key: int) -> pygame.Event:
    return pygame.Event(pygame.KEYDOWN, key=key)


def up(key: int) -> pygame.Event:
    return pygame.Event(pygame.KEYUP, key=key)


def fresh() -> Keyboard:
    keyboard = Keyboard()
    keyboard.reset(Start(seed=1, mode="demo", paced=True))
    return keyboard


def tick(step: int, proposal: Action | None = None) -> Tick:
    return Tick(step, step * 20_000_000, OUTCOME, Source.LEARNER, proposal)


def drive(keyboard: Keyboard, steps: range) -> list[list[float]]:
    """The actions of these steps; its own action is what drove."""
    actions: list[list[float]] = []
    proposal = None
    for step in steps:
        proposal = keyboard.read(tick(step, proposal)).action
        assert proposal is not None
        actions.append(proposal.tolist())
    return actions


def test_a_held_key_turns_the_wheel_a_twentieth_a_tick_up_to_full_lock() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_LEFT))
    steering = [action[0] for action in drive(keyboard, range(25))]
    assert steering[:3] == pytest.approx([-0.05, -0.10, -0.15])
    assert steering[19:] == pytest.approx([-1.0] * 6)


def test_a_released_wheel_springs_back_twice_as_fast_and_stops_in_the_middle() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_d))
    drive(keyboard, range(5))
    keyboard.feed(up(pygame.K_d))
    assert [action[0] for action in drive(keyboard, range(5, 9))] == pytest.approx([0.15, 0.05, 0.0, 0.0])


def test_steering_the_other_way_goes_through_the_middle() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_RIGHT))
    drive(keyboard, range(3))  # 0.15
    keyboard.feed(up(pygame.K_RIGHT))
    keyboard.feed(down(pygame.K_LEFT))
    assert [action[0] for action in drive(keyboard, range(3, 7))] == pytest.approx([0.05, 0.0, -0.05, -0.10])


def test_left_and_right_together_are_straight() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_LEFT))
    keyboard.feed(down(pygame.K_d))
    assert drive(keyboard, range(1)) == [[0.0, 0.0, 0.0]]


def test_gas_and_brake_have_their_own_rates_and_a_key_never_locks_the_wheels() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_w))
    keyboard.feed(down(pygame.K_s))
    actions = drive(keyboard, range(30))
    assert actions[0] == pytest.approx([0.0, 0.04, 0.08])
    assert actions[-1] == pytest.approx([0.0, 1.0, 0.8])
    keyboard.feed(up(pygame.K_w))
    keyboard.feed(up(pygame.K_s))
    assert drive(keyboard, range(30, 31))[0] == pytest.approx([0.0, 0.84, 0.64])


def test_two_keys_for_the_same_thing_hold_until_both_are_up() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_UP))
    keyboard.feed(down(pygame.K_w))
    keyboard.feed(up(pygame.K_UP))
    assert keyboard.read(tick(0)).hands_on
    keyboard.feed(up(pygame.K_w))
    assert not keyboard.read(tick(1)).hands_on


def test_hands_are_on_only_while_a_driving_key_is_held() -> None:
    keyboard = fresh()
    assert not keyboard.read(tick(0)).hands_on
    assert keyboard.feed(down(pygame.K_SPACE))
    assert not keyboard.read(tick(1)).hands_on
    keyboard.feed(down(pygame.K_LEFT))
    assert keyboard.read(tick(2)).hands_on


def test_a_key_that_means_nothing_is_no_touch() -> None:
    assert not fresh().feed(down(pygame.K_j))


def test_taking_over_starts_from_what_the_driver_wanted() -> None:
    keyboard = fresh()
    for step in range(5):
        keyboard.read(tick(step, np.array([0.6, 0.2, 0], np.float32)))
    keyboard.feed(down(pygame.K_RIGHT))
    first = keyboard.read(tick(5, np.array([0.6, 0.2, 0], np.float32))).action
    assert first == pytest.approx([0.65, 0.04, 0.0])


def test_from_then_on_it_ramps_from_its_own_output_whoever_drives() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_RIGHT))
    keyboard.read(tick(0, np.array([0.6, 0, 0], np.float32)))
    second = keyboard.read(tick(1, np.array([-0.9, 1, 0], np.float32))).action
    assert second == pytest.approx([0.70, 0.0, 0.0])


def test_a_pause_does_not_wind_the_ramps_up() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_UP))
    (before,) = drive(keyboard, range(1))
    paused = [keyboard.read(tick(1)).action for _ in range(50)]
    assert before == pytest.approx([0.0, 0.04, 0.0])
    assert all(action == pytest.approx([0.0, 0.08, 0.0]) for action in paused)


def test_after_a_rewind_it_starts_from_what_was_driven_there() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_LEFT))
    drive(keyboard, range(80))
    action = keyboard.read(tick(30, np.array([0.3, 0.5, 0], np.float32))).action
    assert action == pytest.approx([0.2, 0.34, 0.0])


def test_losing_focus_lets_every_key_go() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_UP))
    keyboard.feed(pygame.Event(pygame.WINDOWFOCUSLOST))
    assert not keyboard.read(tick(0)).hands_on


def test_a_new_episode_begins_with_a_centred_wheel_and_the_keys_that_are_still_held() -> None:
    keyboard = fresh()
    keyboard.feed(down(pygame.K_LEFT))
    drive(keyboard, range(10))
    keyboard.reset(Start(seed=2, mode="demo", paced=True))
    assert drive(keyboard, range(1))[0] == pytest.approx([-0.05, 0.0, 0.0])


def test_the_wheel_turns_as_fast_where_ticks_are_rarer() -> None:
    keyboard = Keyboard(hz=20)
    keyboard.reset(Start(seed=1, mode="demo", paced=True))
    keyboard.feed(down(pygame.K_RIGHT))
    assert [steering for steering, _, _ in drive(keyboard, range(9))] == pytest.approx(
        [min(1.0, 0.125 * ticks) for ticks in range(1, 10)]
    )
