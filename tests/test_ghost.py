"""The learner's next second: where it leads, how it is drawn, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.frame import Action, Frame, Source, Start, Tick
from teleop.ghost import predicted
from teleop.pen import ACCENT, RECORDING
from teleop.road import Road
from teleop.sinks.ghost import draw_ghost
from teleop.sinks.hud import Hud
from teleop.window import Window
from teleop.worlds.track import TrackWorld
from tests.fakes import ToyWorld
from tests.test_hud import GreenWorld, Somebody

STRAIGHT_ON: Action = np.array([0, 0, 0], np.float32)
OUTCOME = ToyWorld().reset(1)
WIDE = Road([(-400, -60), (400, -60), (400, 60), (-400, 60)], 80.0)
"""The car, in its middle, looks along it."""
NARROW = Road([(-400, 0), (400, 0), (400, 400), (-400, 400)], 5.0)
"""The car is on its centre line."""


def pose(heading: float = 0.0, speed: float = 50.0) -> npt.NDArray[np.float32]:
    return np.array([0, 0, heading, speed], np.float32)


def test_a_car_that_rolls_straight_on_is_as_far_ahead_as_it_rolls_in_a_second() -> None:
    path = predicted(pose(), pose(), STRAIGHT_ON)
    assert path.shape == (25, 2)
    assert path[-1] == pytest.approx((50, 0))
    assert path[11] == pytest.approx((24, 0))


@pytest.mark.parametrize(("steering", "side"), [(-0.1, 1), (0.1, -1)])
def test_negative_steering_bends_it_to_the_left(steering: float, side: int) -> None:
    path = predicted(pose(), pose(), np.array([steering, 0, 0], np.float32))
    assert (np.diff(side * path[:, 1]) > 0).all()
    assert side * path[-1, 1] > 10


def test_a_car_that_turns_goes_on_turning_at_first() -> None:
    path = predicted(pose(-0.04), pose(), STRAIGHT_ON)
    assert path[0, 1] > 0


def test_a_car_that_stands_stays_and_full_brake_stops_one() -> None:
    assert (predicted(pose(speed=0), pose(speed=0), np.array([1, 0, 0], np.float32)) == 0).all()
    assert predicted(pose(), pose(), np.array([0, 0, 1], np.float32))[-1, 0] < 8


def test_the_simulator_agrees_where_an_action_is_held_in_a_bend() -> None:
    world = TrackWorld()
    world.reset(7)
    held = np.array([-0.1, 0.0, 0.0], np.float32)
    poses = [world.step(np.array([0, 0.6, 0], np.float32)).pose for _ in range(50)]
    for _ in range(8):
        poses.append(world.step(held).pose)
    path = predicted(poses[-2], poses[-1], held)
    driven = [world.step(held).pose for _ in range(24)]
    assert np.hypot(*(path[11] - driven[23][:2])) < 1.0


class Ahead(GreenWorld):
    """Shows ten pixels a track unit, the car at (500, 600), what lies ahead of it above."""

    def view(self) -> Ahead:
        return self

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.stack([500 - 10 * xy[..., 1], 600 - 10 * xy[..., 0]], axis=-1)


def shown(window: Window, road: Road, proposals: Mapping[Source, Action], wanted: bool = True) -> pygame.Surface:
    hud = Hud(window, Ahead(), None, Somebody(ghost_wanted=wanted))
    hud.on_start(Start(1, "dagger", paced=True, learner={"name": "town", "sha256": ""}, road=road))
    now = replace(OUTCOME, pose=pose())
    hud.on_frame(Frame(Tick(0, 0, now), proposals, Source.LEARNER, STRAIGHT_ON, False, 0.0, 0, now))
    return window.canvas


LEARNER = {Source.LEARNER: STRAIGHT_ON}


def test_dots_lead_ahead_of_the_car_to_where_the_learner_is_going(window: Window) -> None:
    canvas = shown(window, WIDE, LEARNER)
    assert canvas.get_at((500, 600 - 200)) == pygame.Color(ACCENT)
    assert canvas.get_at((500, 600 - 210)) != pygame.Color(ACCENT)  # dots, no line


def red_pixels(canvas: pygame.Surface) -> int:
    """Within the picture, inside its border."""
    picture = canvas.subsurface((20, 80, 960, 600))
    return pygame.mask.from_threshold(picture, pygame.Color(RECORDING), (1, 1, 1, 255)).count()


def test_a_red_cross_stands_where_it_leaves_the_road(window: Window) -> None:
    assert red_pixels(shown(window, WIDE, LEARNER)) == 0
    to_the_left = {Source.LEARNER: np.array([-0.2, 0, 0], np.float32)}
    canvas = shown(window, NARROW, to_the_left)
    assert red_pixels(canvas) > 200
    path = predicted(pose(), pose(), to_the_left[Source.LEARNER])
    x, y = Ahead().to_screen(path[np.argmax(path[:, 1] > 5)])
    assert canvas.get_at((round(x), round(y))) == pygame.Color(RECORDING)


def test_there_is_none_without_a_learner_or_where_nobody_wants_it(window: Window) -> None:
    for proposals, wanted in (({Source.HUMAN: STRAIGHT_ON}, True), (LEARNER, False)):
        assert shown(window, WIDE, proposals, wanted).get_at((500, 400)) != pygame.Color(ACCENT)


def test_it_takes_a_fraction_of_a_millisecond(window: Window) -> None:
    road = Road([(400 * np.cos(angle), 400 * np.sin(angle)) for angle in np.linspace(0, 6.2, 300)], 7)
    took = []
    for _ in range(30):
        began = time.perf_counter()
        path = predicted(pose(), pose(), STRAIGHT_ON)
        draw_ghost(window.canvas, window.pen, window.canvas.get_rect(), Ahead(), road, path)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.6e-3, f"{1000 * min(took):.2f} ms"
