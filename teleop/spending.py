"""A person's minutes, spent by stand-ins: the means of the equal-budget experiment (`teleop.budget`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from teleop.budget import Spent
from teleop.budget_command import SHORTEST_S
from teleop.burden import Burden
from teleop.chores import Process
from teleop.clock import SimulatedMetronome
from teleop.collecting import Collection, collect
from teleop.devices.seat import NamedDevice
from teleop.evaluate import evaluate
from teleop.experts import stand_in
from teleop.frame import EVALUATION_SEED, HZ, Command, Controls, End, Start, Tick
from teleop.logbook import Logbook
from teleop.loop import Driver
from teleop.record import Record
from teleop.recording import HEADLESS_MAX_STEPS, Recording
from teleop.worlds.track import TrackWorld

RECIPES: Mapping[str, tuple[str, ...]] = {
    "autopilot": (),
    "simulated": ("--zoom-in", "--setting-off", "0.3", "--label-lead", "1", "--shift", "1.5", "--turn-deg", "5"),
}
"""Options of `policy train` by expert, beyond its defaults; chosen on validation tracks. From twenty laps a tenth of
rows shown setting off is enough; corrected by somebody who brakes late, policies learn to come to rest, and need more.
"""
SHORTEST_FRAMES = SHORTEST_S * HZ


class Learner(Protocol):
    """Builds a checkpoint's driver, in this process or in a worker's."""

    def __call__(self) -> Driver: ...

    def identity(self) -> Mapping[str, str]:
        """{name, sha256}."""


class StandIns:
    """Implements `budget.Means`: headless and as fast as it goes; training is a process of its own, `policy train`."""

    def __init__(
        self,
        load: Callable[[Path], Learner],
        steps: int,
        tracks: int,
        workers: int,
        corrector: Callable[[str], NamedDevice] = stand_in,
    ) -> None:
        """`corrector` is who corrects for an expert of that name."""
        self._load, self._steps, self._workers, self._corrector = load, steps, workers, corrector
        self._evaluated_on = range(EVALUATION_SEED, EVALUATION_SEED + tracks)
        self._console = Console(quiet=True)

    def drive_laps(self, session: Path, expert: str, first_track: int, laps: int) -> Spent:
        tracks = range(first_track, first_track + laps)
        ends = list(demonstrated(session, expert, ((track, HEADLESS_MAX_STEPS) for track in tracks)))
        return spent_on(ends, tracks.stop)

    def demonstrate(self, session: Path, expert: str, first_track: int, frames: int) -> Spent:
        left = Allowance(first_track, frames)
        ends = []
        for end in demonstrated(session, expert, left):
            left.take(end.steps)
            ends.append(end)
        return spent_on(ends, left.track)

    def correct(self, session: Path, expert: str, learner: Path, first_track: int, frames: int) -> Spent:
        loaded, burden, left = self._load(learner), Burden(), Allowance(first_track, frames)
        driver, identity, device = loaded(), loaded.identity(), self._corrector(expert)
        for track, most in left:
            collection = Collection(session, [track], driver, identity, Until(device, most))
            (ref,) = collect(collection, self._console)
            left.take(ref.rows)
            burden += ref.burden
        return Spent((frames - left.frames) / HZ, burden.hands_on_s, left.track)

    def recipe(self, expert: str, seed: int) -> Sequence[str]:
        words = ("--steps", str(self._steps), "--seed", str(seed), "--select-tracks", "0", "--no-hold-out")
        return (*RECIPES[expert], *words)

    def train(self, checkpoint: Path, sessions: Sequence[Path], recipe: Sequence[str]) -> None:
        words = ["policy", "train", *map(str, sessions), *recipe, "--out", str(checkpoint)]
        training = Process(words, checkpoint.with_suffix(".log"))
        try:
            training.finish()
        except BaseException:
            training.give_up()
            raise

    def evaluate(self, checkpoint: Path) -> Mapping[str, Any]:
        return evaluate(self._load(checkpoint), self._evaluated_on, self._workers).as_json()


class Allowance:
    """Frames that may be driven: (track, most frames on it), track after track, until they are taken."""

    def __init__(self, first_track: int, frames: int) -> None:
        self.track, self.frames = first_track, frames
        """The next one; those left."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for track in count(self.track):
            if self.frames < SHORTEST_FRAMES:
                return
            self.track = track + 1
            yield track, min(self.frames, HEADLESS_MAX_STEPS)

    def take(self, frames: int) -> None:
        self.frames -= frames


class Until:
    """Implements `devices.seat.NamedDevice`: an expert whose time is up after so many frames, rewound ones too."""

    person = False

    def __init__(self, expert: NamedDevice, frames: int) -> None:
        self._expert, self._frames = expert, frames
        self.name = expert.name

    def reset(self, start: Start) -> None:
        self._expert.reset(start)
        self._left = self._frames

    def read(self, tick: Tick) -> Controls:
        if not self._left:
            return Controls(None, hands_on=False, commands=(Command.FINISH,))
        self._left -= 1
        return self._expert.read(tick)


def demonstrated(session: Path, expert: str, tracks: Iterable[tuple[int, int]]) -> Iterator[End]:
    """Drive each (track, most frames on it) plainly into the session."""
    device = stand_in(expert)
    config = Record(session, expert="simulated" if expert == "simulated" else "autopilot", headless=True, fast=True)
    with closing(TrackWorld()) as any_world:
        environment = any_world.environment()
    with Logbook(session, environment, block_when_behind=True) as logbook:
        for track, most in tracks:
            with closing(TrackWorld(max_steps=most)) as world:
                recording = Recording(config, world, logbook, SimulatedMetronome(HZ))
                yield recording.drive(track, [logbook.open()], device, device.name)


def spent_on(ends: Sequence[End], next_track: int) -> Spent:
    """Who demonstrates has their hands on all the time."""
    driven_s = sum(end.steps for end in ends) / HZ
    return Spent(driven_s, driven_s, next_track)
