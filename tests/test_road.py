"""Road coordinates against shapes whose answers are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from teleop.road import MANY_POINTS, Road, wrapped

RADIUS = 100.0
HALF_WIDTH = 5.0


def circle(points: int = 720) -> Road:
    """Driven counter-clockwise, from (100, 0), about the origin."""
    angle = np.arange(points) * 2 * np.pi / points
    return Road(RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1), HALF_WIDTH)


def oval() -> Road:
    """Two straights of 200 along x, two half circles of radius 50; from (0, -50), driven counter-clockwise."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 100)[1:-1]
    right = np.stack([200 + 50 * np.cos(angle), 50 * np.sin(angle)], axis=1)
    straight = np.linspace(0, 200, 101)
    bottom = np.stack([straight, np.full(101, -50.0)], axis=1)
    return Road(np.concatenate([bottom, right, [200, 0] - bottom, [200, 0] - right]), HALF_WIDTH)


def test_a_lap_of_a_circle_is_as_long_as_the_circle() -> None:
    assert circle().length == pytest.approx(2 * np.pi * RADIUS, rel=1e-4)


def test_station_grows_in_the_direction_of_travel_from_the_start_line() -> None:
    road = circle()
    assert float(road.locate((RADIUS, 0.0)).station) == pytest.approx(0)
    assert float(road.locate((0.0, RADIUS)).station) == pytest.approx(road.length / 4)
    assert float(road.locate((0.0, -RADIUS)).station) == pytest.approx(3 * road.length / 4)


def test_left_of_the_centre_line_is_positive_on_the_road_and_off_it() -> None:
    points = np.array([[97.0, 0.0], [104.0, 0.0], [0.0, 60.0], [0.0, -130.0]])
    assert circle().locate(points).lateral == pytest.approx([3.0, -4.0, 40.0, -30.0], abs=0.01)


def test_curvature_is_one_over_the_radius_and_positive_in_a_left_bend() -> None:
    stations = np.linspace(0, 2000, 50)
    assert circle().curvature(stations) == pytest.approx(np.full(50, 1 / RADIUS), rel=1e-3)
    backwards = Road(circle().centre[::-1], HALF_WIDTH)
    assert backwards.curvature(stations) == pytest.approx(np.full(50, -1 / RADIUS), rel=1e-3)


def test_an_oval_is_straight_on_its_straights_and_bent_at_its_ends() -> None:
    road = oval()
    assert road.length == pytest.approx(400 + 2 * np.pi * 50, rel=1e-3)
    assert road.curvature(100.0) == pytest.approx(0, abs=1e-9)
    assert road.curvature(200 + np.pi * 25) == pytest.approx(1 / 50, rel=1e-2)
    assert road.heading([100.0, 200 + np.pi * 25]) == pytest.approx([0, np.pi / 2], abs=1e-2)
    assert abs(float(road.heading(300 + np.pi * 50))) == pytest.approx(np.pi)


def test_a_nose_left_of_the_road_has_a_positive_heading_error_across_the_wrap_too() -> None:
    road = oval()
    back_straight = 300 + np.pi * 50  # heading pi
    assert float(road.heading_error(100.0, 0.3)) == pytest.approx(0.3)
    assert float(road.heading_error(back_straight, -np.pi + 0.2)) == pytest.approx(0.2)
    assert float(road.heading_error(back_straight, np.pi - 0.2)) == pytest.approx(-0.2)


def test_a_point_put_on_the_road_is_located_where_it_was_put_around_the_start_line_too() -> None:
    road = circle()
    stations = np.array([0.0, 1.0, road.length / 2, road.length - 1.0, road.length + 10.0, -10.0])
    laterals = np.array([0.0, 3.0, -3.0, 4.5, -4.5, 1.0])
    place = road.locate(road.point(stations, laterals))
    assert wrapped((place.station - stations) / RADIUS) == pytest.approx(np.zeros(6), abs=1e-3)
    assert place.lateral == pytest.approx(laterals, abs=0.01)


def test_many_points_of_any_shape_give_what_each_gives_alone() -> None:
    road = oval()
    points = np.random.default_rng(0).uniform(-300, 300, (MANY_POINTS // 2 + 100, 2, 2))
    place = road.locate(points)
    assert place.station.shape == place.lateral.shape == points.shape[:2]
    for index in ((0, 0), (700, 1), (-1, 1)):
        alone = road.locate(points[index])
        assert (float(alone.station), float(alone.lateral)) == (place.station[index], place.lateral[index])


def test_the_edges_lie_half_a_width_to_each_side() -> None:
    left, right = circle().edges()
    assert np.hypot(*left.T) == pytest.approx(np.full(720, RADIUS - HALF_WIDTH))
    assert np.hypot(*right.T) == pytest.approx(np.full(720, RADIUS + HALF_WIDTH))


def test_wrapped_angles_lie_above_minus_pi_up_to_pi() -> None:
    assert wrapped([0.0, 3 * np.pi, -np.pi, 2 * np.pi + 0.1]) == pytest.approx([0.0, np.pi, np.pi, 0.1])


@pytest.mark.parametrize(
    ("centre", "half_width", "rule"),
    [
        (np.zeros((5, 3)), 5.0, r"\(N, 2\)"),
        (np.zeros((2, 2)), 5.0, "3 or more"),
        (np.array([[0, 0], [1, 0], [np.nan, 1]]), 5.0, "finite"),
        (np.array([[0, 0], [1, 0], [1, 1], [0, 0]]), 5.0, "not repeated at the end"),
        (np.array([[0, 0], [1, 0], [1, 1]]), 0.0, "positive"),
    ],
)
def test_what_is_no_loop_is_refused_with_the_rule(
    centre: npt.NDArray[np.float64], half_width: float, rule: str
) -> None:
    with pytest.raises(ValueError, match=rule):
        Road(centre, half_width)
