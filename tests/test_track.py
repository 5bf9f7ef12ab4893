"""The track against stock CarRacing-v3, its laps, and going back in time."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.drivers.autopilot import Autopilot
from teleop.frame import HZ, Action, Outcome, Start, Tick
from teleop.loop import Rewindable
from teleop.road import Road
from teleop.worlds.track import LapCounter, TrackWorld, versions
from teleop.worlds.track_drawing import FastCarRacing

SHORT = 185
"""The seed of a short track."""
FULL_GAS = np.array([0, 1, 0], np.float32)


def wild_drive(seed: int, steps: int) -> list[Action]:
    """On and off the road, with slides and spins."""
    random = np.random.default_rng(seed)
    low, high = np.array([-0.5, -0.2, -0.8]), np.array([0.5, 1.0, 0.5])
    held = np.repeat(np.clip(random.uniform(low, high, (steps // 8 + 1, 3)), [-1, 0, 0], 1), 8, axis=0)[:steps]
    held[:40] = FULL_GAS
    return list(held.astype(np.float32))


def drive(world: TrackWorld, actions: list[Action]) -> list[Outcome]:
    return [world.step(action) for action in actions]


def assert_same(ours: Outcome, other: Outcome) -> None:
    assert (ours.observation == other.observation).all()
    assert (ours.pose == other.pose).all()
    for name in ("reward", "wheels_on_road", "tiles_visited", "terminated", "truncated", "lap_finished"):
        assert getattr(ours, name) == getattr(other, name), name


def autopilot_lap(world: TrackWorld, seed: int, line: Road | None = None, steps: int = 2000) -> list[Outcome]:
    """Every outcome of a lap, the reset's first; `line` replaces the road that the autopilot believes in."""
    autopilot, outcomes = Autopilot(), [world.reset(seed)]
    autopilot.reset(Start(seed=seed, mode="demo", paced=False, road=line or world.road))
    for step in range(steps):
        outcomes.append(world.step(autopilot.act(Tick(step, 0, outcomes[-1]))))
        if outcomes[-1].why_over:
            break
    return outcomes


def figure(world: TrackWorld, name: str) -> float:
    """One of the world's figures that must be there."""
    value = world.figures()[name]
    assert value is not None
    return float(value)


def with_a_detour(road: Road) -> Road:
    """The road with a bulge to its left that leads past a few tiles."""
    bulge = np.clip((road.stations - 150) / 100, 0, 1)
    return Road(road.point(road.stations, 16 * np.sin(np.pi * bulge) ** 2), road.half_width)


def assert_equals_stock(seed: int, domain_randomize: bool, actions: list[Action]) -> Outcome:
    """Drive both, compare every step, return our last outcome."""
    stock: gymnasium.Env[Any, Any] = gymnasium.make("CarRacing-v3", domain_randomize=domain_randomize)
    world = TrackWorld(domain_randomize=domain_randomize, ends="stock")
    assert (stock.reset(seed=seed)[0] == world.reset(seed).observation).all()
    for step, action in enumerate(actions):
        observation, reward, terminated, _, info = stock.step(action)
        outcome = world.step(action)
        assert (observation == outcome.observation).all(), f"step {step} looks different"
        assert (reward, terminated) == (outcome.reward, outcome.terminated)
        assert outcome.lap_finished == info.get("lap_finished", False)
    return outcome


@pytest.mark.parametrize(("seed", "steps"), [(0, 1000), (1, 250), (2, 250)])
@pytest.mark.parametrize("domain_randomize", [False, True])
def test_observations_and_rewards_equal_stock_carracing_bit_by_bit(
    seed: int, steps: int, domain_randomize: bool
) -> None:
    assert_equals_stock(seed, domain_randomize, wild_drive(seed, steps))


def test_beyond_the_edge_of_the_playfield_the_observations_equal_stocks_too() -> None:
    assert assert_equals_stock(11, False, [FULL_GAS] * 280).terminated


def test_bars_of_the_panel_that_outgrow_it_are_drawn_over_the_view_as_stock_does_and_are_gone_again() -> None:
    stock: Any = gymnasium.make("CarRacing-v3").unwrapped
    ours: Any = FastCarRacing(domain_randomize=False)
    for environment in (stock, ours):
        environment.reset(seed=4)
    for spin in (0, 450, 2000, 0):  # rad/s; a bar has a pixel row for every 5
        seen = []
        for environment in (stock, ours):
            environment.step(FULL_GAS)
            environment.car.wheels[0].omega = spin
            seen.append(environment._render("state_pixels"))
        assert (seen[0] == seen[1]).all(), spin


def test_the_picture_is_stocks_own_and_does_not_change_the_observation() -> None:
    stock: gymnasium.Env[Any, Any] = gymnasium.make("CarRacing-v3", render_mode="rgb_array")
    plain, pictured = TrackWorld(), TrackWorld(picture=True)
    stock.reset(seed=3)
    assert_same(plain.reset(3), pictured.reset(3))
    surface = pygame.Surface((600, 400), 0, 32)
    for action in wild_drive(3, 80):
        stock.step(action)
        assert_same(pictured.step(action), plain.step(action))
        pictured.view().draw(surface)
        ours = pygame.surfarray.array3d(surface).swapaxes(0, 1)
        assert (np.asarray(stock.render()) == ours).all()


def test_an_observation_is_fresh_contiguous_and_never_written_again() -> None:
    world = TrackWorld()
    first = world.reset(5)
    kept = first.observation.copy()
    second = world.step(FULL_GAS)
    assert first.observation.flags.c_contiguous
    assert first.observation.flags.owndata
    assert (first.observation == kept).all()
    assert not np.shares_memory(first.observation, second.observation)


def test_the_pose_says_where_the_nose_points_and_how_fast_the_car_goes() -> None:
    world = TrackWorld()
    pose = world.reset(5).pose
    assert pose.dtype == np.float32
    assert pose[:2] == pytest.approx(world.road.centre[0], abs=0.01)
    assert pose[2] == pytest.approx(float(world.road.heading(0.0)), abs=0.1)
    before, after = [outcome.pose for outcome in drive(world, [FULL_GAS] * 50)[-2:]]
    moved = after[:2] - before[:2]
    assert math.atan2(moved[1], moved[0]) == pytest.approx(after[2], abs=0.01)
    assert math.hypot(*moved) * HZ == pytest.approx(after[3], rel=0.02)


def test_rewinding_is_exact_also_after_driving_on() -> None:
    world = TrackWorld()
    straight = [world.reset(6), *drive(world, wild_drive(6, 300)[:300])]
    for step in (200, 150, 1, 0):
        assert_same(world.rewind(step), straight[step])
        again = drive(world, wild_drive(6, 300)[step : step + 100])
        for ours, other in zip(again, straight[step + 1 : step + 101], strict=True):
            assert_same(ours, other)


def test_a_reused_action_buffer_does_not_change_what_a_rewind_replays() -> None:
    world = TrackWorld()
    world.reset(7)
    buffer = FULL_GAS.copy()
    outcomes = []
    for steering in np.linspace(-0.4, 0.4, 60):
        buffer[0] = steering
        outcomes.append(world.step(buffer))
    assert_same(world.rewind(60), outcomes[-1])


def test_the_figures_of_a_rewound_episode_are_those_of_that_moment() -> None:
    world = TrackWorld()
    world.reset(6)
    drive(world, wild_drive(6, 300)[:250])
    then = world.figures()
    drive(world, [FULL_GAS] * 20)
    assert world.figures() != then
    world.rewind(250)
    assert world.figures() == then


def test_rewinding_past_what_was_driven_is_refused() -> None:
    world = TrackWorld()
    world.reset(6)
    drive(world, [FULL_GAS] * 3)
    with pytest.raises(ValueError, match="from 0 to the 3 taken; got 4"):
        world.rewind(4)


def test_a_lap_with_missed_tiles_ends_at_the_line() -> None:
    world = TrackWorld()
    world.reset(SHORT)
    outcome = autopilot_lap(world, SHORT, with_a_detour(world.road))[-1]
    figures = world.figures()
    assert outcome.why_over == "finished"
    assert float(world.road.locate(outcome.pose[:2]).station) < 3
    assert figures["tiles_missed"] == len(world.visited) - world.visited.sum() > 0
    assert figures["lap_finished"] == 1
    assert figures["lap_time_s"] == figure(world, "steps") / HZ
    assert figures["tiles"] == len(world.visited) == len(world.road.centre)


def test_with_stocks_ends_the_lap_is_timed_but_runs_on_after_a_missed_tile() -> None:
    world = TrackWorld(ends="stock", max_steps=650)
    world.reset(SHORT)
    outcome = autopilot_lap(world, SHORT, with_a_detour(world.road))[-1]
    figures = world.figures()
    assert outcome.why_over == "truncated"
    assert figures["steps"] == 650
    assert 0 < figure(world, "lap_time_s") < 650 / HZ


def test_a_whole_lap_ends_at_stocks_end_with_no_tile_missed() -> None:
    world = TrackWorld()
    outcomes = autopilot_lap(world, SHORT)
    figures = world.figures()
    assert outcomes[-1].why_over == "finished"
    assert (figures["tiles_missed"], figures["off_track_s"]) == (0, 0)
    assert figures["lap_time_s"] == (len(outcomes) - 1) / HZ
    assert figures["score"] == pytest.approx(sum(outcome.reward for outcome in outcomes))
    assert figures["score"] == pytest.approx(1000 - 0.1 * figure(world, "steps"))
    assert world.visited.all()


def test_leaving_the_playfield_is_a_crash_of_minus_100() -> None:
    world = TrackWorld()
    world.reset(11)
    outcomes = [outcome for outcome in drive(world, [FULL_GAS] * 400) if outcome.terminated]
    assert outcomes[0].why_over == "crashed"
    assert outcomes[0].reward == -100
    assert world.figures()["lap_finished"] == 0
    assert world.figures()["lap_time_s"] is None
    assert figure(world, "off_track_s") > 1


def ring(progress: npt.ArrayLike, radius: float = 100.0) -> npt.NDArray[np.float64]:
    """(..., 2) points after `progress` laps round the origin."""
    angle = 2 * np.pi * np.asarray(progress)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def passes(points: npt.NDArray[np.float64]) -> list[bool]:
    """The lap counter's answers along a way, on a circle that starts at (100, 0)."""
    counter = LapCounter(Road(ring(np.arange(360) / 360), 6.67))
    return [counter.passed(*point) for point in points]


def test_going_round_finishes_the_lap_where_the_line_is_crossed_and_not_before() -> None:
    answers = passes(ring(np.linspace(0, 1.1, 1101)))
    assert not any(answers[:1000])
    assert all(answers[1001:])


def test_reversing_over_the_line_and_back_is_no_lap() -> None:
    way = np.concatenate([np.linspace(0, 0.1, 100), np.linspace(0.1, -0.3, 400), np.linspace(-0.3, 0.5, 800)])
    assert not any(passes(ring(way)))


def test_a_whole_lap_backwards_and_over_the_line_is_no_lap() -> None:
    way = np.concatenate([np.linspace(0, -1.2, 1200), np.linspace(-1.2, 0.2, 1400)])
    assert not any(passes(ring(way)))


def test_a_short_cut_across_the_grass_still_ends_at_the_line() -> None:
    leave, rejoin = ring(0.1), ring(0.8)  # past the far side of the origin
    cut = leave + np.linspace(0, 1, 200)[:, None] * (np.array([-30.0, 0.0]) - leave)
    back = cut[-1] + np.linspace(0, 1, 200)[:, None] * (rejoin - cut[-1])
    answers = passes(np.concatenate([ring(np.linspace(0, 0.1, 100)), cut, back, ring(np.linspace(0.8, 1.05, 250))]))
    assert not any(answers[:690])
    assert answers[-1]


def test_the_car_stands_two_thirds_down_the_middle_of_the_picture() -> None:
    world = TrackWorld(picture=True)
    pose = world.reset(4).pose
    assert world.view().to_screen(pose[:2].astype(np.float64)) == pytest.approx([500, 599], abs=0.01)
    ahead = pose[:2] + 10 * np.array([np.cos(pose[2]), np.sin(pose[2])])
    right, down = world.view().to_screen(ahead)
    assert right == pytest.approx(500, abs=0.01)
    assert down < 599


def test_the_picture_fills_a_surface_of_any_size() -> None:
    world = TrackWorld(picture=True)
    world.reset(4)
    for size in ((1000, 800), (333, 200), (1600, 1280)):
        surface = pygame.Surface(size)
        surface.fill((255, 0, 255))
        world.view().draw(surface)
        assert not (pygame.surfarray.array3d(surface) == (255, 0, 255)).all(axis=2).any()


def test_a_world_without_a_picture_says_how_to_get_one() -> None:
    with pytest.raises(ValueError, match="picture=True"):
        TrackWorld().view()


def test_driving_before_a_reset_says_what_to_call() -> None:
    with pytest.raises(RuntimeError, match=r"call reset\(seed\) first"):
        TrackWorld().step(FULL_GAS)


def test_the_track_is_a_rewindable_world_that_says_which_environment_it_is() -> None:
    world = TrackWorld(domain_randomize=True)
    world.reset(0)
    assert isinstance(world, Rewindable)
    assert world.environment() == {"id": "CarRacing-v3", "kwargs": {"domain_randomize": True}}


def test_versions_name_everything_that_decides_pixels_or_physics() -> None:
    found = versions()
    assert set(found) == {"gymnasium", "pygame", "sdl", "box2d", "numpy", "python", "machine"}
    assert found["pygame"].startswith("pygame-ce ")
    assert all(found.values())
