"""What the driver sees, checked at the pixels that say it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.bindings import Bindings, Flow, Rewind
from teleop.frame import Command, End, Frame, Outcome, Source, Start, Tick
from teleop.loop import CRASHED, PAUSED, REWOUND
from teleop.pen import ACCENT, DIM, INK, RECORDING, TRACK, WARNING, Anchor, Pen
from teleop.sinks.gauges import lap_clock, lap_text
from teleop.sinks.hud import Hud
from teleop.sinks.messages import HEAD, Situation, message
from teleop.sinks.picture import draw_picture
from teleop.window import FOCUS_LOST, SIZE, Window
from teleop.worlds.track import TrackWorld
from tests.fakes import ToyWorld

LIGHT = (38, 36)
STEERING_MIDDLE = (506, 720)
GAS_LEFT, BRAKE_LEFT = (350, 748), (350, 776)
COUNT = pygame.Rect(100, 16, 150, 40)
BEHIND = pygame.Rect(200, 68, 600, 40)
OUTCOME = ToyWorld().reset(1)
TICK = Tick(0, 0, OUTCOME)
START = Start(seed=1, mode="demo", paced=True)
LEARNERS = replace(START, mode="dagger", learner={"name": "town.safetensors", "sha256": ""})
LONG_NAME = "A Gamepad Of A Maker Who Is As Proud Of It As Of Its Extraordinarily Long Name, Wireless"
MAP = pygame.Rect(834, 508, 150, 150)


class GreenWorld:
    """Shows a green field, and counts how often it is asked to."""

    def __init__(self) -> None:
        self.drawn = 0

    def view(self) -> GreenWorld:
        return self

    def draw(self, surface: pygame.Surface) -> None:
        self.drawn += 1
        surface.fill("darkgreen")

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return xy

    def figures(self) -> Mapping[str, float | int | None]:
        return {"score": 12.0, "steps": 100}


@dataclass
class Rows:
    """A recorder's count."""

    rows_recorded: int = 0
    rows_behind: int = 0


@dataclass
class Somebody:
    """At the wheel."""

    name: str = "keyboard"
    person: bool = True
    help_wanted: bool = False
    ghost_wanted: bool = True
    bindings: Bindings = field(default_factory=Bindings)


class ReadPen(Pen):
    """Remembers what was written, where and in which colour."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, tuple[pygame.Rect, str]] = {}

    def text(
        self,
        surface: pygame.Surface,
        string: str,
        xy: tuple[float, float],
        size: int,
        colour: str = INK,
        anchor: Anchor = "topleft",
    ) -> pygame.Rect:
        rect = super().text(surface, string, xy, size, colour, anchor)
        self.written[string] = rect, colour
        return rect


@pytest.fixture
def pen(window: Window) -> ReadPen:
    """Of the window."""
    window.pen = ReadPen()
    return window.pen


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def world() -> GreenWorld:
    return GreenWorld()


@pytest.fixture
def hud(window: Window, pen: ReadPen, world: GreenWorld, rows: Rows) -> Hud:
    window.pen = pen
    hud = Hud(window, world, rows, Somebody())
    hud.on_start(START)
    return hud


def frame(*action: float, result: Outcome = OUTCOME, late_ms: float = 0.0) -> Frame:
    executed = np.array(action or (0, 0, 0), np.float32)
    return Frame(TICK, {Source.HUMAN: executed}, Source.HUMAN, executed, True, 0.0, round(late_ms * 1e6), result)


def colour(window: Window, xy: tuple[int, int]) -> pygame.Color:
    return window.canvas.get_at(xy)


def picture(window: Window, rect: pygame.Rect) -> bytes:
    return pygame.image.tobytes(window.canvas.subsurface(rect), "RGB")


def test_the_world_is_drawn_once_a_tick(hud: Hud, world: GreenWorld) -> None:
    for _ in range(3):
        hud.on_frame(frame())
    hud.on_idle(TICK, PAUSED)
    assert world.drawn == 4


def test_news_is_told_in_the_first_five_seconds(window: Window, pen: ReadPen, world: GreenWorld, rows: Rows) -> None:
    window.pen = pen
    hud = Hud(window, world, rows, Somebody(), ("round 1", "843, was 552; 23 of 25 fixed"))
    hud.on_start(START)
    hud.on_frame(replace(frame(), tick=replace(TICK, step=249)))
    assert "round 1: 843, was 552; 23 of 25 fixed" in pen.written
    pen.written.clear()
    hud.on_frame(replace(frame(), tick=replace(TICK, step=250)))
    assert not any("round 1" in text for text in pen.written)


def test_the_light_burns_only_while_frames_are_recorded(hud: Hud, window: Window) -> None:
    hud.on_frame(frame())
    assert colour(window, LIGHT) == pygame.Color(RECORDING)
    hud.on_idle(TICK, PAUSED)
    assert colour(window, LIGHT) != pygame.Color(RECORDING)
    hud.on_frame(frame())
    hud.on_end(End("stopped", 1, 1, OUTCOME, {}))
    assert colour(window, LIGHT) != pygame.Color(RECORDING)


def test_the_count_beside_the_light_grows_with_what_was_recorded(hud: Hud, window: Window, rows: Rows) -> None:
    hud.on_frame(frame())
    before = picture(window, COUNT)
    hud.on_frame(frame())
    assert picture(window, COUNT) == before
    rows.rows_recorded = 1
    hud.on_frame(frame())
    assert picture(window, COUNT) != before


@pytest.mark.parametrize(("steering", "left", "right"), [(-0.5, ACCENT, TRACK), (0.5, TRACK, ACCENT)])
def test_the_steering_gauge_points_where_the_wheels_do(
    hud: Hud, window: Window, steering: float, left: str, right: str
) -> None:
    hud.on_frame(frame(steering, 0, 0))
    x, y = STEERING_MIDDLE
    assert colour(window, (x - 20, y)) == pygame.Color(left)
    assert colour(window, (x + 20, y)) == pygame.Color(right)


def test_gas_and_brake_have_gauges_of_different_colours(hud: Hud, window: Window) -> None:
    hud.on_frame(frame(0, 1, 0.5))
    assert colour(window, GAS_LEFT) == pygame.Color(ACCENT)
    assert colour(window, BRAKE_LEFT) == pygame.Color(WARNING)
    hud.on_frame(frame(0, 0, 0))
    assert colour(window, GAS_LEFT) == colour(window, BRAKE_LEFT) == pygame.Color(TRACK)


def test_a_disk_that_falls_behind_is_told_long_before_the_queue_is_full(hud: Hud, window: Window, rows: Rows) -> None:
    rows.rows_behind = 100
    hud.on_frame(frame())
    calm = picture(window, BEHIND)
    rows.rows_behind = 101
    hud.on_frame(frame())
    assert picture(window, BEHIND) != calm


def test_the_cadence_is_always_shown_and_lateness_beyond_a_tick_stands_out(hud: Hud, pen: ReadPen) -> None:
    for time_ns in (20_000_000, 40_000_000):
        hud.on_frame(at(time_ns, late_ms=4))
    assert pen.written["50.0 Hz, 4 ms late"][1] == DIM
    hud.on_frame(at(60_000_000, late_ms=30))
    assert pen.written["50.0 Hz, 30 ms late!"][1] == WARNING


def test_a_pause_is_no_late_tick(hud: Hud, pen: ReadPen) -> None:
    for time_ns in (20_000_000, 40_000_000):
        hud.on_frame(at(time_ns, late_ms=0))
    pen.written.clear()
    hud.on_idle(TICK, PAUSED)
    for time_ns in (9_000_000_000, 9_020_000_000):
        hud.on_frame(at(time_ns, late_ms=0))
    assert [text for text in pen.written if "Hz" in text] == ["50.0 Hz, 0 ms late"]


def at(time_ns: int, late_ms: float) -> Frame:
    stepped = frame(late_ms=late_ms)
    tick = Tick(1, time_ns, OUTCOME)
    return Frame(tick, stepped.proposals, stepped.driver, stepped.action, True, 0.0, stepped.late_ns, OUTCOME)


def test_a_crash_asks_finish_rewind_or_discard_and_nothing_else() -> None:
    bindings = Bindings()
    said = message(CRASHED, Situation(bindings))
    assert [keys for _, *keys in said.hints] == [
        list(HEAD[1:]),
        *(list(bindings.hint(command)) for command in (Rewind(1), Command.FINISH, Command.DISCARD)),
    ]


@pytest.mark.parametrize("why", [PAUSED, "Virtual Pad was unplugged", FOCUS_LOST])
def test_a_pause_says_why_and_how_to_go_on(why: str) -> None:
    said = message(why, Situation(Bindings()))
    assert said.title.lower() == why.lower()
    assert any("Touch a control or press Space or Start to drive on." in line for line in said.lines)


def test_a_rewind_says_how_far_it_went_since_the_car_was_driven(hud: Hud, pen: ReadPen) -> None:
    hud.on_frame(replace(frame(), tick=Tick(179, 0, OUTCOME)))
    hud.on_idle(Tick(130, 0, OUTCOME), REWOUND)
    assert "Rewound 1.0 s" in pen.written
    hud.on_idle(Tick(30, 0, OUTCOME), REWOUND)
    assert "Rewound 3.0 s" in pen.written
    assert "one more second back" in pen.written


def test_help_shows_every_key_and_button_instead_of_the_message(window: Window, pen: ReadPen) -> None:
    hud = Hud(window, GreenWorld(), Rows(), Somebody(help_wanted=True))
    hud.on_start(START)
    hud.on_idle(TICK, PAUSED)
    assert {what for what, _, _ in Bindings().help_table()} <= set(pen.written)
    assert "Paused" not in pen.written


def test_help_in_a_crash_promises_no_touch_that_drives_on(window: Window, pen: ReadPen) -> None:
    hud = Hud(window, GreenWorld(), Rows(), Somebody(help_wanted=True))
    hud.on_start(START)
    hud.on_idle(TICK, CRASHED)
    assert "Back: F1 or D-pad right" in pen.written


@pytest.mark.parametrize(
    ("start", "word"), [(START, "practice"), (LEARNERS, "watching"), (replace(START, expert="autopilot"), "watching")]
)
def test_what_is_not_recorded_says_so(window: Window, pen: ReadPen, start: Start, word: str) -> None:
    hud = Hud(window, GreenWorld(), None, Somebody())
    hud.on_start(start)
    hud.on_frame(frame())
    assert {word, "not recorded"} <= set(pen.written)
    assert "REC" not in pen.written
    assert colour(window, LIGHT) != pygame.Color(RECORDING)


@pytest.mark.parametrize(
    ("start", "driver", "who"),
    [
        (START, Source.HUMAN, "you · keyboard"),
        (replace(START, expert="autopilot"), Source.HUMAN, "keyboard drives"),
        (LEARNERS, Source.LEARNER, "town.safetensors drives · keyboard in hand"),
        (LEARNERS, Source.HUMAN, "you drive · keyboard"),
    ],
)
def test_it_says_who_drives_and_with_what(hud: Hud, pen: ReadPen, start: Start, driver: Source, who: str) -> None:
    hud.on_start(start)
    hud.on_frame(replace(frame(), driver=driver))
    assert who in pen.written


def slow(stepped: Frame, time_scale: float) -> Frame:
    return replace(stepped, tick=replace(stepped.tick, time_scale=time_scale))


def test_a_pause_says_at_which_pace_driving_goes_on(hud: Hud, pen: ReadPen) -> None:
    hud.on_idle(TICK, PAUSED)
    assert not any("0.5x" in text for text in pen.written)
    hud.on_idle(replace(TICK, time_scale=0.5), PAUSED)
    assert any("drive on at 0.5x" in text for text in pen.written)


def test_slow_motion_is_told_while_it_lasts(hud: Hud, pen: ReadPen) -> None:
    hud.on_frame(frame())
    assert not any("slow" in text for text in pen.written)
    hud.on_frame(slow(frame(), 0.5))
    assert "0.5x slow motion" in pen.written


def test_a_stand_in_that_jumps_back_says_so_for_a_second(window: Window, pen: ReadPen, world: GreenWorld) -> None:
    window.pen = pen
    hud = Hud(window, world, None, Somebody("simulated", person=False))
    hud.on_start(LEARNERS)
    for step, told in ((299, False), (150, True), (199, True), (200, False)):
        pen.written.clear()
        hud.on_frame(replace(frame(), tick=replace(TICK, step=step)))
        assert ("simulated went back 3 s" in pen.written) == told


def test_a_person_sees_where_their_rewind_waits_and_needs_no_word(hud: Hud, pen: ReadPen) -> None:
    hud.on_frame(replace(frame(), tick=replace(TICK, step=299)))
    hud.on_frame(replace(frame(), tick=replace(TICK, step=150)))
    assert not any("went back" in text for text in pen.written)


def test_a_push_shows_on_the_steering_gauge_in_word_and_colour(hud: Hud, window: Window, pen: ReadPen) -> None:
    x, y = STEERING_MIDDLE
    hud.on_frame(replace(frame(0.5, 0, 0), nudge=0.3))
    assert "pushed" in pen.written
    assert colour(window, (x + 60, y)) == pygame.Color(WARNING)
    assert colour(window, (x + 20, y)) == pygame.Color(ACCENT)


@pytest.mark.parametrize("size", [(300, 200), (640, 480), (1000, 800), (900, 1100), (2560, 1600)])
def test_at_every_size_all_text_is_on_the_window_and_none_lies_on_another(
    window: Window, pen: ReadPen, size: tuple[int, int]
) -> None:
    pygame.display.set_mode(size, pygame.RESIZABLE)
    window.pump()
    hud = Hud(window, GreenWorld(), Rows(1_234_567, 1_400), Somebody(LONG_NAME))
    hud.on_start(START)
    hud.on_frame(slow(replace(frame(late_ms=120), nudge=0.2), 0.25))
    assert_tidy(window, pen)
    for why in (PAUSED, REWOUND, CRASHED, FOCUS_LOST, f"{LONG_NAME} was unplugged"):
        pen.written.clear()
        hud.on_idle(TICK, why)
        assert_tidy(window, pen)


def assert_tidy(window: Window, pen: ReadPen) -> None:
    places = {text: rect.inflate(-2, -6) for text, (rect, _) in pen.written.items() if text}
    for text, rect in places.items():
        assert window.canvas.get_rect().contains(rect), text
        assert [other for other in places if places[other].colliderect(rect)] == [text]


def test_at_every_size_the_world_keeps_its_proportions_and_its_own_dashboard_is_hidden(window: Window) -> None:
    for size in [(640, 480), (1500, 800), (900, 1100)]:
        pygame.display.set_mode(size, pygame.RESIZABLE)
        window.pump()
        draw_picture(window.canvas, HalvesWorld(), bottom=size[1] - 100)
        shown = pygame.surfarray.array3d(window.canvas)
        white = np.argwhere(shown.min(axis=2) == 255)
        width, height = white.max(axis=0) - white.min(axis=0) + 1
        assert width / height == pytest.approx(1000 / 700, rel=0.01)
        assert not (shown == pygame.Color("magenta")[:3]).all(axis=2).any()


class HalvesWorld(GreenWorld):
    """White, and magenta where the world's own dashboard is."""

    def draw(self, surface: pygame.Surface) -> None:
        surface.fill("white")
        surface.fill("magenta", surface.get_rect(top=-(-surface.get_height() * 7 // 8)))


def test_the_map_follows_the_car_in_a_world_with_a_road(window: Window, pen: ReadPen) -> None:
    world = TrackWorld(picture=True)
    with closing(world):
        outcome = world.reset(3)
        hud = Hud(window, world, None, Somebody())
        hud.on_start(replace(START, road=world.road))
        hud.on_frame(frame(result=outcome))
        assert "tiles missed: 0" in pen.written
        before = picture(window, MAP)
        for _ in range(120):
            outcome = world.step(np.array([0, 1, 0], np.float32))
        hud.on_frame(frame(result=outcome))
        assert picture(window, MAP) != before


def test_a_world_without_a_road_has_no_map(hud: Hud, pen: ReadPen) -> None:
    hud.on_frame(frame())
    assert not any("tiles" in text for text in pen.written)


def test_where_nothing_is_recorded_nothing_is_offered_to_keep() -> None:
    for why in (PAUSED, REWOUND, CRASHED):
        said = message(why, Situation(Bindings(), recorded=False))
        words = " ".join([*said.lines, *(what for what, _, _ in said.hints)])
        assert not any(word in words for word in ("keep", "discard", "recorded", "safe"))


def test_who_watches_is_not_asked_to_touch_a_control() -> None:
    said = message(PAUSED, Situation(Bindings(), person=False))
    assert said.lines[0] == "Press Space or Start to go on."


def test_a_lost_focus_is_asked_back_until_it_is() -> None:
    assert "Click it to come back." in message(FOCUS_LOST, Situation(Bindings(), focused=False)).lines
    assert "Click it to come back." not in message(FOCUS_LOST, Situation(Bindings(), focused=True)).lines


def test_a_rewind_that_could_go_no_further_says_so() -> None:
    assert message(REWOUND, Situation(Bindings())).title == "Back at the start"


def test_a_message_lies_over_the_picture(hud: Hud, window: Window) -> None:
    hud.on_frame(frame())
    centre = (SIZE[0] // 2, 360)
    before = colour(window, centre)
    hud.on_idle(TICK, CRASHED)
    assert colour(window, centre) != before


def test_a_lap_time_reads_as_minutes_and_seconds() -> None:
    assert [lap_text(seconds) for seconds in (0, 9.96, 67.3, 600)] == ["0:00.0", "0:10.0", "1:07.3", "10:00.0"]


def test_a_lap_time_never_shows_sixty_seconds() -> None:
    assert lap_text(59.97) == "1:00.0"


def test_the_lap_clock_runs_with_the_steps_and_stops_at_the_line() -> None:
    assert lap_clock({"steps": 100, "lap_time_s": None}) == "lap 0:02.0"
    assert lap_clock({"steps": 900, "lap_time_s": 16.5}) == "lap 0:16.5, finished"


class Simulator(GreenWorld):
    """Not scored, measured in another unit, and never still."""

    speedometer = ("mph", 2.0)

    def figures(self) -> Mapping[str, float | int | None]:
        return {"autonomy": 0.9, "interventions": 1, "steps": 100}

    def rest(self) -> Outcome:
        return OUTCOME


def test_a_drive_that_nobody_scores_shows_its_autonomy_and_speed_in_its_own_unit(window: Window, pen: ReadPen) -> None:
    hud = Hud(window, Simulator(), None, Somebody())
    hud.on_start(LEARNERS)
    fast = replace(OUTCOME, pose=np.array([np.nan, np.nan, np.nan, 7.0], np.float32))
    hud.on_frame(frame(result=fast))
    assert {"14", "mph", "90%", "autonomy", "1 intervention"} <= set(pen.written)


def test_a_pause_in_a_live_world_offers_no_way_back(window: Window, pen: ReadPen) -> None:
    hud = Hud(window, Simulator(), Rows(), Somebody(bindings=Bindings().without(Rewind(1), Flow.NEXT)))
    hud.on_start(LEARNERS)
    hud.on_idle(TICK, PAUSED)
    assert "The car rolls on without gas." in pen.written
    assert "finish: keep it" in pen.written
    assert not {"go back 1 s", "next track"} & set(pen.written)


# Beside a learner -----------------------------------------------------------------------------------------------------

EDGE = (500, 3)
STEERING = pygame.Rect(346, 706, 320, 28)


def beside(human: float | None, learner: float, driver: Source = Source.LEARNER, hands_on: bool = True) -> Frame:
    """A frame in which they want to steer so far."""
    wanted = {Source.LEARNER: learner} | ({} if human is None else {Source.HUMAN: human})
    proposals = {source: np.array([steering, 0, 0], np.float32) for source, steering in wanted.items()}
    return replace(frame(), proposals=proposals, driver=driver, action=proposals[driver], hands_on=hands_on)


@pytest.mark.parametrize(
    ("driven", "seen", "said"),
    [
        (beside(0.0, 0.5, hands_on=False), ACCENT, "town.safetensors drives · keyboard in hand"),
        (beside(0.0, 0.5, Source.HUMAN), RECORDING, "you drive · keyboard"),
        (beside(0.0, 0.5), WARNING, "town.safetensors drives · you steer along"),
    ],
)
def test_border_and_word_say_who_drives(
    hud: Hud, window: Window, pen: ReadPen, driven: Frame, seen: str, said: str
) -> None:
    hud.on_start(LEARNERS)
    hud.on_frame(driven)
    assert colour(window, EDGE) == pygame.Color(seen)
    assert pen.written[said][1] == seen


def test_after_a_rewind_nobody_has_taken_over_yet(hud: Hud, window: Window) -> None:
    hud.on_start(LEARNERS)
    hud.on_frame(beside(-0.5, 0.5, Source.HUMAN))
    hud.on_idle(TICK, PAUSED)
    assert colour(window, EDGE) == pygame.Color(RECORDING)
    hud.on_idle(TICK, REWOUND)
    assert colour(window, EDGE) == pygame.Color(ACCENT)


@pytest.mark.parametrize(("hands_on", "wheels", "told"), [(False, 0, True), (False, 1, False), (True, 0, False)])
def test_who_lets_go_off_the_road_reads_why_the_learner_does_not_drive(
    hud: Hud, pen: ReadPen, hands_on: bool, wheels: int, told: bool
) -> None:
    driven = beside(0.0, 0.5, Source.HUMAN, hands_on)
    driven = replace(driven, result=replace(OUTCOME, wheels_on_road=wheels))
    hud.on_frame(driven)
    assert not any("yours until" in text for text in pen.written), "alone there is nobody to give back to"
    hud.on_start(LEARNERS)
    hud.on_frame(driven)
    assert any("yours until" in text for text in pen.written) == told


def test_without_a_learner_there_is_no_border(hud: Hud, window: Window) -> None:
    hud.on_frame(frame())
    assert colour(window, EDGE) == pygame.Color("darkgreen")


def test_two_needles_show_what_both_want_and_how_far_that_is_apart(hud: Hud, window: Window) -> None:
    hud.on_start(LEARNERS)
    hud.on_frame(beside(-0.5, 0.5))
    middle, quarter = STEERING_MIDDLE[0] + 40, (666 - 346) // 4
    assert colour(window, (middle, STEERING_MIDDLE[1])) == pygame.Color(WARNING), "the difference"
    y = STEERING_MIDDLE[1] + 2
    row = [colour(window, (x, y)) for x in range(STEERING.left, STEERING.right)]
    assert row.index(pygame.Color(RECORDING)) < quarter + 10 < row.index(pygame.Color(ACCENT))


@pytest.mark.parametrize("driven", [beside(-0.5, 0.5, hands_on=False), beside(None, 0.5)])
def test_without_hands_there_is_one_bar_and_no_needle(hud: Hud, window: Window, driven: Frame) -> None:
    hud.on_start(LEARNERS)
    hud.on_frame(driven)
    assert pygame.Color(RECORDING) not in [
        colour(window, (x, STEERING_MIDDLE[1])) for x in range(STEERING.left, STEERING.right)
    ]


def test_where_a_touch_takes_no_wheel_it_is_said_to_steer_along() -> None:
    said = message(PAUSED, Situation(Bindings(), learner=True, takes_over=False))
    assert said.lines[0] == "Touch a control to steer along, or press Space or Start to let the learner drive on."


@pytest.mark.parametrize("driver", list(Source)[:2])
def test_only_what_the_learner_did_by_itself_can_happen_again(hud: Hud, pen: ReadPen, driver: Source) -> None:
    hud.on_start(LEARNERS)
    hud.on_frame(replace(beside(0.0, 0.0, driver), tick=replace(TICK, step=99)))
    hud.on_idle(replace(TICK, step=50, drove_here=driver), REWOUND)
    assert any("happen again" in text for text in pen.written) == (driver is Source.LEARNER)


def test_the_round_is_told_beside_the_light(hud: Hud, pen: ReadPen) -> None:
    hud.on_start(replace(LEARNERS, round=2))
    hud.on_frame(frame())
    assert any(text.endswith("frames, round 2") for text in pen.written)


def test_after_a_rewind_beside_a_learner_it_may_happen_again() -> None:
    said = message(REWOUND, Situation(Bindings(), seconds_back=2, learner=True, repeatable=True))
    assert ("let it happen again, steer along", "L", "LS") in said.hints
    assert said.lines == ("Touch a control to take over, or press Space or Start to let the learner drive on.",)
    lost = message(FOCUS_LOST, Situation(Bindings(), learner=True, repeatable=True))
    assert ("let it happen again, steer along", "L", "LS") in lost.hints, "who looked away meanwhile can still do that"
    assert not any("happen again" in what for what, _, _ in message(REWOUND, Situation(Bindings())).hints)
