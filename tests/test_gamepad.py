"""Gamepads through SDL's own virtual joystick, and what reaches the disk. Numbers are computed by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest

from teleop.bindings import Bindings
from teleop.clock import SimulatedMetronome
from teleop.devices.feel import rescaled
from teleop.devices.gamepad import Gamepads
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.frame import Action, Command, Source
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.loop import run_episode
from teleop.session import Episode, open_session
from teleop.settings.settings import load_settings
from teleop.sinks.recorder import Recorder
from teleop.window import FOCUS_LOST, Window
from teleop.worlds.track import TrackWorld
from tests.puppet import START, TICK, Puppet, drive
from tests.virtual_joystick import VirtualPad

HALF_STICK = (16384 / 32767 - 0.12) / 0.88
"""What half of the stick's way is, outside a dead zone of 0.12."""
TRIGGER_GRAIN = 5e-5
"""SDL's trigger counts half as finely as the joystick axis under it: one part in 32767."""


def seat_at(window: Window) -> Seat:
    seat = Seat(window, [Keyboard(), Gamepads()], Bindings())
    seat.listen()  # as the ready screen does: what is plugged in is found
    return seat


def press(key: int) -> None:
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))


def record(path: Path, seat: Seat, script: Mapping[int, Callable[[], None]], ticks: int, seed: int = 1) -> Episode:
    world = TrackWorld()
    with Recorder(path, world.environment(), block_when_behind=True) as recorder:
        run_episode(
            replace(START, seed=seed),
            world=world,
            device=Puppet(seat, script, ticks),
            drivers={},
            gate=Only(Source.HUMAN),
            sinks=[recorder],
            metronome=SimulatedMetronome(50),
        )
    world.close()
    return open_session(path).episodes[0]


def action_of(seat: Seat) -> Action:
    action = seat.read(TICK).action
    assert action is not None
    return action


@pytest.mark.parametrize(
    ("value", "dead_zone", "expected"),
    [(0.0, 0.2, 0.0), (0.2, 0.2, 0.0), (-0.2, 0.2, 0.0), (0.6, 0.2, 0.5), (-0.6, 0.2, -0.5), (1.0, 0.2, 1.0)],
)
def test_the_dead_zone_swallows_rest_and_is_left_without_a_jump(
    value: float, dead_zone: float, expected: float
) -> None:
    assert rescaled(value, dead_zone) == pytest.approx(expected)


def test_a_stick_at_its_far_end_is_full_lock_although_sdl_counts_one_further_there() -> None:
    assert rescaled(-32768 / 32767, 0.12) == -1.0


def test_the_axes_that_moved_are_the_rows_on_disk(tmp_path: Path, window: Window, pad: VirtualPad) -> None:
    def brake_hard() -> None:
        pad.gas(0)
        pad.brake(16384)
        pad.steer(3000)

    script = {
        0: lambda: pad.gas(32767),
        10: lambda: pad.steer(16384),
        20: lambda: pad.steer(-32768),
        30: brake_hard,
    }
    episode = record(tmp_path / "driven", seat_at(window), script, ticks=40)
    expected = np.zeros((40, 3), np.float32)
    expected[:30, 1] = 1.0
    expected[10:20, 0] = HALF_STICK
    expected[20:30, 0] = -1.0
    expected[30:, 2] = (16384 / 32767 - 0.04) / 0.96  # and a stick at 0.09 rests
    assert episode.human_action == pytest.approx(expected, abs=TRIGGER_GRAIN)
    assert np.array_equal(episode.action, episode.human_action)
    assert episode.hands_on.all()
    assert episode.attrs["end"] == "stopped"


def test_unplugged_in_mid_drive_it_pauses_and_invents_no_row(tmp_path: Path, window: Window, pad: VirtualPad) -> None:
    script = {0: lambda: pad.gas(32767), 12: pad.unplug}
    episode = record(tmp_path / "driven", seat_at(window), script, ticks=40)
    assert episode.committed == 12
    assert episode.action == pytest.approx(np.array([[0.0, 1.0, 0.0]] * 12), abs=TRIGGER_GRAIN)


def test_a_real_crash_holds_until_it_is_rewound_and_the_kept_rows_are_one_drive(
    tmp_path: Path, window: Window, pad: VirtualPad
) -> None:
    script = {
        0: lambda: pad.gas(7600),  # straight on at a fifth of full gas: off this track's playfield at step 258
        300: lambda: pad.press(pygame.CONTROLLER_BUTTON_B),
        310: lambda: pad.press(pygame.CONTROLLER_BUTTON_START),
        315: lambda: pad.steer(-20000),
    }
    episode = record(tmp_path / "driven", seat_at(window), script, ticks=330, seed=6)
    crashed_at = int(np.flatnonzero(np.diff(episode.step) < 0)[0])
    assert 250 < crashed_at < 270
    assert episode.reward[crashed_at] == -100
    assert episode.step[crashed_at + 1] == crashed_at - 49
    assert np.array_equal(episode.step[episode.kept], np.arange(episode.kept.sum()))
    assert -100 not in episode.reward[episode.kept]
    assert episode.attrs["end"] == "stopped"


def test_an_unplugged_pad_is_named_and_the_keyboard_can_go_on(window: Window, pad: VirtualPad) -> None:
    script = {
        0: lambda: pad.gas(32767),
        5: pad.unplug,
        8: lambda: press(pygame.K_SPACE),
        9: lambda: press(pygame.K_LEFT),
    }
    tape, _ = drive(seat_at(window), script, ticks=12)
    assert {why for _, why in tape.idle} == {"Virtual Pad was unplugged"}
    assert [frame.tick.step for frame in tape.frames] == list(range(9))
    # The keyboard takes over from what the pad wanted: gas is eased off, not dropped.
    assert tape.frames[5].action == pytest.approx([0.0, 0.84, 0.0], abs=TRIGGER_GRAIN)
    assert tape.frames[6].action[0] == pytest.approx(-0.05)


def test_plugged_in_again_the_pad_drives_on_at_its_first_touch(window: Window, pad: VirtualPad) -> None:
    again: list[VirtualPad] = []
    script = {
        0: lambda: pad.gas(32767),
        5: pad.unplug,
        7: lambda: again.append(VirtualPad()),
        10: lambda: again[0].gas(32767),
    }
    tape, _ = drive(seat_at(window), script, ticks=14)
    again[0].unplug()
    assert len(tape.idle) == 5
    assert tape.frames[-1].action == pytest.approx([0.0, 1.0, 0.0], abs=TRIGGER_GRAIN)


def test_a_pad_that_appears_in_mid_drive_drives_once_it_is_touched(window: Window) -> None:
    late: list[VirtualPad] = []
    script = {
        0: lambda: press(pygame.K_UP),
        3: lambda: late.append(VirtualPad("Late Pad")),
        6: lambda: late[0].steer(32767),
    }
    seat = seat_at(window)
    tape, _ = drive(seat, script, ticks=9)
    late[0].unplug()
    assert tape.frames[5].action == pytest.approx([0.0, 0.24, 0.0])
    assert tape.frames[6].action.tolist() == [1.0, 0.0, 0.0]
    assert seat.name == "Late Pad"
    assert not tape.idle


def test_a_pad_that_lies_aside_may_go_without_a_word_even_with_a_trigger_held(window: Window, pad: VirtualPad) -> None:
    script = {0: lambda: pad.gas(32767), 2: lambda: press(pygame.K_UP), 4: pad.unplug}
    tape, _ = drive(seat_at(window), script, ticks=8)
    assert len(tape.frames) == 8


def test_of_two_pads_the_one_last_touched_drives(window: Window, pad: VirtualPad) -> None:
    other = VirtualPad("Other Pad")
    seat = seat_at(window)
    pad.steer(32767)
    assert action_of(seat)[0] == 1.0
    other.steer(-32767)
    assert action_of(seat)[0] == -1.0
    pad.gas(32767)
    assert action_of(seat) == pytest.approx([1.0, 1.0, 0.0], abs=TRIGGER_GRAIN)
    other.unplug()
    assert not seat.read(TICK).interruption


def test_a_worn_stick_that_rests_off_centre_does_not_take_the_wheel(window: Window, pad: VirtualPad) -> None:
    seat = seat_at(window)
    pad.steer(5000)
    seat.listen()
    pad.press(pygame.CONTROLLER_BUTTON_A)
    seat.listen()
    press(pygame.K_LEFT)
    seat.listen()
    pad.steer(5400)  # trembles
    assert action_of(seat)[0] == pytest.approx(-0.05)


def test_slow_motion_by_a_key_leaves_the_wheel_with_the_pad(window: Window, pad: VirtualPad) -> None:
    seat = seat_at(window)
    pad.gas(32767)
    seat.listen()
    press(pygame.K_COMMA)
    controls = seat.read(TICK)
    assert controls.commands == (Command.SLOWER,)
    assert controls.action == pytest.approx([0.0, 1.0, 0.0], abs=TRIGGER_GRAIN)
    assert controls.device == "Virtual Pad"


def test_who_lets_a_trigger_go_does_not_take_the_wheel_back(window: Window, pad: VirtualPad) -> None:
    seat = seat_at(window)
    for gas in (8000, 16000, 32767):
        pad.gas(gas)
        seat.listen()
    assert seat.name == "Virtual Pad"
    press(pygame.K_UP)
    for gas in (24000, 16000, 8000, 0):
        pad.gas(gas)
        seat.listen()
    assert seat.name == "keyboard"
    pad.gas(8000)
    seat.listen()
    assert seat.name == "Virtual Pad"


@pytest.mark.parametrize(
    ("button", "command"),
    [
        (pygame.CONTROLLER_BUTTON_START, Command.PAUSE),
        (pygame.CONTROLLER_BUTTON_B, Command.REWIND),
        (pygame.CONTROLLER_BUTTON_Y, Command.FINISH),
        (pygame.CONTROLLER_BUTTON_X, Command.DISCARD),
        (pygame.CONTROLLER_BUTTON_RIGHTSHOULDER, Command.FINISH),
        (pygame.CONTROLLER_BUTTON_BACK, Command.FINISH),
    ],
)
def test_buttons_command_once_however_long_they_are_held(
    window: Window, pad: VirtualPad, button: int, command: Command
) -> None:
    seat = seat_at(window)
    seat.listen()
    pad.press(button)
    assert seat.read(TICK).commands == (command,)
    assert seat.read(TICK).commands == ()


def test_without_focus_nothing_is_stepped_and_buttons_mean_another_window(window: Window, pad: VirtualPad) -> None:
    def lose_focus() -> None:
        pygame.event.post(pygame.Event(pygame.WINDOWFOCUSLOST))

    def find_focus() -> None:
        pygame.event.post(pygame.Event(pygame.WINDOWFOCUSGAINED))

    script = {
        0: lambda: pad.gas(32767),
        5: lose_focus,
        7: lambda: pad.press(pygame.CONTROLLER_BUTTON_Y),
        8: lambda: pad.gas(0),
        9: find_focus,
        12: lambda: pad.press(pygame.CONTROLLER_BUTTON_START),
    }
    tape, end = drive(seat_at(window), script, ticks=15)
    assert {why for _, why in tape.idle} == {FOCUS_LOST}
    assert [round(float(frame.action[1]), 3) for frame in tape.frames] == [1.0] * 5 + [0.0] * 3
    assert end.why == "stopped"


def test_a_pad_that_is_gone_before_it_was_found_is_no_error() -> None:
    pads = Gamepads()
    assert not pads.feed(pygame.Event(pygame.CONTROLLERDEVICEADDED, device_index=99))
    assert pads.plugged == ()


def test_what_an_unplugged_pad_still_says_is_not_heard(window: Window, pad: VirtualPad) -> None:
    seat = seat_at(window)
    pad.steer(20_000)
    seat.listen()
    pad.unplug()
    seat.listen()
    late = {"instance_id": pad.identity, "axis": pygame.CONTROLLER_AXIS_LEFTX, "value": -20_000}
    pygame.event.post(pygame.Event(pygame.CONTROLLERAXISMOTION, late))
    assert "unplugged" in seat.read(TICK).interruption


def test_an_episode_names_every_device_that_drove_it(window: Window, pad: VirtualPad, tmp_path: Path) -> None:
    seat = seat_at(window)
    script = {10: lambda: pad.steer(20_000)}
    assert record(tmp_path / "both", seat, script, ticks=20).attrs["device"] == "keyboard, Virtual Pad"


def test_the_settings_choose_the_axes_the_feel_and_the_buttons(window: Window, pad: VirtualPad, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("""
        [gamepad]
        gas = "left trigger"
        brake = "right trigger"
        discard = ["b"]
        rewind_1 = ["x"]
        [feel]
        dead_zone = 0.0
        trigger_dead_zone = 0.5
        curve = 2.0
        steering_scale = 0.8
        """)
    settings = load_settings(path)
    assert settings.problems == ()
    seat = Seat(window, every_hand_device(settings), settings.bindings)
    seat.listen()
    pad.steer(-16384)  # half the way, squared, times 0.8
    pad.brake(24575)  # by the settings, this trigger is the gas
    pad.press(pygame.CONTROLLER_BUTTON_B)
    controls = seat.read(TICK)
    assert controls.action == pytest.approx([-0.2, 0.5, 0.0], abs=2 * TRIGGER_GRAIN)
    assert controls.commands == (Command.DISCARD,)
