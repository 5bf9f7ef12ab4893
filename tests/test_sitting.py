"""A whole sitting, pressed key by key: what is driven, what is recorded, and what is asked between."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pygame
import pytest

from teleop.bindings import Bindings
from teleop.clock import SimulatedMetronome
from teleop.devices.gamepad import Gamepads
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.episode_writer import EpisodeWriter
from teleop.experts import stand_in
from teleop.frame import HZ, VALIDATION_SEED, End, Source, Start
from teleop.gates import Only
from teleop.logbook import Logbook
from teleop.loop import Sink, run_episode
from teleop.screens.summary import Driven
from teleop.session import SessionError, open_session
from teleop.settings.settings import Settings
from teleop.sinks.recorder import Recorder
from teleop.sitting import Sitting
from teleop.tracks import Tracks
from teleop.window import SIZE, Window
from teleop.worlds.track import TrackWorld
from tests.virtual_joystick import VirtualPad

GO, FINISH, NEXT, AGAIN = pygame.K_SPACE, pygame.K_RETURN, pygame.K_n, pygame.K_r
DISCARD, PRACTICE, REWIND, QUIT = pygame.K_DELETE, pygame.K_t, pygame.K_BACKSPACE, pygame.K_ESCAPE
START = (GO, GO)
"""From the ready screen; then straight through the countdown."""
FRAMES = (None,) * 5
"""Pictures that go by without a press."""


def type_key(key: int | None) -> None:
    if key is not None:
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))
        pygame.event.post(pygame.Event(pygame.KEYUP, key=key))


class Pressed(Window):
    """A window at which the next of `keys` is pressed whenever a picture is shown."""

    def __init__(self) -> None:
        super().__init__("test", SIZE)
        self.keys: list[int | None] = []
        self.press: Callable[[int | None], None] = type_key

    def present(self) -> None:
        super().present()
        if self.keys:
            self.press(self.keys.pop(0))


@pytest.fixture
def window() -> Iterator[Pressed]:
    with closing(Pressed()) as window:
        yield window


@pytest.fixture(scope="module")
def world() -> Iterator[TrackWorld]:
    with closing(TrackWorld(picture=True)) as world:
        yield world


@pytest.fixture
def logbook(tmp_path: Path, world: TrackWorld) -> Iterator[Logbook]:
    with Logbook(tmp_path / "mine", world.environment()) as logbook:
        yield logbook


Sit = Callable[..., list[Driven]]


@pytest.fixture
def sit(window: Pressed, world: TrackWorld, logbook: Logbook) -> Sit:
    """Sit down, press these keys one picture after another, and say what was driven."""

    def sit(*keys: int | None, seeds: range = range(7, 100), expert: str = "", practice: bool = False) -> list[Driven]:
        window.keys = list(keys)
        seat = Seat(window, [Keyboard(), Gamepads()], Bindings(), stand_in(expert) if expert else None)

        def drive(seed: int, sinks: Sequence[Sink]) -> End:
            start = Start(seed, "demo", paced=False)
            return run_episode(start, world, seat, {}, Only(Source.HUMAN), sinks, SimulatedMetronome(HZ))

        settings = Settings(sound=False)
        driven = list(Sitting(window, seat, world, settings, drive, logbook, practice=practice).drive(seeds))
        assert not window.keys, "the sitting was over before every key was pressed"
        return driven

    return sit


def recorded(logbook: Logbook) -> list[tuple[int, str]]:
    """(track, how it ended) of what is on disk."""
    with logbook:
        pass  # written to its end
    return [(episode.attrs["seed"], episode.attrs["end"]) for episode in open_session(logbook.path).episodes]


def test_a_sitting_goes_on_to_the_next_track_and_back_to_the_same(sit: Sit, logbook: Logbook) -> None:
    onward = (*START, *FRAMES, FINISH, AGAIN, GO, *FRAMES, DISCARD, NEXT, GO, *FRAMES, FINISH, QUIT)
    assert [driven.track for driven in sit(*onward)] == [7, 7, 8]
    assert recorded(logbook) == [(7, "stopped"), (7, "discarded"), (8, "stopped")]


def test_in_mid_drive_next_again_and_quit_ask_nothing(sit: Sit, logbook: Logbook) -> None:
    assert [driven.track for driven in sit(*START, *FRAMES, AGAIN, GO, *FRAMES, NEXT, GO, *FRAMES, QUIT)] == [7, 7, 8]
    assert [end for _, end in recorded(logbook)] == ["stopped"] * 3


def test_practice_leaves_nothing_on_disk(sit: Sit, logbook: Logbook) -> None:
    (driven,) = sit(*START, *FRAMES, FINISH, QUIT, practice=True)
    assert (driven.end.steps, driven.recorded) == (6, False)
    assert not logbook.path.exists()


def test_practice_and_recording_change_between_tracks(sit: Sit, logbook: Logbook) -> None:
    to_practice = (PRACTICE, *START, *FRAMES, FINISH)
    to_recording = (PRACTICE, NEXT, GO, *FRAMES, FINISH, QUIT)
    assert [driven.recorded for driven in sit(*to_practice, *to_recording)] == [False, True]
    assert recorded(logbook) == [(8, "stopped")]


def test_as_many_tracks_are_recorded_as_were_asked_for(sit: Sit, logbook: Logbook) -> None:
    practised = (PRACTICE, *START, *FRAMES, FINISH, PRACTICE)
    twice = (AGAIN, GO, *FRAMES, FINISH, AGAIN, GO, *FRAMES, FINISH)
    sit(*practised, *twice, NEXT, GO, *FRAMES, NEXT, seeds=range(7, 9))
    assert [track for track, _ in recorded(logbook)] == [7, 7, 8]


def test_leaving_before_the_first_frame_drives_and_records_nothing(sit: Sit, logbook: Logbook) -> None:
    assert sit(QUIT) == []
    assert sit(GO, QUIT) == []
    assert not logbook.path.exists()


def test_the_line_on_the_map_is_what_a_rewind_left(sit: Sit) -> None:
    (driven,) = sit(*START, *(None,) * 60, REWIND, None, FINISH, QUIT)
    assert driven.end.steps > 60
    assert len(driven.line) == driven.end.step == driven.end.steps - HZ


def test_a_stand_in_is_watched_without_a_question(sit: Sit, logbook: Logbook) -> None:
    # Its summary goes by after a while; a key does not wait for that.
    driven = sit(*FRAMES, FINISH, NEXT, *FRAMES, FINISH, GO, expert="autopilot", seeds=range(7, 9))
    assert [(one.track, one.end.steps) for one in driven] == [(7, 6), (8, 6)]
    assert len(recorded(logbook)) == 2


def test_a_session_that_cannot_be_written_is_said_on_the_screen(
    sit: Sit, window: Pressed, world: TrackWorld, logbook: Logbook
) -> None:
    with Recorder(logbook.path, world.environment()), pytest.raises(SessionError, match="another process"):
        sit(*START, *FRAMES, FINISH, PRACTICE, NEXT, GO, None, GO, practice=True)
    assert not window.keys  # the last two went to that screen


def test_a_disk_that_is_full_when_an_episode_ends_is_said_on_the_screen(
    sit: Sit, window: Pressed, logbook: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(EpisodeWriter, "finish", full)
    with pytest.raises(SessionError, match="the disk is full"), logbook:
        sit(*START, *FRAMES, FINISH, None, GO)
    assert not window.keys  # the last two went to that screen


def test_a_gamepad_alone_is_enough(sit: Sit, window: Pressed, pad: VirtualPad, logbook: Logbook) -> None:
    held: list[int] = []

    def hold(button: int | None) -> None:
        """Until the next picture."""
        while held:
            pad.release(held.pop())
        if button is not None:
            pad.press(button)
            held.append(button)

    window.press = hold
    a, b, x, y = (getattr(pygame, f"CONTROLLER_BUTTON_{name}") for name in "ABXY")
    practice, onward = pygame.CONTROLLER_BUTTON_DPAD_LEFT, pygame.CONTROLLER_BUTTON_RIGHTSHOULDER
    again, leave = pygame.CONTROLLER_BUTTON_LEFTSHOULDER, pygame.CONTROLLER_BUTTON_BACK
    practised = (practice, a, None, a, *FRAMES, y, practice)
    rewound = (onward, a, *FRAMES, b, None, y)
    discarded = (again, a, *FRAMES, x)
    driven = sit(*practised, *rewound, *discarded, leave)
    assert [(one.track, one.end.why, one.recorded) for one in driven] == [
        (7, "stopped", False),
        (8, "stopped", True),
        (8, "discarded", True),
    ]
    assert {one.end.device for one in driven} == {"Virtual Pad"}
    assert len(recorded(logbook)) == 2


def test_tracks_end_before_those_that_nothing_is_recorded_on() -> None:
    tracks = Tracks(range(VALIDATION_SEED - 2, VALIDATION_SEED + 5))
    assert tracks.go_on()
    assert tracks.following is None
    assert not tracks.go_on()
    assert tracks.now == VALIDATION_SEED - 1
