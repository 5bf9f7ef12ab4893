"""What experts recorded: which episodes, which of their rows, and what a policy would do in those states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from teleop.errors import UserError
from teleop.frame import Outcome, Source, Tick
from teleop.loop import Driver
from teleop.rendering import recorded_pictures
from teleop.road import Road
from teleop.session import Episode, Session, SessionError, open_session
from teleop.shift.rollouts import Demonstration, columns, proposals
from teleop.worlds.track import ENVIRONMENT, TrackWorld

DEMONSTRATED = ("demo", "import", "retake")
"""Modes in which an expert drives all the time."""


@dataclass(frozen=True)
class Recorded:
    """An episode that an expert drove."""

    session: Path
    index: int
    """Its place in `Session.episodes`."""
    digest: str
    """sha256, hex."""


@dataclass(frozen=True)
class Answer:
    """A job: ask the policy what it would do on the states of a recorded episode."""

    policy: str
    recorded: Recorded

    def __call__(self, driver: Driver) -> Demonstration:
        session = open_session(self.recorded.session, recorded_pictures())
        episode = session.episodes[self.recorded.index]
        seed, road = int(episode.attrs["seed"]), _road(session, episode)
        ticks = list(_ticks(episode))
        actions = proposals(driver, seed, ticks, road)
        return Demonstration(
            session=session.path.name,
            episode=episode.name,
            digest=self.recorded.digest,
            **columns(self.policy, seed, ticks, road, driver, actions),
        )


def recorded_in(path: Path) -> Iterator[Recorded | str]:
    """The session's demonstrations; and, in words, what is left out because it can't be read.

    SessionError when it can't be opened, UserError when it was not driven in CarRacing-v3.
    """
    session = open_session(path, recorded_pictures())
    if session.attrs["env"]["id"] != ENVIRONMENT:
        raise UserError(
            f"distribution shift is measured in {ENVIRONMENT}; {session.path} was driven in "
            f"{session.attrs['env']['id']}: leave this session out"
        )
    yield from (f"{session.path}: episode {name} is damaged and left out: {error}" for name, error in session.damaged)
    for episode in session.episodes:
        try:
            if _demonstrated(episode).any():
                yield Recorded(session.path, episode.index, episode.digest())
        except SessionError as error:
            yield f"{session.path}: episode {episode.name} is damaged and left out: {error}"


def without_copies(recorded: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """Each recording once, whichever sessions hold it."""
    return tuple({one.digest: one for one in reversed(recorded)}.values())[::-1]


def _demonstrated(episode: Episode) -> npt.NDArray[np.bool_]:
    """(T,): rows that the expert drove, here and not in the episode that it was retaken from, and nobody took back."""
    if episode.discarded or episode.attrs.get("mode") not in DEMONSTRATED:
        return np.zeros(episode.committed, np.bool_)
    begins = int((episode.attrs.get("parent") or {}).get("step", 0))
    driven = (episode.driver == Source.HUMAN) & (episode.step >= begins)
    return np.asarray(driven & episode.kept & ~episode.excluded)


def _road(session: Session, episode: Episode) -> Road:
    """Of the episode's seed; UserError when it was not this road that was driven."""
    with closing(TrackWorld(**session.attrs["env"]["kwargs"])) as world:
        start = world.reset(episode.attrs["seed"])
        if episode.step[0] == 0 and not np.array_equal(start.pose, episode.pose[0]):
            raise UserError(
                f"a seed gives the track that it gave when a session was recorded; episode {episode.name} of "
                f"{session.path} began elsewhere, so with another version of gymnasium or numpy: leave it out"
            )
        return world.road


def _ticks(episode: Episode) -> Iterator[Tick]:
    """The states that the expert drove through."""
    rows = np.flatnonzero(_demonstrated(episode))
    step, time_ns, pose, reward = (episode.column(name)[rows] for name in ("step", "time_ns", "pose", "reward"))
    wheels, tiles = episode.wheels_on_road[rows], episode.tiles_visited[rows]
    observation = episode.observation[rows]
    for i in range(len(rows)):
        outcome = Outcome(observation[i], float(reward[i]), pose[i], int(wheels[i]), int(tiles[i]))
        yield Tick(int(step[i]), int(time_ns[i]), outcome)
