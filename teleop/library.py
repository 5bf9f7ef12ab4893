"""What can be said about a session: `info` sums it up, `verify` checks it. Both return values and print nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from teleop.disk import bytes_on_disk
from teleop.frame import Image
from teleop.laws import PIXEL_VERSIONS, Columns, broken_laws, differences, hindrance, layer, resimulate
from teleop.loop import World
from teleop.metadata import group_attributes
from teleop.rendering import MakeWorld, Rendering
from teleop.session import ARCHIVE_VERSION, LABELS, Episode, SessionError, open_session


@dataclass(frozen=True, slots=True)
class EpisodeInfo:
    """An episode, summed up."""

    name: str
    seed: int
    mode: str
    expert: str
    operator: str
    device: str
    round: int | None
    """Of corrections, where they were collected in rounds."""
    rows: int
    """Committed, abandoned branches included."""
    kept_rows: int
    """Without what a rewind took back or somebody excluded."""
    seconds: float
    """Of simulated driving, abandoned branches included."""
    end: str
    """How it ended; empty when recording was killed before the end."""
    discarded: bool
    judgement: str
    """A person's: success, failure, or empty for none."""
    archived: bool
    """Its pictures are drawn again from its seed and actions."""
    figures: Mapping[str, float | int | None]
    """The world's own: score, lap_finished, lap_time_s, tiles_missed..."""
    bytes_on_disk: int


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session, summed up."""

    path: Path
    id: str
    created_utc: str
    hz: float
    env: Mapping[str, Any]
    """{id, kwargs}."""
    episodes: tuple[EpisodeInfo, ...]
    damaged: tuple[tuple[str, str], ...]
    """(name, what is wrong and what to do)."""
    bytes_on_disk: int
    """Of everything, damaged episodes included."""

    @property
    def rows(self) -> int:
        return sum(episode.rows for episode in self.episodes)

    @property
    def seconds(self) -> float:
        return sum(episode.seconds for episode in self.episodes)

    @property
    def laps_finished(self) -> int:
        return sum(bool(episode.figures.get("lap_finished")) for episode in self.episodes if not episode.discarded)

    @property
    def scores(self) -> tuple[float, ...]:
        """Of the episodes that have one and were not discarded."""
        scores = (episode.figures.get("score") for episode in self.episodes if not episode.discarded)
        return tuple(score for score in scores if score is not None)

    @property
    def operators(self) -> tuple[str, ...]:
        """Who drove, each once, in alphabetical order."""
        return tuple(sorted({episode.operator for episode in self.episodes if episode.operator}))

    @property
    def rounds(self) -> int:
        """How many rounds of corrections it holds."""
        return len({episode.round for episode in self.episodes if episode.round is not None})

    @property
    def discarded(self) -> int:
        return sum(episode.discarded for episode in self.episodes)


def info(path: str | Path) -> SessionInfo:
    """Sum up a session. SessionError when it can't be opened."""
    session = open_session(path)
    damaged = [(name, str(error)) for name, error in session.damaged]
    episodes: list[EpisodeInfo] = []
    for episode in session.episodes:
        try:
            episodes.append(episode_info(episode, session.attrs["hz"]))
        except SessionError as error:
            damaged.append((episode.name, str(error)))
    return SessionInfo(
        path=session.path,
        id=session.attrs["id"],
        created_utc=session.attrs["created_utc"],
        hz=session.attrs["hz"],
        env=session.attrs["env"],
        episodes=tuple(episodes),
        damaged=tuple(sorted(damaged)),
        bytes_on_disk=bytes_on_disk(session.path),
    )


def episode_info(episode: Episode, hz: float) -> EpisodeInfo:
    """Sum up an episode of a session of `hz`. SessionError when it is damaged."""
    attrs = episode.attrs
    return EpisodeInfo(
        name=episode.name,
        seed=attrs["seed"],
        mode=attrs.get("mode", ""),
        expert=attrs.get("expert", ""),
        operator=attrs.get("operator", ""),
        device=attrs.get("device", ""),
        round=attrs.get("round"),
        rows=episode.committed,
        kept_rows=int((episode.kept & ~episode.excluded).sum()),
        seconds=episode.committed / hz,
        end=attrs.get("end") or "",
        discarded=episode.discarded,
        judgement=episode.judgement,
        archived=episode.archived,
        figures=attrs.get("figures", {}),
        bytes_on_disk=bytes_on_disk(episode.path),
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the format promises."""

    episode: str
    law: str
    """Which promise: integrity, attributes, row law, steps, time, written, ranges, layers, re-simulation."""
    message: str
    """The rule and what was got."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found."""

    path: Path
    findings: tuple[Finding, ...]
    """What is wrong; empty for a healthy session."""
    not_checkable: tuple[Finding, ...]
    """What this machine can't check, and why."""
    episodes: int
    """How many were read whole."""
    rows: int
    rows_resimulated: int
    """Rows whose rewards and poses were driven again."""

    @property
    def ok(self) -> bool:
        return not self.findings


Progress = Callable[[int, int, str], None]
"""(episodes done, episodes, name of the one done)."""


def verify(
    path: str | Path,
    make_world: MakeWorld,
    versions: Mapping[str, str],
    progress: Progress | None = None,
) -> Verification:
    """Read every chunk, hold every row against the format's laws, and drive every episode again from its actions.

    `versions` of the libraries on this machine, as episodes record them. SessionError when there is no session.
    """
    session = open_session(path, Rendering(make_world, versions))
    check = _Check(make_world(session.attrs["env"]), versions, session.attrs["unknown"])
    check.findings += [Finding(name, "integrity", str(error)) for name, error in session.damaged]
    if session.attrs["format_version"] < ARCHIVE_VERSION:
        check.findings += [
            Finding(episode.name, "attributes", f"a session with an archived episode is of format {ARCHIVE_VERSION}")
            for episode in session.episodes
            if episode.archived
        ]
    for done, episode in enumerate(session.episodes, 1):
        check.episode(episode)
        if progress:
            progress(done, len(session.episodes), episode.name)
    return Verification(
        session.path, tuple(check.findings), tuple(check.gaps), check.episodes, check.rows, check.rows_resimulated
    )


class _Check:
    """A verification in the making."""

    def __init__(self, world: World | None, versions: Mapping[str, str], unknown: Collection[str]) -> None:
        self._world, self._versions, self._unknown = world, versions, unknown
        self.findings: list[Finding] = []
        self.gaps: list[Finding] = []
        self.episodes = self.rows = self.rows_resimulated = 0

    def episode(self, episode: Episode) -> None:
        try:
            columns = {name: _checkable(episode, name) for name in _recorded(episode)}
            final_observation = None if episode.archived else episode.final_observation
        except SessionError as error:
            self.findings.append(Finding(episode.name, "integrity", str(error)))
            return
        laws = broken_laws(episode.attrs, columns, self._unknown)
        broken = [Finding(episode.name, law, message) for law, message in laws]
        self.findings += broken
        self.findings += _layers(episode)
        self.episodes, self.rows = self.episodes + 1, self.rows + episode.committed
        if broken:
            self._gap(episode, "rows that break a law can't be driven again")
        else:
            self._resimulate(episode, columns, final_observation)

    def _resimulate(self, episode: Episode, columns: Columns, final_observation: Image | None) -> None:
        if why := hindrance(episode.attrs, columns, self._world, self._versions):
            self._gap(episode, why)
            return
        assert self._world is not None
        if other := differences(episode.attrs, self._versions, PIXEL_VERSIONS):
            self._gap(episode, f"observations: {'; '.join(other)}")
        if episode.archived and not other:
            messages = _drawn_otherwise(episode)
        else:
            if not episode.archived:
                columns = {**columns, "observation": episode.observation}
            messages = resimulate(episode.attrs, columns, final_observation, self._world, pixels=not other)
        self.findings += [Finding(episode.name, "re-simulation", message) for message in messages]
        self.rows_resimulated += episode.committed

    def _gap(self, episode: Episode, why: str) -> None:
        self.gaps.append(Finding(episode.name, "re-simulation", f"not checkable here: {why}"))


def _layers(episode: Episode) -> Iterator[Finding]:
    """What is wrong with the labels that were added later."""
    for name in episode.layers:
        try:
            broken = list(layer(name, group_attributes(episode.path / LABELS / name), episode.layer(name)))
        except SessionError as error:
            yield Finding(episode.name, "integrity", str(error))
        else:
            yield from (Finding(episode.name, "layers", message) for message in broken)


def _recorded(episode: Episode) -> list[str]:
    """Names of the columns that are on the disk."""
    return [name for name in episode.columns if not (episode.archived and name.startswith("observation"))]


def _drawn_otherwise(episode: Episode) -> Iterator[str]:
    """What is wrong with an archived episode's pictures, if anything is."""
    try:
        deque(episode.drawn_again(), maxlen=0)
    except SessionError as error:
        yield str(error)


def _checkable(episode: Episode, name: str) -> npt.NDArray[Any]:
    """A column as the laws take it; pictures a part at a time, because an hour of them would fill the memory."""
    if not name.startswith("observation"):
        return episode.column(name)
    return np.concatenate([piece.any(axis=(1, 2, 3)) for piece in episode.pieces(name)])
