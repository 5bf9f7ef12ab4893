from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.envs.box2d.car_racing import CarRacing

from policy.augment import Astray, AugmentError, SettingOff, correction, mirror, moved
from policy.vision import Vision, see
from teleop.frame import Image
from tests.lessons import toy_rows

NATIVE = Vision(width=96, height=84)
GREY, GREEN, RED = (102, 102, 102), (102, 204, 102), (204, 0, 0)


def moved_one(view: Image, vision: Vision, shift: float, turn: float) -> Image:
    one = np.ones(1, np.float32)
    return np.asarray(moved(view[None], vision, shift * one, turn * one)[0], np.uint8)


def test_a_mirrored_row_steers_the_other_way_and_nothing_else() -> None:
    rows = toy_rows(2)
    mirrored = rows[np.array([0, 1])]
    mirror(mirrored, np.array([True, False]))
    np.testing.assert_array_equal(mirrored.view[0], rows.view[0][:, ::-1])
    np.testing.assert_array_equal(mirrored.action[0], rows.action[0] * [-1, 1, 1])
    np.testing.assert_array_equal(mirrored.view[1], rows.view[1])
    np.testing.assert_array_equal(mirrored.action[1], rows.action[1])
    np.testing.assert_array_equal(mirrored.speed, rows.speed)


def test_some_rows_show_the_car_at_rest_and_the_pedals_by_which_the_expert_set_off() -> None:
    taught = toy_rows(4)
    taught.speed[:], taught.action[:, 1:] = [5, 60, 5, 5], [[0.3, 0.0], [1.0, 0.0], [0.0, 0.5], [0.6, 0.0]]
    batch, before = toy_rows(1000), toy_rows(1000)
    batch.speed[:], before.speed[:] = 60, 60
    SettingOff.of(taught, share=0.2)(batch, np.random.default_rng(0))
    slow = batch.speed == 5
    assert 150 < slow.sum() < 250
    assert set(batch.action[slow, 1]) == {np.float32(0.3), np.float32(0.6)}, "neither at speed nor on the brake"
    assert not batch.action[slow, 2].any()
    np.testing.assert_array_equal(batch.action[:, 0], before.action[:, 0])
    np.testing.assert_array_equal(batch.action[~slow], before.action[~slow])


def test_without_a_moment_of_setting_off_there_is_nothing_to_show() -> None:
    rows = toy_rows(4)
    rows.speed[:] = 60
    with pytest.raises(AugmentError, match=r"add --zoom-in"):
        SettingOff.of(rows, share=0.1)


def scene(road_left: int = 40, road_right: int = 56) -> Image:
    """uint8 (84, 96, 3): a straight road, and the car on it."""
    picture = np.full((96, 96, 3), GREEN, np.uint8)
    picture[:, road_left:road_right] = GREY
    picture[68:77, 46:50] = RED
    return see(picture, NATIVE)[0]


def road_columns(view: Image, row: int) -> list[int]:
    return np.flatnonzero((view[row] == GREY).all(axis=1)).tolist()


def test_moving_the_car_to_the_right_moves_the_road_to_the_left_and_the_car_stays() -> None:
    units = 5 / (16.2 * 0.096)
    view = moved_one(scene(), NATIVE, shift=units, turn=0.0)
    assert road_columns(view, 20) == list(range(35, 51))
    np.testing.assert_array_equal(view[68:77, 46:50], scene()[68:77, 46:50])
    assert (view[:60] != RED).any(axis=2).all()
    assert (view[69:76, 41:45] == GREY).all(), "the car left no ghost where it was"


def test_turning_the_nose_to_the_right_turns_the_road_ahead_to_the_left() -> None:
    view = moved_one(scene(), NATIVE, shift=0.0, turn=np.radians(10))
    middle = np.mean(road_columns(view, 22))
    # 50 rows ahead are 50 / 1.944 units, which a turn moves aside by their tangent; 1.555 pixels a unit across.
    assert middle == pytest.approx(47.5 - 50 / 1.944 * np.tan(np.radians(10)) * 1.5552, abs=1)


def test_a_view_that_is_not_moved_stays_as_it_is() -> None:
    np.testing.assert_array_equal(moved_one(scene(), NATIVE, 0.0, 0.0), scene())


def test_a_dashboard_stays_where_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    view = moved_one(picture, Vision(width=96, height=96, rows=96), 3.0, 0.1)
    np.testing.assert_array_equal(view[84:], picture[84:])
    assert (view[:84] != picture[:84]).any()


def picture_from(env: Any, shift: float, turn: float) -> Image:
    """CarRacing's own picture with the car put aside as it stands, wheels and all."""
    parts = [env.car.hull, *env.car.wheels]
    middle, angle = env.car.hull.position.copy(), env.car.hull.angle
    right = np.array([np.cos(angle), np.sin(angle)])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for part in parts:
        part.position = np.array(middle) + rotation @ np.array(part.position - middle) + shift * right
        part.angle -= turn
    picture = env.render()
    for part in parts:
        part.position = np.array(middle) + rotation.T @ (np.array(part.position) - middle - shift * right)
        part.angle += turn
    return np.asarray(picture, np.uint8)


def test_a_moved_view_is_what_carracing_shows_from_there() -> None:
    env: Any = CarRacing(render_mode="state_pixels")
    env.reset(seed=0)
    for _ in range(60):
        env.step(np.array([0.0, 0.2, 0.0]))
    here = see(picture_from(env, 0, 0), NATIVE)[0]
    for shift, turn in ((2.0, 0.0), (-3.0, 0.0), (0.0, 0.2), (0.0, -0.2), (2.0, 0.2)):
        there = see(picture_from(env, shift, turn), NATIVE)[0].astype(int)
        error = np.abs(moved_one(here, NATIVE, shift, turn) - there).mean()
        assert error < 0.2 * np.abs(here - there).mean()
    env.close()


@pytest.mark.parametrize(("shift", "turn"), [(2.0, 0.0), (0.0, 0.2), (2.0, 0.2)])
def test_whoever_is_to_the_right_steers_to_the_left_and_the_other_way_round(shift: float, turn: float) -> None:
    speed = np.array([60.0, 60.0], np.float32)
    sides = np.array([1, -1], np.float32)
    steering = correction(speed, shift * sides, turn * sides)
    assert -1 < steering[0] < 0
    assert steering[1] == -steering[0]


def test_the_correction_is_gentler_at_speed() -> None:
    one = np.ones(2, np.float32)
    slow, fast = correction(np.array([20, 90], np.float32), 3 * one, 0 * one)
    assert slow < 1.5 * fast < 0


def test_astray_corrects_each_row_for_where_it_was_put() -> None:
    rows = toy_rows(60)
    before = rows.view.copy(), rows.action.copy()
    Astray(Vision(), shift=1.0, turn_deg=0.0)(rows, np.random.default_rng(3))
    shifts = np.random.default_rng(3).normal(0, 1.0, 60).astype(np.float32)
    expected = before[1][:, 0] + correction(rows.speed, shifts, 0 * shifts)
    np.testing.assert_allclose(rows.action[:, 0], np.clip(expected, -1, 1), atol=1e-6)
    np.testing.assert_array_equal(rows.action[:, 1:], before[1][:, 1:])
    np.testing.assert_array_equal(rows.view[7], moved_one(before[0][7], Vision(), float(shifts[7]), 0.0))
