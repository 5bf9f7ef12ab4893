from __future__ import annotations

import cv2
import gymnasium
import numpy as np
import pytest

from policy.vision import OBSERVATION_SHAPE, VIEW_ROWS, Vision, read_speed, see, see_all


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, OBSERVATION_SHAPE, np.uint8)


@pytest.mark.parametrize("domain_randomize", [False, True])
def test_speed_read_from_the_dashboard_is_the_cars_speed(domain_randomize: bool) -> None:
    env = gymnasium.make("CarRacing-v3", domain_randomize=domain_randomize)
    observation, _ = env.reset(seed=4)
    errors, fastest = [], 0.0
    for step in range(260):
        gas, brake = (1.0, 0.0) if step < 200 else (0.0, 0.4)
        observation, *_ = env.step(np.array([0.1 * np.sin(step / 9), gas, brake], np.float32))
        velocity = env.unwrapped.car.hull.linearVelocity  # type: ignore[attr-defined]
        true_speed = float(np.hypot(velocity[0], velocity[1]))
        errors.append(abs(read_speed(observation) - true_speed))
        fastest = max(fastest, true_speed)
    env.close()
    assert fastest > 50
    assert max(errors) < 1.6
    assert np.mean(errors) < 0.8


def test_nothing_of_the_dashboard_but_the_speed_bar_is_seen() -> None:
    observation = picture()
    other = observation.copy()
    other[VIEW_ROWS:, :12] = 255 - other[VIEW_ROWS:, :12]
    other[VIEW_ROWS:, 14:] = 255 - other[VIEW_ROWS:, 14:]
    view, speed = see(observation, Vision())
    other_view, other_speed = see(other, Vision())
    np.testing.assert_array_equal(view, other_view)
    assert speed == other_speed


def test_a_view_is_the_area_mean_of_rows_0_to_83() -> None:
    observation = picture()
    view, _ = see(observation, Vision(width=48, height=42))
    blocks = observation[:84].reshape(42, 2, 48, 2, 3).mean(axis=(1, 3))
    assert view.shape == (42, 48, 3)
    assert view.dtype == np.uint8
    assert np.abs(view - blocks).max() <= 0.5


@pytest.mark.parametrize(
    "vision", [Vision(), Vision(200, 66, "YUV", speed=False), Vision(96, 84, "YUV"), Vision(48, 48, rows=96)]
)
def test_training_and_driving_see_the_same(vision: Vision) -> None:
    observations = np.stack([picture(seed) for seed in range(5)])
    views, speeds = see_all(observations, vision)
    assert views.shape == (5, vision.height, vision.width, 3)
    for observation, view, speed in zip(observations, views, speeds, strict=True):
        one_view, one_speed = see(observation, vision)
        np.testing.assert_array_equal(view, one_view)
        assert speed == np.float32(one_speed)


def test_the_dashboard_is_seen_only_where_all_rows_are() -> None:
    observation = picture()
    other = observation.copy()
    other[VIEW_ROWS:] = 255 - other[VIEW_ROWS:]
    for rows, same in ((84, True), (96, False)):
        vision = Vision(96, rows, rows=rows)
        assert np.array_equal(see(observation, vision)[0], see(other, vision)[0]) == same
    np.testing.assert_array_equal(see(observation, Vision(96, 96, rows=96))[0], observation)


def test_yuv_is_luma_then_blueness_then_redness() -> None:
    for colour, (luma, blueness, redness) in {(255, 0, 0): (76, 91, 255), (0, 0, 255): (29, 239, 103)}.items():
        observation = np.full(OBSERVATION_SHAPE, colour, np.uint8)
        view, _ = see(observation, Vision(200, 66, "YUV"))
        assert np.abs(view.astype(int) - (luma, blueness, redness)).max() <= 2


def test_no_observations_are_no_views() -> None:
    views, speeds = see_all(np.empty((0, *OBSERVATION_SHAPE), np.uint8), Vision())
    assert views.shape == (0, 42, 48, 3)
    assert speeds.shape == (0,)


def test_an_observation_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"uint8 \(96, 96, 3\).*got float32"):
        see(picture().astype(np.float32), Vision())
    with pytest.raises(ValueError, match=r"got uint8 \(84, 96, 3\)"):
        see(picture()[:84], Vision())


@pytest.mark.parametrize("side", [0, -1, 23, 10**9, 48.0, "48", True])
def test_a_view_of_impossible_size_is_refused(side: object) -> None:
    with pytest.raises(ValueError, match="a view's width is a whole number from 24 to 256"):
        Vision(width=side)  # type: ignore[arg-type]


@pytest.mark.parametrize("vision", [Vision(), Vision(96, 84, "YUV"), Vision(200, 66, "YUV")])
def test_a_mirrored_observation_is_a_mirrored_view(vision: Vision) -> None:
    observation = picture()
    view, _ = see(observation, vision)
    mirrored = observation.copy()
    mirrored[:VIEW_ROWS] = cv2.flip(observation[:VIEW_ROWS], 1)
    difference = see(mirrored, vision)[0].astype(int) - view[:, ::-1]
    assert np.abs(difference).max() <= (vision.width == 200)  # a stretched picture is rounded, left and right apart
