"""Collecting corrections: a learner drives track after track, and an expert takes over, or steers along.

collection = Collection(path, range(5), driver, {"name": "a.safetensors", "sha256": "..."}, stand_in("autopilot"))
for recorded in collect(collection, console):
    print(recorded.name, recorded.burden)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape

from teleop.again import Again
from teleop.burden import Burden
from teleop.clock import PacedMetronome, SimulatedMetronome
from teleop.devices.seat import NamedDevice
from teleop.drivers.autopilot import Autopilot
from teleop.frame import HZ, End, Source, Start
from teleop.gates import Mixed, Shadow, TakeOver
from teleop.logbook import Logbook
from teleop.loop import Driver, Gate, Sink, run_episode
from teleop.progress import progress
from teleop.recording import HEADLESS_MAX_STEPS
from teleop.session import open_session
from teleop.sinks.interventions import Interventions
from teleop.sinks.labels import LabelCount
from teleop.worlds.track import TrackWorld, versions

GateName = Literal["takeover", "shadow", "mixed"]
EXPERTS_SHARE = 0.5
"""Of the ticks of a mixture, where nobody asked for another one."""


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Who drives where, who corrects, and where it is kept."""

    session: Path
    """Appended to, or made."""
    seeds: Sequence[int]
    """The tracks, in order."""
    driver: Driver
    """The learner's."""
    learner: Mapping[str, str]
    """{name, sha256}."""
    expert: NamedDevice
    """Who corrects; of stand-ins (`experts.stand_in`) the name is the episodes' `expert`."""
    gate: GateName = "takeover"
    beta: float = EXPERTS_SHARE
    """The expert's share of the ticks, [0, 1], where the gate is mixed."""
    round: int | None = None
    operator: str = ""
    paced: bool = False
    """At 50 Hz; otherwise as fast as it goes, and dependent on tracks, learner and expert alone."""


@dataclass(frozen=True, slots=True)
class EpisodeRef:
    """An episode that was recorded."""

    session: Path
    name: str
    """Of its folder in the session's `episodes`."""
    seed: int
    why: str
    """How it ended."""
    figures: Mapping[str, float | int | None]
    """As they are kept with it: score, lap time, interventions..."""
    rows: int
    """Frames that were driven, those that a rewind took back too."""

    @property
    def burden(self) -> Burden:
        """What it cost, and yielded."""
        return Burden.of(self.figures, self.why == "discarded")


def collect(collection: Collection, console: Console, max_steps: int = HEADLESS_MAX_STEPS) -> list[EpisodeRef]:
    """Drive every track without a window; returns what was recorded, in order, once all of it is on disk.

    Both drivers' actions are kept for every tick, and the silent referee's. SessionError when the session can't be
    written.
    """
    with closing(Drives(collection, max_steps=max_steps)) as drives, drives.logbook() as logbook:
        recorder, before = logbook.open(), recorded_in(logbook.path)
        with progress(console, escape(f"collecting into {logbook.path.name}"), len(collection.seeds)) as update:
            for done, seed in enumerate(collection.seeds, start=1):
                end = drives.drive(seed, [recorder], collection.expert)
                update(done, f"track {seed}: {end.why}, score {end.figures['score']:.0f}")
    return recorded_in(logbook.path)[len(before) :]


class Drives:
    """Episodes of a collection, one after another: everything an episode needs but those who watch."""

    def __init__(self, collection: Collection, picture: bool = False, max_steps: int | None = None) -> None:
        self.go_on_as(collection)
        self._interventions, self._labels = Interventions(), LabelCount()
        self.world = TrackWorld(picture=picture, max_steps=max_steps, counted=self._figures)
        self.metronome = PacedMetronome(HZ) if collection.paced else SimulatedMetronome(HZ)
        self._referee = Autopilot()

    def go_on_as(self, collection: Collection) -> None:
        """Another learner, or round, from the next episode on; the rest is as it was."""
        self._collection, self._start = collection, start_of(collection)
        self._again = Again(collection.driver, gate_of(collection))

    def _figures(self) -> Mapping[str, float | int | None]:
        return {**self._interventions.figures(), **self._labels.figures()}

    def logbook(self) -> Logbook:
        """Of the collection's session. SessionError when there is one that can't be read."""
        collection = self._collection
        return Logbook(collection.session, self.world.environment(), not collection.paced, collection.operator)

    def drive(self, seed: int, sinks: Sequence[Sink], device: NamedDevice) -> End:
        """One episode on the track of `seed`."""
        return run_episode(
            replace(self._start, seed=seed, device=device.name),
            world=self.world,
            device=device,
            drivers={Source.LEARNER: self._again, Source.AUTOPILOT: self._referee},
            gate=self._again,
            sinks=[self._interventions, self._labels, *sinks],
            metronome=self.metronome,
        )

    def close(self) -> None:
        """Free the simulation."""
        self.world.close()


def start_of(collection: Collection) -> Start:
    """What is known of every episode before its track."""
    beta = f" {collection.beta:g}" if collection.gate == "mixed" else ""
    return Start(
        seed=0,
        mode="dagger",
        paced=collection.paced,
        expert="human" if collection.expert.person else collection.expert.name,
        operator=collection.operator,
        gate=f"{collection.gate}{beta}",
        round=collection.round,
        learner=collection.learner,
        versions=versions(),
    )


def gate_of(collection: Collection) -> Gate:
    """The gate of that name."""
    if collection.gate == "shadow":
        return Shadow()
    return Mixed(collection.beta) if collection.gate == "mixed" else TakeOver()


def recorded_in(session: Path) -> list[EpisodeRef]:
    """Every episode that holds a row, in order."""
    return [
        EpisodeRef(session, one.name, one.attrs["seed"], one.attrs["end"], one.attrs["figures"], one.committed)
        for one in open_session(session).episodes
    ]
