"""The map, checked at the pixels that say where the car went."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

from teleop.pen import ACCENT
from teleop.road import Road
from teleop.track_map import AHEAD, DRIVEN, LINE, MISSED, TrackMap, tile_colours

SIZE = 150
TILES = 60


@pytest.fixture
def road() -> Road:
    """A circle of radius 100, counter-clockwise from its east end."""
    angles = np.arange(TILES) * 2 * np.pi / TILES
    return Road(100 * np.stack([np.cos(angles), np.sin(angles)], axis=1), half_width=6.0)


@pytest.fixture
def surface() -> pygame.Surface:
    return pygame.Surface((400, 300))


def visited(*tiles: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.isin(np.arange(TILES), tiles)


def place(surface: pygame.Surface, colour: str) -> tuple[float, float] | None:
    """The middle of everything in about that colour; None where there is nothing."""
    distance = pygame.surfarray.array3d(surface).astype(int) - np.array(pygame.Color(colour)[:3])
    columns, rows = np.nonzero(np.abs(distance).max(axis=2) < 12)
    return (float(columns.mean()), float(rows.mean())) if len(columns) else None


def test_a_tile_is_missed_once_a_later_one_was_touched() -> None:
    assert tile_colours(np.array([True, False, True, False])) == [DRIVEN, MISSED, DRIVEN, AHEAD]


def test_a_whole_road_lies_ahead_at_first(road: Road, surface: pygame.Surface) -> None:
    TrackMap(road, SIZE).draw(surface, (0, 0), visited=visited())
    assert place(surface, DRIVEN) is None
    assert place(surface, AHEAD) == pytest.approx((SIZE / 2, SIZE / 2), abs=1)


def test_north_is_up_and_missed_tiles_stand_out_where_they_are(road: Road, surface: pygame.Surface) -> None:
    track_map = TrackMap(road, SIZE)
    northern = range(TILES // 4 - 3, TILES // 4 + 5)
    track_map.draw(surface, (200, 100), visited=visited(*set(range(30)) - set(northern)))
    x, y = place(surface, MISSED) or (0.0, 0.0)
    assert x == pytest.approx(200 + SIZE / 2, abs=2)
    assert y < 100 + SIZE / 4
    assert track_map.missed == len(northern)


def test_a_rewind_takes_tiles_back(road: Road, surface: pygame.Surface) -> None:
    track_map = TrackMap(road, SIZE)
    track_map.draw(surface, (0, 0), visited=visited(*range(2, 30)))
    track_map.draw(surface, (0, 0), visited=visited())
    surface.fill("black")
    track_map.draw(surface, (0, 0))
    assert place(surface, DRIVEN) is place(surface, MISSED) is None
    assert track_map.missed == 0


def test_the_same_tiles_give_the_same_picture_however_they_were_reached(road: Road, surface: pygame.Surface) -> None:
    at_once, in_steps = TrackMap(road, SIZE), TrackMap(road, SIZE)
    at_once.draw(surface, (0, 0), visited=visited(*range(20)))
    expected = pygame.image.tobytes(surface, "RGB")
    for last in range(20):
        surface.fill("black")
        in_steps.draw(surface, (0, 0), visited=visited(*range(last + 1)))
    difference = np.abs(np.frombuffer(expected, np.uint8).astype(int) - pixels(surface))
    assert (difference > 60).mean() < 0.001  # seams between two tiles may fall to either


def pixels(surface: pygame.Surface) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8)


def test_the_car_is_where_its_pose_says_and_points_where_it_heads(road: Road, surface: pygame.Surface) -> None:
    def arrow(heading: float) -> tuple[float, float]:
        surface.fill("black")
        TrackMap(road, SIZE).draw(surface, (0, 0), car=(0.0, 0.0, heading, 30.0))
        return place(surface, ACCENT) or (0.0, 0.0)

    east, north, west = np.array([arrow(heading) for heading in (0.0, np.pi / 2, np.pi)]) - SIZE / 2
    assert np.abs([east, north, west]).max() < 3
    # An arrowhead is broader behind.
    assert east[0] < north[0] < west[0]
    assert north[1] > max(east[1], west[1])


def test_the_driven_line_is_drawn_and_a_line_of_one_point_is_none(road: Road, surface: pygame.Surface) -> None:
    track_map = TrackMap(road, SIZE)
    track_map.draw(surface, (0, 0), line=np.array([[0.0, 0.0]]))
    assert place(surface, LINE) is None
    track_map.draw(surface, (0, 0), line=np.array([[-50.0, 0.0], [50.0, 0.0]]))
    assert place(surface, LINE) == pytest.approx((SIZE / 2, SIZE / 2), abs=2)


@pytest.mark.parametrize("size", [112, 150, 300])
def test_everything_stays_on_the_map(road: Road, size: int) -> None:
    surface = pygame.Surface((size + 2, size + 2))
    TrackMap(road, size).draw(surface, (1, 1), visited=visited(*range(TILES)), car=(100.0, 0.0, 0.0, 0.0))
    frame = pygame.surfarray.array3d(surface).max(axis=2)
    assert max(frame[0].max(), frame[-1].max(), frame[:, 0].max(), frame[:, -1].max()) == 0
