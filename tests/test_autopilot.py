"""The autopilot: it laps, it comes back, it depends on the pose alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from teleop.drivers.autopilot import Autopilot, AutopilotConfig, RacingLine
from teleop.frame import HZ, Action, Outcome, Start, Tick
from teleop.road import Road
from teleop.worlds.track import TrackWorld

SHORT = 185
"""The seed of a short track."""


def oval() -> Road:
    """Straights of 400, half circles of radius 40, driven counter-clockwise from (0, -40)."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 36)[1:-1]
    right = np.stack([400 + 40 * np.cos(angle), 40 * np.sin(angle)], axis=1)
    bottom = np.stack([np.linspace(0, 400, 115), np.full(115, -40.0)], axis=1)
    return Road(np.concatenate([bottom, right, [400, 0] - bottom, [400, 0] - right]), 6.67)


def on(road: Road, seed: int = 0) -> Autopilot:
    autopilot = Autopilot()
    autopilot.reset(Start(seed=seed, mode="demo", paced=False, road=road))
    return autopilot


def pose(x: float, y: float, heading: float, speed: float) -> npt.NDArray[np.float32]:
    return np.array([x, y, heading, speed], np.float32)


def test_it_laps_a_track_above_900_smoothly_and_misses_no_tile() -> None:
    world = TrackWorld(ends="stock", max_steps=1000)
    outcome = world.reset(SHORT)
    autopilot = on(world.road)
    actions: list[Action] = []
    score = 0.0
    while not outcome.why_over:
        actions.append(autopilot.act(Tick(len(actions), 0, outcome)))
        outcome = world.step(actions[-1])
        score += outcome.reward
    assert score >= 900
    assert (world.figures()["tiles_missed"], world.figures()["off_track_s"]) == (0, 0)
    assert_smooth(actions)


def assert_smooth(actions: list[Action]) -> None:
    """Steering moves by a hundredth a frame on average: easily followed, and easily learned."""
    change = np.abs(np.diff(np.array(actions[HZ:]), axis=0)).mean(axis=0)
    assert (change < [0.015, 0.05, 0.02]).all()


def test_an_action_depends_on_the_pose_alone() -> None:
    road = oval()
    poses = np.random.default_rng(0).uniform([-50, -80, -np.pi, 0], [450, 80, np.pi, 100], (200, 4)).astype(np.float32)
    forwards, backwards = on(road), on(road, seed=9)
    first = [forwards.action(p) for p in poses]
    second = [backwards.action(p) for p in poses[::-1]][::-1]
    assert (np.array(first) == np.array(second)).all()
    assert (np.array(first) >= [-1, 0, 0]).all()
    assert (np.array(first) <= [1, 1, 1]).all()
    assert first[0].dtype == np.float32


def test_it_steers_back_to_the_line_from_either_side_and_slowly_from_the_grass() -> None:
    autopilot = on(oval())
    left, right = autopilot.action(pose(200, -25, 0, 60)), autopilot.action(pose(200, -55, 0, 60))
    assert left[0] > 0.3
    assert right[0] < -0.3
    assert left[2] > 0
    assert right[2] > 0
    assert on(oval()).action(pose(200, -40, 0, 60))[1] > 0.5


def test_it_brakes_before_a_bend_and_not_on_the_straight() -> None:
    autopilot = on(oval())
    assert autopilot.action(pose(100, -40, 0, 90))[2] == 0
    assert autopilot.action(pose(397, -40, 0, 90))[2] > 0.1


def test_the_racing_line_stays_within_its_margin_and_shortens_the_lap() -> None:
    config = AutopilotConfig()
    road = oval()
    line = RacingLine(road, config)
    assert np.abs(road.locate(line.path.centre).lateral).max() <= config.margin + 0.05
    assert line.path.length < road.length - 4 * config.margin


@pytest.mark.parametrize("steering", [-1.0, 1.0])
def test_a_car_thrown_off_the_road_comes_back_and_drives_on(steering: float) -> None:
    world = TrackWorld()
    outcome = world.reset(120)
    autopilot = on(world.road)
    positions = []
    for step in range(400):
        action = autopilot.act(Tick(step, 0, outcome))
        if 70 <= step < 100:  # half a second of full lock, at full speed
            action = np.array([steering, 0.3, 0], np.float32)
        outcome = world.step(action)
        positions.append(lateral(world, outcome))
    assert np.abs(positions[70:200]).max() > 10, "it was meant to leave the road"
    assert np.abs(positions[-50:]).max() < world.road.half_width
    assert outcome.pose[3] > 20


def lateral(world: TrackWorld, outcome: Outcome) -> float:
    return float(world.road.locate(outcome.pose[:2]).lateral)


def test_where_the_road_is_unknown_it_says_so() -> None:
    with pytest.raises(ValueError, match="use another driver"):
        Autopilot().reset(Start(seed=0, mode="demo", paced=False))
    with pytest.raises(RuntimeError, match=r"call reset\(start\) first"):
        Autopilot().action(pose(0, 0, 0, 0))
