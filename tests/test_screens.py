"""What stands between episodes: it says what happened, and waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pygame
import pytest

from teleop.bindings import Bindings
from teleop.devices.gamepad import Gamepads
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.frame import End, Why
from teleop.pen import DARK
from teleop.screens import failed, over, ready, summary, wait
from teleop.window import Window
from tests.fakes import ToyWorld
from tests.virtual_joystick import VirtualPad

FIGURES = {"score": 912.4, "lap_time_s": 21.3, "tiles": 300, "tiles_missed": 2}


@pytest.fixture
def seat(window: Window) -> Seat:
    return Seat(window, [Keyboard(), Gamepads()], Bindings())


def press(*keys: int) -> None:
    for key in keys:
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))


def nothing(canvas: pygame.Surface) -> None:
    pass


def end(why: Why = "finished", lap_time_s: float | None = 21.3) -> End:
    return End(why, 1065, 1065, ToyWorld().reset(1), {**FIGURES, "lap_time_s": lap_time_s})


class Shown(Window):
    """A window that keeps how much was written on what it showed last, and then lets the person go on."""

    def present(self) -> None:
        picture = pygame.surfarray.array3d(self.canvas)
        self.inked = int((picture != pygame.Color(DARK)[:3]).any(axis=2).sum())
        super().present()
        press(pygame.K_SPACE)


@pytest.fixture
def shown() -> Iterator[Shown]:
    window = Shown("test")
    yield window
    window.close()


def test_a_screen_goes_on_or_quits_and_ignores_every_other_key(window: Window, seat: Seat) -> None:
    # Enter finished the last drive: pressed twice, it must not start the next one.
    press(pygame.K_RETURN, pygame.K_LEFT, pygame.K_SPACE)
    assert wait(window, seat, nothing)
    press(pygame.K_RETURN, pygame.K_ESCAPE)
    assert not wait(window, seat, nothing)


def test_closing_the_window_leaves_every_screen(window: Window, seat: Seat) -> None:
    pygame.event.post(pygame.Event(pygame.QUIT))
    assert not wait(window, seat, nothing)


def test_a_gamepad_alone_starts_and_is_then_in_hand(window: Window, seat: Seat, pad: VirtualPad) -> None:
    seat.listen()
    pad.press(pygame.CONTROLLER_BUTTON_A)
    assert ready(window, seat, "mine.zarr", 7)
    assert seat.name == "Virtual Pad"
    pad.press(pygame.CONTROLLER_BUTTON_BACK)
    assert not over(window, seat, end(), next_track=8)


def test_every_ending_has_a_title_of_its_own() -> None:
    titles = {why: summary(end(why), 8, Bindings())[0] for why in get_args(Why)}
    assert len(set(titles.values())) == len(titles)
    assert titles["crashed"] == "Off the playfield"


def test_a_summary_tells_score_lap_and_missed_tiles() -> None:
    _, lines, _ = summary(end(), 8, Bindings())
    assert lines == ["Score 912   lap 0:21.3   2 of 300 tiles missed", "1,065 frames recorded"]
    _, lines, _ = summary(end("stopped", lap_time_s=None), 8, Bindings())
    assert "no lap" in lines[0]


def test_after_the_last_track_there_is_only_leaving(window: Window, seat: Seat) -> None:
    assert [what for what, _, _ in summary(end(), 8, Bindings())[2]] == ["drive track 8", "quit"]
    assert [what for what, _, _ in summary(end(), None, Bindings())[2]] == ["leave"]
    press(pygame.K_SPACE)
    assert over(window, seat, end(), next_track=None)


def test_the_ready_screen_is_shown_until_somebody_starts(shown: Shown) -> None:
    assert ready(shown, Seat(shown, [Keyboard()], Bindings()), "mine.zarr", 7)
    assert shown.inked > 10_000


def test_a_failure_is_written_out_whole_before_the_window_closes(shown: Shown) -> None:
    failed(shown, Seat(shown, [Keyboard()], Bindings()), "short")
    short = shown.inked
    failed(shown, Seat(shown, [Keyboard()], Bindings()), "the disk is full; " + "everything so far is safe " * 20)
    assert shown.inked > 2 * short
