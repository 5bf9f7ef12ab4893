"""What stands between episodes: it says what happened, and waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.best import Best
from teleop.bindings import Bindings, Flow
from teleop.clock import PacedMetronome
from teleop.devices.gamepad import Gamepads
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.disk import free_minutes
from teleop.experts import stand_in
from teleop.frame import HZ, Command, End, Why
from teleop.pen import ACCENT, DARK, RECORDING, WARNING
from teleop.road import Road
from teleop.screens.countdown import count_down
from teleop.screens.failed import UNREAD_S, failed
from teleop.screens.ready import Beside, Prospect, about, at_hand, keys, ready, room_text
from teleop.screens.stage import Stage
from teleop.screens.summary import TITLES, Driven, choices, headline, result, summarise
from teleop.sounds import Sound
from teleop.track_map import LINE
from teleop.window import Window
from tests.fakes import FakeClock, ToyWorld
from tests.test_cues import Heard
from tests.virtual_joystick import VirtualPad

SIZES = [(640, 480), (1000, 800)]
ROAD = Road([(100, 0), (0, 100), (-100, 0), (0, -100)], half_width=6)
PROSPECT = Prospect(7, Path("sessions/mine.zarr"), "Ada", Best())


class Visitor(FakeClock):
    """Does one thing after each picture of a screen; no time passes but on this clock."""

    def __init__(self, *deeds: Callable[[], object]) -> None:
        super().__init__()
        self.deeds = list(deeds)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.deeds:
            self.deeds.pop(0)()


class Meadow:
    """A view of nothing but grass."""

    def draw(self, surface: pygame.Surface) -> None:
        surface.fill("darkgreen")

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return xy


def pressing(*keys: int) -> Callable[[], None]:
    def press() -> None:
        for key in keys:
            pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))

    return press


SPACE, ENTER, ESCAPE, HELP = (pressing(key) for key in (pygame.K_SPACE, pygame.K_RETURN, pygame.K_ESCAPE, pygame.K_F1))


def happening(kind: int) -> Callable[[], object]:
    return lambda: pygame.event.post(pygame.Event(kind))


def stage(window: Window, *deeds: Callable[[], object], expert: str = "") -> Stage:
    clock = Visitor(*deeds)
    seat = Seat(window, [Keyboard(), Gamepads()], Bindings(), stand_in(expert) if expert else None)
    return Stage(window, seat, PacedMetronome(HZ, clock.now, clock.sleep))


def blank(canvas: pygame.Surface) -> None:
    canvas.fill(DARK)


def shows(window: Window, colour: str) -> bool:
    """Whether any pixel has it."""
    pixels = pygame.surfarray.array2d(window.canvas)
    return bool((pixels == window.canvas.map_rgb(pygame.Color(colour))).any())


def ended(why: Why = "finished", lap_time_s: float | None = 21.3, taken_back: int = 0) -> End:
    outcome = ToyWorld().reset(1)
    return End(why, 1065 + taken_back, 1065, outcome, {"score": 912.4, "lap_time_s": lap_time_s})


def drove(end: End, recorded: bool = True, before: Best | None = None) -> Driven:
    line = np.stack([np.linspace(-90, 90, 50), np.zeros(50)], axis=1).astype(np.float32)
    return Driven(7, end, recorded, ROAD, np.array([True, True, False, True]), line, before)


# Any screen -----------------------------------------------------------------------------------------------------------


def test_a_screen_waits_for_its_answers_and_ignores_every_other_key(window: Window) -> None:
    # Enter finished the last drive: pressed twice, it must not start the next one.
    answer = stage(window, ENTER, pressing(pygame.K_LEFT), pressing(pygame.K_n)).ask(blank, Flow.AGAIN, Flow.NEXT)
    assert answer is Flow.NEXT


def test_every_screen_can_be_quit_by_key_and_by_closing_the_window(window: Window) -> None:
    assert stage(window, ESCAPE).ask(blank) is Flow.QUIT
    assert stage(window, happening(pygame.QUIT)).ask(blank) is Flow.QUIT


def test_a_screen_that_nobody_has_to_answer_ends_by_itself(window: Window) -> None:
    waiting = stage(window)
    assert waiting.ask(blank, Flow.NEXT, seconds=2.0) is None


def test_help_shows_every_key_and_what_closes_it_answers_nothing(window: Window) -> None:
    shown: list[bool] = []

    def look() -> None:
        shown.append(shows(window, ACCENT))

    assert stage(window, HELP, look, SPACE, look, ESCAPE).ask(blank, Command.PAUSE) is Flow.QUIT
    assert shown == [True, False]


def test_closing_the_window_leaves_help_and_the_screen_under_it(window: Window) -> None:
    assert stage(window, HELP, happening(pygame.QUIT)).ask(blank, Command.PAUSE) is Flow.QUIT


def test_without_the_focus_a_screen_says_so_and_takes_no_press_for_an_answer(window: Window) -> None:
    told: list[bool] = []
    away, back = happening(pygame.WINDOWFOCUSLOST), happening(pygame.WINDOWFOCUSGAINED)
    deeds = (away, lambda: told.append(shows(window, WARNING)), SPACE, back, pressing(pygame.K_n))
    assert stage(window, *deeds).ask(blank, Command.PAUSE, Flow.NEXT) is Flow.NEXT
    assert told == [True]
    assert not shows(window, WARNING)


# Ready ----------------------------------------------------------------------------------------------------------------


def test_a_gamepad_alone_starts_and_is_then_in_hand(window: Window, pad: VirtualPad) -> None:
    waiting = stage(window, lambda: pad.press(pygame.CONTROLLER_BUTTON_A))
    assert ready(waiting, PROSPECT, practice=False) is Command.PAUSE
    assert at_hand(waiting) == [("in hand", "Virtual Pad"), ("also here", "keyboard")]


def test_of_two_pads_alike_the_other_one_is_also_here(window: Window, pad: VirtualPad) -> None:
    other = VirtualPad()
    waiting = stage(window, lambda: pad.press(pygame.CONTROLLER_BUTTON_A))
    ready(waiting, PROSPECT, practice=False)
    assert at_hand(waiting) == [("in hand", "Virtual Pad"), ("also here", "keyboard, Virtual Pad")]
    other.unplug()


def test_the_ready_screen_says_who_drives_into_what_and_what_there_is_to_beat(window: Window) -> None:
    assert about(PROSPECT) == [("track", "7"), ("session", "mine"), ("driver", "Ada"), ("best", "no lap yet")]
    again = replace(PROSPECT, operator="", best=Best(912.4, 21.3))
    assert about(again)[2:] == [("driver", "you"), ("best", "score 912, lap 0:21.3")]
    assert at_hand(stage(window))[1] == ("also here", "no gamepad or wheel yet")


def test_before_a_learner_is_corrected_it_is_said_who_drives_and_how_to_take_over(window: Window) -> None:
    beside = replace(PROSPECT, beside=Beside("town.safetensors", "take over"))
    assert about(beside)[2:4] == [("driver", "town.safetensors"), ("Ada", "take over by a touch")]
    assert keys(stage(window), beside)[:2] == [
        ("take over", "any driving key", "stick, trigger"),
        ("let the learner drive", "G", "RS"),
    ]
    assert ready(stage(window, SPACE), beside, practice=False) is Command.PAUSE


def test_where_hands_only_steer_along_there_is_no_wheel_to_give_back(window: Window) -> None:
    shadow = replace(PROSPECT, beside=Beside("town.safetensors", "steer along"))
    waiting = Stage(window, Seat(window, [Keyboard(Bindings())], Bindings().without(Command.RELEASE)))
    assert [what for what, *_ in keys(waiting, shadow)][:2] == ["steer along", "pause"]


@pytest.mark.parametrize("size", SIZES)
def test_recording_and_practice_look_different_before_the_start(size: tuple[int, int]) -> None:
    window = Window("test", size)
    assert ready(stage(window, SPACE), PROSPECT, practice=False) is Command.PAUSE
    assert shows(window, RECORDING)
    assert ready(stage(window, pressing(pygame.K_t)), PROSPECT, practice=True) is Flow.PRACTICE
    assert not shows(window, RECORDING)
    window.close()


def test_what_is_wrong_with_the_settings_is_said_before_the_start(window: Window) -> None:
    ready(stage(window, SPACE), PROSPECT, practice=False)
    assert not shows(window, WARNING)
    ready(stage(window, SPACE), replace(PROSPECT, problems=("jump is no meaning",)), practice=False)
    assert shows(window, WARNING)


def test_the_room_on_a_disk_reads_as_driving(tmp_path: Path) -> None:
    assert [room_text(minutes) for minutes in (3.4, 119, 7200)] == [
        "room for 3 minutes",
        "room for 119 minutes",
        "room for 120 hours",
    ]
    assert free_minutes(tmp_path / "not" / "there.zarr") == pytest.approx(free_minutes(tmp_path), rel=0.01)


# The countdown --------------------------------------------------------------------------------------------------------


def test_a_countdown_sounds_three_times_and_lets_go(window: Window) -> None:
    sounds = Heard()
    assert count_down(stage(window), sounds, Meadow(), 7, recording=True)
    assert sounds.played == [Sound.COUNT, Sound.COUNT, Sound.COUNT, Sound.GO]


def test_a_countdown_can_be_skipped_and_left(window: Window) -> None:
    skipped, left = Heard(), Heard()
    assert count_down(stage(window, SPACE), skipped, Meadow(), 7, recording=True)
    assert skipped.played == [Sound.COUNT, Sound.GO]
    assert not count_down(stage(window, ESCAPE), left, Meadow(), 7, recording=True)
    assert left.played == [Sound.COUNT]


# The summary ----------------------------------------------------------------------------------------------------------


def test_every_ending_but_a_failure_has_a_title_of_its_own() -> None:
    assert set(TITLES) == {*get_args(Why)} - {"failed"}
    assert len(set(TITLES.values())) == len(TITLES)


def test_a_summary_tells_lap_tiles_frames_and_the_best() -> None:
    assert result(drove(ended(taken_back=50), before=Best(930.0, 22.0))) == [
        ("lap", "0:21.3"),
        ("tiles", "1 of 4 missed"),
        ("frames", "1,065 kept, 50 rewound"),
        ("best", "score 930, lap 0:21.3"),
    ]
    left = result(drove(ended("stopped", lap_time_s=None)))
    assert left[:2] == [("lap", "not finished"), ("tiles", "3 of 4 touched")]


def test_a_summary_says_what_became_of_the_frames() -> None:
    frames = {
        "kept": drove(ended()),
        "marked as bad": drove(ended("discarded")),
        "not recorded": drove(ended(), recorded=False),
    }
    for said, driven in frames.items():
        assert said in dict(result(driven))["frames"]


def test_a_summary_says_how_a_learner_was_corrected() -> None:
    counted = {"interventions": 1, "takeover_rows": 40, "shadow_rows": 1200}
    end = ended()
    driven = drove(replace(end, figures={**end.figures, **counted}))
    assert dict(result(driven))["corrected"] == "1 takeover, 1,240 frames labelled"
    assert "corrected" not in dict(result(drove(end)))


def test_a_summary_tells_what_came_of_a_round_that_was_learned_from() -> None:
    news = ("round 1", "843, was 552; 23 of 25 fixed")
    assert news in result(replace(drove(ended()), news=news))


@pytest.mark.parametrize(
    ("driven", "said"),
    [
        (drove(ended(), before=Best()), "Track 7: new best score and lap time"),
        (drove(ended(), before=Best(930.0, 22.0)), "Track 7: new best lap time"),
        (drove(ended(), before=Best(930.0, 20.0)), "Track 7"),
        (drove(ended("discarded"), before=Best()), "Track 7"),
        (drove(ended(), recorded=False, before=Best()), "Track 7"),
    ],
)
def test_a_new_best_is_said_where_the_lap_was_finished_and_recorded(driven: Driven, said: str) -> None:
    assert headline(driven) == said


def test_after_a_lap_comes_the_next_track_the_same_or_practice(window: Window) -> None:
    offered = [what for what, _, _ in choices(stage(window), drove(ended()), 8, practice=False)]
    assert offered == ["next: track 8", "track 7 again", "practise, unrecorded", "quit"]
    assert choices(stage(window), drove(ended()), None, practice=False)[0] == ("leave: it was the last", "N", "RB")
    assert choices(stage(window), drove(ended()), 8, practice=True)[2] == ("record again", "T", "D-pad left")


def test_who_only_watches_is_asked_nothing_and_can_still_answer(window: Window) -> None:
    watching = stage(window, expert="autopilot")
    assert len(choices(watching, drove(ended()), 8, practice=False)) == 3
    assert summarise(watching, drove(ended()), Meadow(), 8, practice=False) is None
    answering = stage(window, pressing(pygame.K_t), pressing(pygame.K_r), expert="autopilot")
    assert summarise(answering, drove(ended()), Meadow(), 8, practice=False) is Flow.AGAIN


def test_pause_goes_on_to_the_next_track(window: Window) -> None:
    assert summarise(stage(window, SPACE), drove(ended()), Meadow(), 8, practice=False) is Flow.NEXT


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("why", TITLES)
def test_a_summary_shows_the_drive_line_on_the_map(size: tuple[int, int], why: Why) -> None:
    window = Window("test", size)
    summarise(stage(window, SPACE), drove(ended(why)), Meadow(), 8, practice=False)
    assert shows(window, LINE)
    window.close()


# A failure ------------------------------------------------------------------------------------------------------------


def test_a_failure_is_written_out_whole_until_somebody_has_read_it(window: Window) -> None:
    def inked() -> int:
        return int((pygame.surfarray.array3d(window.canvas) != pygame.Color(DARK)[:3]).any(axis=2).sum())

    failed(stage(window, ENTER, SPACE), "short")
    short = inked()
    failed(stage(window, SPACE), "the disk is full; " + "everything so far is safe " * 20)
    assert inked() > 2 * short


def test_a_failure_that_nobody_is_there_to_read_does_not_wait_for_ever(window: Window) -> None:
    clock = FakeClock()
    seat = Seat(window, [Keyboard()], Bindings(), stand_in("autopilot"))
    failed(Stage(window, seat, PacedMetronome(HZ, clock.now, clock.sleep)), "the disk is full")
    assert clock.seconds == pytest.approx(UNREAD_S, abs=0.1)
