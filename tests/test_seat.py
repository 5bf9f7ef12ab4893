"""The seat: what a person presses is what happens, whatever they hold."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from teleop.bindings import Bindings, Flow, Rewind
from teleop.devices.keyboard import Keyboard
from teleop.devices.scripted import Scripted
from teleop.devices.seat import Seat
from teleop.frame import COAST, Action, Command, Start, Tick
from teleop.window import FOCUS_LOST, Window
from tests.fakes import ToyWorld

TICK = Tick(0, 0, ToyWorld().reset(1))


def post(kind: int, **fields: Any) -> None:
    pygame.event.post(pygame.Event(kind, **fields))


def seat_at(window: Window) -> Seat:
    return Seat(window, [Keyboard()], Bindings())


class Still:
    """A driver that coasts."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return COAST


@pytest.mark.parametrize(
    ("key", "command"),
    [
        (pygame.K_SPACE, Command.PAUSE),
        (pygame.K_BACKSPACE, Command.REWIND),
        (pygame.K_RETURN, Command.FINISH),
        (pygame.K_DELETE, Command.DISCARD),
    ],
)
def test_a_key_commands_the_loop(window: Window, key: int, command: Command) -> None:
    seat = seat_at(window)
    post(pygame.KEYDOWN, key=key)
    controls = seat.read(TICK)
    assert controls.commands == (command,)
    assert seat.wants is None
    assert not controls.interruption


@pytest.mark.parametrize(("key", "flow"), [(pygame.K_n, Flow.NEXT), (pygame.K_ESCAPE, Flow.QUIT)])
def test_next_and_quit_finish_the_episode_and_are_remembered(window: Window, key: int, flow: Flow) -> None:
    seat = seat_at(window)
    post(pygame.KEYDOWN, key=key)
    assert seat.read(TICK).commands == (Command.FINISH,)
    assert seat.wants is flow
    seat.reset(Start(seed=1, mode="demo", paced=True))
    assert seat.wants is None


def test_closing_the_window_is_quitting(window: Window) -> None:
    seat = seat_at(window)
    post(pygame.QUIT)
    assert seat.read(TICK).commands == (Command.FINISH,)
    assert seat.wants is Flow.QUIT


def test_keys_pressed_on_one_tick_arrive_in_order(window: Window) -> None:
    post(pygame.KEYDOWN, key=pygame.K_BACKSPACE)
    post(pygame.KEYDOWN, key=pygame.K_SPACE)
    assert seat_at(window).read(TICK).commands == (Command.REWIND, Command.PAUSE)


@pytest.mark.parametrize("gone", [pygame.WINDOWFOCUSLOST, pygame.WINDOWMINIMIZED])
def test_losing_focus_interrupts_until_it_is_back(window: Window, gone: int) -> None:
    seat = seat_at(window)
    post(gone)
    assert seat.read(TICK).interruption == FOCUS_LOST
    assert seat.read(TICK).interruption == FOCUS_LOST
    post(pygame.WINDOWFOCUSGAINED)
    assert not seat.read(TICK).interruption


def test_a_focus_that_was_lost_for_a_moment_has_let_go_of_every_key_and_interrupts(window: Window) -> None:
    seat = seat_at(window)
    post(pygame.KEYDOWN, key=pygame.K_UP)
    assert seat.read(TICK).hands_on
    post(pygame.WINDOWFOCUSLOST)
    post(pygame.WINDOWFOCUSGAINED)
    assert seat.read(TICK).interruption == FOCUS_LOST
    assert not seat.read(TICK).interruption


def test_who_watches_the_autopilot_may_look_away_but_can_still_pause_it(window: Window) -> None:
    world = ToyWorld()
    seat = Seat(window, [Keyboard()], Bindings(), expert=Scripted(Still(), "autopilot"))
    seat.reset(Start(seed=1, mode="demo", paced=True))
    post(pygame.WINDOWFOCUSLOST)
    controls = seat.read(Tick(0, 0, world.reset(1)))
    assert controls.hands_on
    assert not controls.interruption
    assert not seat.person
    post(pygame.WINDOWFOCUSGAINED)
    post(pygame.KEYDOWN, key=pygame.K_SPACE)
    assert seat.read(TICK).commands == (Command.PAUSE,)


class Laps:
    """Ticks as the loop gives them: each read is one step further while it drives, and the same one while it holds."""

    def __init__(self, seat: Seat) -> None:
        self._seat, self._step = seat, -1

    def drive(self) -> tuple[Command, ...]:
        self._step += 1
        return self.hold()

    def hold(self) -> tuple[Command, ...]:
        return self._seat.read(Tick(self._step, 0, TICK.outcome)).commands

    def rewind(self) -> tuple[Command, ...]:
        self._step -= 50
        return self.hold()


def test_help_pauses_and_is_shown_until_the_car_drives_on(window: Window) -> None:
    seat = seat_at(window)
    laps = Laps(seat)
    laps.drive()
    post(pygame.KEYDOWN, key=pygame.K_F1)
    assert laps.drive() == (Command.PAUSE,)
    assert seat.help_wanted
    assert laps.hold() == ()
    assert seat.help_wanted
    post(pygame.KEYDOWN, key=pygame.K_SPACE)
    assert laps.hold() == (Command.PAUSE,)
    laps.drive()
    assert not seat.help_wanted


def test_help_in_a_pause_comes_and_goes_without_driving_on(window: Window) -> None:
    seat = seat_at(window)
    laps = Laps(seat)
    for _ in range(60):
        laps.drive()
    post(pygame.KEYDOWN, key=pygame.K_BACKSPACE)
    laps.drive()
    shown = []
    for moved in (laps.rewind, laps.hold):
        post(pygame.KEYDOWN, key=pygame.K_h)
        assert moved() == ()
        shown.append(seat.help_wanted)
    assert shown == [True, False]


def test_what_quits_closes_help_first(window: Window) -> None:
    seat = seat_at(window)
    laps = Laps(seat)
    laps.drive()
    post(pygame.KEYDOWN, key=pygame.K_F1)
    laps.drive()
    post(pygame.KEYDOWN, key=pygame.K_ESCAPE)
    assert laps.hold() == ()
    assert not seat.help_wanted
    post(pygame.KEYDOWN, key=pygame.K_ESCAPE)
    assert laps.hold() == (Command.FINISH,)


def test_a_new_episode_shows_no_help(window: Window) -> None:
    seat = seat_at(window)
    post(pygame.KEYDOWN, key=pygame.K_F1)
    seat.read(TICK)
    seat.reset(Start(seed=1, mode="demo", paced=True))
    assert not seat.help_wanted


def test_rewinding_by_seconds_is_that_many_commands(window: Window) -> None:
    post(pygame.KEYDOWN, key=pygame.K_3)
    assert seat_at(window).read(TICK).commands == (Command.REWIND,) * 3


def test_between_episodes_every_meaning_is_heard_as_it_is(window: Window) -> None:
    for key in (pygame.K_t, pygame.K_r, pygame.K_F1, pygame.K_2):
        post(pygame.KEYDOWN, key=key)
    assert seat_at(window).listen() == [Flow.PRACTICE, Flow.AGAIN, Flow.HELP, Rewind(2)]
