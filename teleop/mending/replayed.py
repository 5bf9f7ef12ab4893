"""A recorded episode as something that is driven once more, exactly as it was, without what a rewind took back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.errors import UserError
from teleop.frame import Action, Frame, Image, Start, Tick
from teleop.laws import hindrance
from teleop.rendering import recorded_world
from teleop.session import PIECE_ROWS, PROPOSAL_COLUMNS, Episode, Session
from teleop.worlds.film import Film, Footage
from teleop.worlds.track import TrackWorld, versions

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """The K kept rows of an episode, in order; step k plays row `rows[k]`. A `loop.Driver`, and a `loop.Nudge`."""

    episode: Episode
    rows: npt.NDArray[np.intp]
    """(K,)."""
    proposal: Floats
    """(K, 3): what whoever drove wanted then."""
    label: Floats
    """(K, 3): what the recording says should have been done: the expert's action where there is an opinion."""
    nudged: Floats
    """(K,)."""
    pose: Floats
    """(K, 4)."""

    @classmethod
    def of(cls, episode: Episode) -> Replayed:
        """SessionError when its columns are damaged."""
        rows, driver = np.flatnonzero(episode.kept), episode.driver
        proposal = np.full((episode.committed, 3), np.nan, np.float32)
        for source, name in PROPOSAL_COLUMNS.items():
            drove = driver == source
            proposal[drove] = episode.column(name)[drove]
        label = np.where(episode.hands_on[:, np.newaxis], episode.human_action, proposal)
        return cls(episode, rows, proposal[rows], label[rows], episode.nudge[rows], episode.pose[rows])

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        """What was wanted then."""
        return np.asarray(self.proposal[tick.step])

    def push(self, tick: Tick) -> float:
        """As it was then."""
        return float(self.nudged[tick.step])

    def check(self, frame: Frame) -> None:
        """UserError unless this frame begins where its row did."""
        if not np.array_equal(frame.tick.outcome.pose, self.pose[frame.tick.step], equal_nan=True):
            raise UserError(
                f"a label is for the very state that was recorded; episode {self.episode.name} goes otherwise here "
                f"from frame {self.rows[frame.tick.step]} on: `teleop verify` says what differs"
            )


def world_of(session: Session, replayed: Replayed, picture: bool) -> TrackWorld | Film:
    """Where it is played: its world, where that gives what it gave then; else its recorded pictures."""
    if not_drivable(session, replayed.episode):
        return Film(footage_of(replayed))
    kwargs = session.attrs["env"]["kwargs"]
    return TrackWorld(ends="stock", max_steps=len(replayed.rows), picture=picture, **kwargs)


def not_drivable(session: Session, episode: Episode) -> str:
    """Why the episode can't be driven again here, in words; empty where it can."""
    columns = {"step": episode.step}
    return hindrance(episode.attrs, columns, recorded_world(session.attrs["env"]), versions())


def footage_of(replayed: Replayed) -> Footage:
    """The recorded pictures."""
    episode, rows = replayed.episode, replayed.rows
    pictures = Pictures(episode)
    return Footage(
        picture=lambda step: pictures.of(int(rows[step])),
        pose=replayed.pose,
        wheels_on_road=episode.wheels_on_road[rows],
        tiles_visited=episode.tiles_visited[rows],
        reward=episode.reward[rows],
    )


class Pictures:
    """An episode's pictures by row, a piece of them in memory at a time; made for going on, and a little back."""

    def __init__(self, episode: Episode) -> None:
        self._episode = episode
        self._begin()

    def _begin(self) -> None:
        self._pieces: Iterator[Image] = self._episode.pieces("observation")
        self._number = -1

    def of(self, row: int) -> Image:
        """uint8 (height, width, 3)."""
        wanted = row // PIECE_ROWS
        if wanted < self._number:
            self._begin()
        while self._number < wanted:
            self._piece, self._number = next(self._pieces), self._number + 1
        return np.asarray(self._piece[row % PIECE_ROWS])
