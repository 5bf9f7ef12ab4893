"""A recorded episode that is driven again, and shown at any row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.frame import Action, Image
from teleop.worlds.playback import Playback
from teleop.worlds.track import TrackWorld
from tests.test_track import wild_drive

SEED = 185
REWOUND_AT, BACK_TO = 140, 60


class Recorded:
    """What a drive looked like, and what is kept of it: off the road and sliding, with a rewind."""

    def __init__(self, world: TrackWorld) -> None:
        self.observations: list[Image] = []
        self.pictures: list[Image] = []
        self.touched: list[npt.NDArray[np.bool_]] = []
        steps, poses, actions = [], [], []
        outcome, driven = world.reset(SEED), 0
        surface = pygame.Surface((1000, 800), 0, 32)
        for row, action in enumerate(wild_drive(3, 180)):
            if row == REWOUND_AT:
                outcome, driven = world.rewind(BACK_TO), BACK_TO
            self.observations.append(outcome.observation)
            world.view().draw(surface)
            self.pictures.append(pygame.surfarray.array3d(surface))
            self.touched.append(world.visited)
            steps.append(driven)
            poses.append(outcome.pose)
            actions.append(action)
            outcome, driven = world.step(action), driven + 1
        self.step, self.pose = np.array(steps, np.int32), np.array(poses, np.float32)
        self.action: npt.NDArray[np.float32] = np.array(actions, np.float32)

    def playback(self, action: npt.NDArray[np.float32] | None = None) -> Playback:
        return Playback(SEED, self.step, self.action if action is None else action, self.pose)


@pytest.fixture(scope="module")
def recorded() -> Iterator[Recorded]:
    with closing(TrackWorld(picture=True)) as world:
        yield Recorded(world)


def driven(playback: Playback) -> Playback:
    while not playback.over:
        playback.drive_on(seconds=1.0)
    return playback


def test_every_row_is_shown_in_any_order_exactly_as_it_was_driven(recorded: Recorded) -> None:
    surface = pygame.Surface((1000, 800), 0, 32)
    with closing(driven(recorded.playback())) as playback:
        assert playback.reached == len(recorded.step)
        for row in (179, 0, 139, 140, 30, 141, 100, 1):
            assert (playback.show(row) == recorded.observations[row]).all(), f"row {row}"
            playback.draw(surface)
            assert (pygame.surfarray.array3d(surface) == recorded.pictures[row]).all(), f"row {row}"
            assert (playback.touched(row) == recorded.touched[row]).all()


def test_it_is_driven_a_little_at_a_time_and_what_was_reached_can_be_shown(recorded: Recorded) -> None:
    seconds = iter(range(1_000_000))
    with closing(recorded.playback()) as playback:
        playback.drive_on(10.0, now=lambda: float(next(seconds)))
        assert 0 < playback.reached < 20
        assert not playback.over
        row = playback.reached - 1
        assert (playback.show(row) == recorded.observations[row]).all()


def test_where_it_goes_otherwise_it_says_so_and_stops(recorded: Recorded) -> None:
    other: npt.NDArray[np.float32] = recorded.action.copy()
    brake: Action = np.array([0, 0, 1], np.float32)
    other[50] = brake
    with closing(driven(recorded.playback(other))) as playback:
        assert playback.differs_at is not None
        assert 50 < playback.differs_at < 60
        assert playback.reached == playback.differs_at
