"""Wheels, pedals and other raw joysticks through SDL's virtual joystick, by maps that a person saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pygame
import pytest

from teleop.bindings import Bindings, Flow
from teleop.devices.feel import Feel
from teleop.devices.gamepad import Gamepads
from teleop.devices.joystick_map import JoystickMap, PedalAxis, SteeringAxis
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.devices.wheel import Wheel
from teleop.frame import Action, Command
from teleop.window import Window
from tests.puppet import TICK, drive
from tests.virtual_joystick import VirtualPad, VirtualWheel

NO_DEAD_ZONE = Feel(dead_zone=0, wheel_dead_zone=0, trigger_dead_zone=0)
WHEEL = JoystickMap(
    "My Wheel",
    SteeringAxis(0, -0.5, 0.0, 0.5),
    PedalAxis(1, 1.0, -1.0),  # rests at its end, as most pedals do
    PedalAxis(2, 1.0, -1.0),
    {9: Command.PAUSE, 3: Flow.NEXT},
)
PEDALS = JoystickMap("My Pedals", gas=PedalAxis(0, -1.0, 1.0), brake=PedalAxis(1, -1.0, 1.0))
GRAIN = 1e-4
"""Axes are 16 bits wide."""


@pytest.fixture
def pedals(window: Window) -> Iterator[VirtualWheel]:
    assert window.focused
    pedals = VirtualWheel("Virtual Pedals", product=0xC24E)
    yield pedals
    pedals.unplug()


def seat_at(window: Window, maps: dict[str, JoystickMap], feel: Feel = NO_DEAD_ZONE) -> Seat:
    seat = Seat(window, [Keyboard(), Gamepads(feel=feel, left_alone=maps), Wheel(maps, feel)], Bindings())
    seat.listen()
    return seat


def action_of(seat: Seat) -> Action:
    action = seat.read(TICK).action
    assert action is not None
    return action


def press(key: int) -> None:
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))


@pytest.mark.parametrize(("raw", "position"), [(-1.0, -1.0), (-0.4, -0.5), (0.2, 0.0), (0.4, 0.25), (1.0, 1.0)])
def test_a_wheel_whose_middle_is_off_centre_steers_from_there(raw: float, position: float) -> None:
    assert SteeringAxis(0, -1.0, 0.2, 1.0).position(raw) == pytest.approx(position)
    assert SteeringAxis(0, 1.0, -0.2, -1.0).position(-raw) == pytest.approx(position)


def test_turned_further_than_it_was_taught_it_is_at_full_lock() -> None:
    assert [SteeringAxis(0, -0.3, 0.0, 0.3).position(raw) for raw in (-1.0, 1.0)] == [-1.0, 1.0]


@pytest.mark.parametrize(("raw", "position"), [(1.0, 0.0), (0.5, 0.25), (0.0, 0.5), (-1.0, 1.0)])
def test_a_pedal_may_count_backwards(raw: float, position: float) -> None:
    assert PedalAxis(1, 1.0, -1.0).position(raw) == pytest.approx(position)


def test_the_saved_map_drives(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    wheel.turn(0, -0.25)
    wheel.turn(1, -0.5)
    assert action_of(seat) == pytest.approx([-0.5, 0.75, 0.0], abs=GRAIN)
    assert seat.name == "My Wheel"
    assert seat.read(TICK).hands_on
    wheel.turn(1, 1.0)
    wheel.turn(2, -1.0)
    wheel.turn(0, 1.0)
    assert action_of(seat) == pytest.approx([1.0, 0.0, 1.0], abs=GRAIN)


def test_pedals_that_nobody_touched_yet_are_at_rest_whatever_they_say(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    wheel.turn(0, 0.5)  # the pedals say 0, which by the map is half pressed
    assert action_of(seat) == pytest.approx([1.0, 0.0, 0.0], abs=GRAIN)
    wheel.turn(1, 0.98)
    assert action_of(seat) == pytest.approx([1.0, 0.01, 0.0], abs=GRAIN)


def test_feel_shapes_the_wheel(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL}, Feel(wheel_dead_zone=0.2, trigger_dead_zone=0, curve=2.0))
    wheel.turn(0, 0.3)  # 0.6 of the way: half of what is outside the dead zone
    assert action_of(seat)[0] == pytest.approx(0.25, abs=GRAIN)
    assert Feel(steering_scale=2.0, dead_zone=0).stick(-0.3) == pytest.approx(-0.6)
    assert Feel(steering_scale=2.0, dead_zone=0).stick(-0.7) == -1.0


def test_buttons_mean_what_the_map_says(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    wheel.press(9)
    wheel.press(5)
    assert seat.read(TICK).commands == (Command.PAUSE,)
    wheel.press(3)
    assert seat.read(TICK).commands == (Command.FINISH,)
    assert seat.wants is Flow.NEXT


def test_wheel_and_pedals_of_two_makers_are_one_device(
    window: Window, wheel: VirtualWheel, pedals: VirtualWheel
) -> None:
    only_wheel = replace(WHEEL, gas=None, brake=None)
    seat = seat_at(window, {wheel.guid: only_wheel, pedals.guid: PEDALS})
    wheel.turn(0, -0.5)
    pedals.turn(0, 1.0)
    assert action_of(seat) == pytest.approx([-1.0, 1.0, 0.0], abs=GRAIN)
    assert seat.name == "My Wheel + My Pedals"


def test_of_two_gas_pedals_the_one_last_touched_counts(
    window: Window, wheel: VirtualWheel, pedals: VirtualWheel
) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL, pedals.guid: PEDALS})
    wheel.turn(1, -1.0)
    assert action_of(seat)[1] == pytest.approx(1.0, abs=GRAIN)
    pedals.turn(0, 0.2)
    assert action_of(seat)[1] == pytest.approx(0.6, abs=GRAIN)


def test_a_trembling_axis_does_not_take_the_wheel(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    press(pygame.K_LEFT)
    seat.listen()
    for raw in (0.02, -0.02, 0.03):
        wheel.turn(0, raw)
        wheel.turn(1, 0.9 + raw)
        assert action_of(seat)[0] == pytest.approx(-0.05)
    assert seat.name == "keyboard"


def test_who_lets_a_pedal_go_does_not_take_the_wheel_back(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    wheel.turn(1, -1.0)
    seat.listen()
    press(pygame.K_UP)
    for raw in (-0.5, 0.0, 0.5, 1.0):
        wheel.turn(1, raw)
        seat.listen()
    assert seat.name == "keyboard"
    wheel.turn(0, 0.4)
    seat.listen()
    press(pygame.K_UP)
    seat.listen()
    wheel.turn(0, -0.2)  # through the middle: steered, not let go
    seat.listen()
    assert seat.name == "My Wheel"


def test_unplugged_in_hand_it_interrupts_until_it_is_back_and_touched(
    window: Window, wheel: VirtualWheel, pedals: VirtualWheel
) -> None:
    seat = seat_at(window, {wheel.guid: replace(WHEEL, gas=None, brake=None), pedals.guid: PEDALS})
    wheel.turn(0, 0.5)
    pedals.turn(0, 0.5)
    seat.listen()
    pedals.unplug()
    assert seat.read(TICK).interruption == "My Pedals was unplugged"
    wheel.turn(0, -0.5)
    assert seat.read(TICK).interruption
    again = VirtualWheel("Virtual Pedals", product=0xC24E)
    assert again.identity != pedals.identity
    assert seat.read(TICK).interruption
    again.turn(0, 0.8)
    assert action_of(seat) == pytest.approx([-1.0, 0.9, 0.0], abs=GRAIN)
    again.unplug()


def test_a_lost_wheel_leaves_the_keyboard_alone(window: Window, wheel: VirtualWheel, pedals: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: replace(WHEEL, gas=None, brake=None), pedals.guid: PEDALS})
    wheel.turn(0, 0.5)
    pedals.turn(0, 0.5)
    seat.listen()
    wheel.unplug()
    seat.listen()
    press(pygame.K_UP)
    seat.listen()
    pedals.turn(0, -1.0)
    pedals.turn(0, 1.0)
    assert not seat.read(TICK).interruption
    assert seat.name == "keyboard"


def test_a_wheel_that_lies_aside_may_go_without_a_word(window: Window, wheel: VirtualWheel, pad: VirtualPad) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    wheel.turn(1, -1.0)
    seat.listen()
    pad.steer(-32767)
    seat.listen()
    wheel.unplug()  # SDL centres its axes: by the map, that is half gas
    assert action_of(seat)[0] == -1.0


def test_an_unknown_joystick_is_named_with_the_remedy_and_ignored(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {})
    assert seat.plugged == ["keyboard", "Virtual Wheel (unknown: run teleop devices)"]
    wheel.turn(0, 1.0)
    wheel.press(9)
    assert seat.read(TICK).commands == ()
    assert seat.name == "keyboard"
    wheel.unplug()
    seat.listen()
    assert seat.plugged == ["keyboard"]


def test_a_pad_with_a_saved_map_drives_by_it_alone(window: Window, pad: VirtualPad) -> None:
    backwards = JoystickMap("Backwards", SteeringAxis(0, 1.0, 0.0, -1.0), buttons={0: Flow.NEXT})
    seat = seat_at(window, {pad.guid: backwards})
    assert seat.plugged == ["keyboard", "Backwards"]
    pad.steer(32767)
    assert action_of(seat)[0] == pytest.approx(-1.0, abs=GRAIN)
    pad.press(pygame.CONTROLLER_BUTTON_A)
    assert seat.read(TICK).commands == (Command.FINISH,)


def test_a_map_of_axes_that_are_not_there_drives_with_what_is_left(window: Window, wheel: VirtualWheel) -> None:
    bad = JoystickMap("Bad", SteeringAxis(0, -1, 0, 1), PedalAxis(40, -1, 1), buttons={200: Command.PAUSE})
    seat = seat_at(window, {wheel.guid: bad})
    wheel.turn(0, 1.0)
    wheel.turn(3, 1.0)
    assert action_of(seat) == pytest.approx([1.0, 0.0, 0.0], abs=GRAIN)


def test_rumble_asks_for_what_may_not_be_there(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL})
    wheel.turn(0, 1.0)
    seat.listen()
    seat.rumble(0.5, 100)
    wheel.unplug()
    seat.rumble(0.5, 100)


def test_a_wheel_that_is_gone_before_it_was_found_is_no_error() -> None:
    wheel = Wheel({})
    assert not wheel.feed(pygame.Event(pygame.JOYDEVICEADDED, device_index=99))
    assert wheel.plugged == ()
    assert wheel.name == "wheel"


def test_pulled_out_in_mid_drive_it_pauses_and_plugged_in_again_its_first_touch_drives_on(
    window: Window, wheel: VirtualWheel
) -> None:
    again: list[VirtualWheel] = []
    script = {
        0: lambda: wheel.turn(1, -1.0),
        5: wheel.unplug,
        8: lambda: again.append(VirtualWheel()),
        9: lambda: again[0].turn(0, 0.1),  # its gas says half until it moves: that is no hand
        10: lambda: again[0].turn(0, 0.4),
        11: lambda: again[0].turn(0, 0.0),
        12: lambda: again[0].turn(1, -0.5),
    }
    tape, _ = drive(seat_at(window, {wheel.guid: WHEEL}), script, ticks=14)
    again[0].unplug()
    assert tape.actions() == pytest.approx(
        np.array([[0, 1, 0]] * 5 + [[0.2, 0, 0], [0.8, 0, 0], [0, 0, 0]] + [[0, 0.75, 0]] * 2), abs=GRAIN
    )
    assert {why for _, why in tape.idle} == {"My Wheel was unplugged"}


def test_a_sensor_that_trembles_at_its_dead_zones_edge_ends_no_pause(window: Window, wheel: VirtualWheel) -> None:
    seat = seat_at(window, {wheel.guid: WHEEL}, Feel(wheel_dead_zone=0.1))
    wheel.turn(0, 0.5)
    assert seat.read(TICK).hands_on
    trembling = []
    for position in (0.04, 0.06, 0.04, 0.06):
        wheel.turn(0, position)
        trembling.append(seat.read(TICK).hands_on)
    assert not any(trembling)
