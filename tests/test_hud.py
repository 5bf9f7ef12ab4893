"""What the driver sees, checked at the pixels that say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.bindings import Bindings, Rewind
from teleop.frame import Command, End, Frame, Outcome, Source, Start, Tick
from teleop.loop import CRASHED, PAUSED
from teleop.pen import ACCENT, DIM, RECORDING, TRACK, WARNING
from teleop.sinks.gauges import lap_text
from teleop.sinks.hud import Hud
from teleop.sinks.messages import message
from teleop.window import SIZE, Window
from tests.fakes import ToyWorld

LIGHT = (38, 36)
STEERING_MIDDLE = (506, 720)
GAS_LEFT, BRAKE_LEFT = (350, 748), (350, 776)
COUNT = pygame.Rect(100, 16, 150, 40)
BEHIND = pygame.Rect(200, 68, 600, 40)
OUTCOME = ToyWorld().reset(1)
TICK = Tick(0, 0, OUTCOME)


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
    help_wanted: bool = False
    bindings: Bindings = field(default_factory=Bindings)


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def world() -> GreenWorld:
    return GreenWorld()


@pytest.fixture
def hud(window: Window, world: GreenWorld, rows: Rows) -> Hud:
    hud = Hud(window, world, rows, Somebody())
    hud.on_start(Start(seed=1, mode="demo", paced=True))
    return hud


def frame(*action: float, result: Outcome = OUTCOME, late_ms: float = 0.0) -> Frame:
    executed = np.array(action or (0, 0, 0), np.float32)
    return Frame(TICK, {Source.HUMAN: executed}, Source.HUMAN, executed, True, 0.0, 1.0, round(late_ms * 1e6), result)


def colour(window: Window, xy: tuple[int, int]) -> pygame.Color:
    return window.canvas.get_at(xy)


def picture(window: Window, rect: pygame.Rect) -> bytes:
    return pygame.image.tobytes(window.canvas.subsurface(rect), "RGB")


def test_the_world_is_drawn_once_a_tick(hud: Hud, world: GreenWorld) -> None:
    for _ in range(3):
        hud.on_frame(frame())
    hud.on_idle(TICK, PAUSED)
    assert world.drawn == 4


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


def test_the_cadence_is_shown_and_lateness_beyond_a_tick_stands_out(hud: Hud, window: Window) -> None:
    def colours() -> set[tuple[int, ...]]:
        line = window.canvas.subsurface(pygame.Rect(20, 772, 200, 24))
        return {tuple(line.get_at((x, y)))[:3] for x in range(200) for y in range(24)}

    for time_ns in (20_000_000, 40_000_000):
        hud.on_frame(at(time_ns, late_ms=4))
    assert tuple(pygame.Color(DIM))[:3] in colours()
    hud.on_frame(at(60_000_000, late_ms=30))
    assert tuple(pygame.Color(WARNING))[:3] in colours()


def at(time_ns: int, late_ms: float) -> Frame:
    stepped = frame(late_ms=late_ms)
    tick = Tick(1, time_ns, OUTCOME)
    return Frame(tick, stepped.proposals, stepped.driver, stepped.action, True, 0.0, 1.0, stepped.late_ns, OUTCOME)


def test_a_crash_asks_finish_rewind_or_discard_and_nothing_else() -> None:
    bindings = Bindings()
    said = message(CRASHED, bindings)
    assert [keys for _, *keys in said.hints] == [
        list(bindings.hint(command)) for command in (Rewind(1), Command.FINISH, Command.DISCARD)
    ]


@pytest.mark.parametrize("why", [PAUSED, "Virtual Pad was unplugged", "the window lost its focus"])
def test_a_pause_says_why_and_how_to_go_on(why: str) -> None:
    said = message(why, Bindings())
    assert said.title.lower() == why.lower()
    assert any("Touch a control or press Space to drive on." in line for line in said.lines)


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
