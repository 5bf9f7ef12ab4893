"""The window, its bindings and its seat: what a person presses is what happens."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pygame
import pytest

from teleop.bindings import BINDINGS, BUTTONS, KEYS, Flow, help_table, hint
from teleop.devices.keyboard import Keyboard
from teleop.devices.scripted import Scripted
from teleop.devices.seat import Seat
from teleop.errors import UsageError
from teleop.frame import COAST, Action, Command, Start, Tick
from teleop.window import FOCUS_LOST, SIZE, Window, require_screen
from tests.fakes import ToyWorld

TICK = Tick(0, 0, ToyWorld().reset(1))


def post(kind: int, **fields: Any) -> None:
    pygame.event.post(pygame.Event(kind, **fields))


def seat_at(window: Window) -> Seat:
    return Seat(window, [Keyboard()])


class Still:
    """A driver that coasts."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return COAST


def test_every_key_and_button_means_one_thing() -> None:
    assert len(KEYS) == sum(len(binding.keys) for binding in BINDINGS)
    assert len(BUTTONS) == sum(len(binding.buttons) for binding in BINDINGS)


def test_the_help_is_made_from_the_bindings() -> None:
    table = help_table()
    assert len(table) == len(BINDINGS)
    assert ("pause, go on", "Space or P", "Start or A") in table
    assert ("gas", "Up or W", "right trigger") in table
    assert all(what and keys and pad for what, keys, pad in table)
    assert hint(Flow.QUIT) == ("Esc", "Back")


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


def test_who_watches_the_autopilot_may_look_away_but_can_still_pause_it(window: Window) -> None:
    world = ToyWorld()
    seat = Seat(window, [Scripted(Still(), "autopilot")])
    seat.reset(Start(seed=1, mode="demo", paced=True))
    post(pygame.WINDOWFOCUSLOST)
    controls = seat.read(Tick(0, 0, world.reset(1)))
    assert controls.hands_on
    assert not controls.interruption
    assert not seat.person
    post(pygame.WINDOWFOCUSGAINED)
    post(pygame.KEYDOWN, key=pygame.K_SPACE)
    assert seat.read(TICK).commands == (Command.PAUSE,)


def test_a_resized_window_shows_the_whole_canvas(window: Window) -> None:
    pygame.display.set_mode((500, 500), pygame.RESIZABLE)
    assert window.canvas.get_size() == SIZE
    window.canvas.fill("white")
    window.present()
    screen = pygame.display.get_surface()
    assert screen is not None
    assert screen.get_size() == (500, 500)
    # 1000 x 800 fits as 500 x 400, with black above and below.
    assert [tuple(screen.get_at((250, y)))[:3] for y in (20, 250, 480)] == [(0,) * 3, (255,) * 3, (0,) * 3]


def test_without_a_screen_driving_is_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match="--headless"):
        require_screen()


@pytest.mark.parametrize(("env", "why"), [({}, "offscreen"), ({"SDL_VIDEODRIVER": "x11"}, "not available")])
def test_no_screen_is_noticed_however_sdl_puts_it(env: dict[str, str], why: str) -> None:
    code = "from teleop.window import require_screen; require_screen()"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "UsageError" in done.stderr
    assert why in done.stderr
