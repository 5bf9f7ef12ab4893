"""Recording: a person, or a stand-in, drives track after track into one session."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from teleop.bindings import BESIDE_A_LEARNER
from teleop.clock import PacedMetronome, SimulatedMetronome
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.drivers.nudge import FOR_AUTOPILOT, FOR_PERSON, Nudge
from teleop.errors import UsageError
from teleop.experts import stand_in
from teleop.frame import HZ, VALIDATION_SEED, End, Source, Start
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.logbook import Logbook
from teleop.loop import Device, Sink, run_episode
from teleop.progress import progress
from teleop.record import Asked, Record
from teleop.session import next_seed, open_session
from teleop.settings.settings import load_settings
from teleop.sitting import Sitting
from teleop.window import Window, require_screen
from teleop.words import counted
from teleop.worlds.track import TrackWorld, versions
from teleop.writer import writable_path

HEADLESS_MAX_STEPS = 2000
"""Nobody is there to press finish. Twice stock's limit: a lap takes 700 to 1200 steps."""


def record_episodes(config: Record, console: Console) -> None:
    """Record as `config` says, and tell the console how it went.

    UsageError when there is no screen; SessionError when the session can't be written.
    """
    if not config.headless:
        require_screen()
    world = TrackWorld(picture=not config.headless, max_steps=HEADLESS_MAX_STEPS if config.headless else None)
    metronome = SimulatedMetronome(HZ) if config.fast else PacedMetronome(HZ)
    with closing(world):
        seeds = seeds_to_drive(config)
        with Logbook(
            config.session, world.environment(), block_when_behind=config.fast, operator=config.operator
        ) as logbook:
            if not config.practice:
                logbook.open()  # what is wrong with the session is said before anybody drives
            recording = Recording(config, world, logbook, metronome)
            drive = drive_headless if config.headless else drive_in_window
            try:
                tally = Tally.of(drive(recording, seeds, console))
            except KeyboardInterrupt:
                if logbook.path.exists() and len(open_session(logbook.path).episodes):
                    console.print(escape(f"what was recorded so far is kept in {logbook.path}"))
                raise
    say_how_it_went(console, tally, logbook.path, metronome)


def seeds_to_drive(config: Asked, known: Sequence[int] = ()) -> range:
    """The tracks, in order; by default beyond those of the session and the `known` ones.

    UsageError where they would reach those that measure.
    """
    first = config.seed
    if first is None:
        path = writable_path(config.session)
        first = next_seed(*([open_session(path)] if (path / "zarr.json").exists() else []), known=known)
    if config.episodes is None:
        return range(first, VALIDATION_SEED if config.expert == "human" else first + 1)
    if first + config.episodes > VALIDATION_SEED:
        raise UsageError(
            f"tracks from {VALIDATION_SEED} up are kept for validation and evaluation; {config.episodes} episodes from "
            f"track {first} would reach them: ask for fewer, or begin with a lower --seed"
        )
    return range(first, first + config.episodes)


class Recording:
    """Everything an episode needs but the one who drives it and those who watch."""

    def __init__(
        self,
        config: Record,
        world: TrackWorld,
        logbook: Logbook,
        metronome: PacedMetronome | SimulatedMetronome,
    ) -> None:
        self.config, self.world, self.logbook, self.metronome = config, world, logbook, metronome
        self._referee = Autopilot()
        self._nudge = nudge_for(config)
        self._start = Start(
            seed=0,
            mode="demo",
            paced=not config.fast,
            expert=config.expert,
            operator=config.operator,
            gate="only human",
            versions=versions(),
        )

    def drive(self, seed: int, sinks: Sequence[Sink], device: Device, name: str) -> End:
        """One episode on the track of `seed`, with a device of this name."""
        return run_episode(
            replace(self._start, seed=seed, device=name),
            world=self.world,
            device=device,
            drivers={Source.AUTOPILOT: self._referee},
            gate=Only(Source.HUMAN),
            sinks=sinks,
            metronome=self.metronome,
            nudge=self._nudge,
        )


def nudge_for(config: Record) -> Nudge | None:
    """As strong as the one who has to drive with it can bear."""
    if not config.nudge:
        return None
    return Nudge(FOR_AUTOPILOT if config.expert == "autopilot" else FOR_PERSON)


def drive_headless(recording: Recording, seeds: range, console: Console) -> Iterator[End]:
    """A stand-in drives every track; a bar says how far it is."""
    expert = stand_in(recording.config.expert)
    with progress(console, escape(f"recording into {recording.logbook.path.name}"), len(seeds)) as update:
        for done, seed in enumerate(seeds, start=1):
            end = recording.drive(seed, [recording.logbook.open()], expert, expert.name)
            update(done, f"track {seed}: {end.why}, score {end.figures['score']:.0f}")
            yield end


def drive_in_window(recording: Recording, seeds: range, console: Console) -> Iterator[End]:
    """Somebody drives, or watches a stand-in, until they have had enough. Yields what was recorded."""
    config, logbook, settings = recording.config, recording.logbook, load_settings()
    for problem in settings.problems:
        console.print(escape(problem), style="yellow")
    with closing(Window(f"teleop record - {logbook.path.name}")) as window:
        expert = None if config.expert == "human" else stand_in(config.expert)
        seat = Seat(window, every_hand_device(settings), settings.bindings.without(*BESIDE_A_LEARNER), expert)

        def drive(seed: int, sinks: Sequence[Sink]) -> End:
            return recording.drive(seed, sinks, seat, seat.name)

        sitting = Sitting(window, seat, recording.world, settings, drive, logbook, config.practice)
        yield from (driven.end for driven in sitting.drive(seeds) if driven.recorded)


@dataclass(frozen=True)
class Tally:
    """What was recorded."""

    episodes: int
    frames: int
    """Abandoned branches and discarded episodes included: all of it is on disk."""
    discarded: int
    """Episodes."""

    @classmethod
    def of(cls, ends: Iterable[End]) -> Tally:
        """Drives them, where they are still to be driven. One without a frame leaves nothing on disk."""
        ended = [(end.steps, end.why == "discarded") for end in ends if end.steps]
        return cls(len(ended), sum(steps for steps, _ in ended), sum(discarded for _, discarded in ended))

    def __str__(self) -> str:
        discarded = f", {self.discarded} of them discarded" if self.discarded else ""
        driving = f"{counted(self.frames, 'frame')}, {self.frames / HZ:.0f} s of driving"
        return f"{counted(self.episodes, 'episode')}{discarded}: {driving}"


def say_how_it_went(
    console: Console, tally: Tally, session: Path, metronome: PacedMetronome | SimulatedMetronome
) -> None:
    """What was recorded, how well the ticks kept their time, where it is and what to do with it."""
    if not tally.frames:
        console.print("nothing was recorded")
        return
    console.print(escape(f"{tally}, saved in {session}"))
    if isinstance(metronome, PacedMetronome) and (cadence := metronome.cadence()):
        console.print(f"{cadence}", highlight=False)
    if tally.episodes > tally.discarded:
        checkpoint = shlex.quote(str(session.with_suffix(".safetensors")))
        console.print(escape(f"next: policy train --arch bc --out {checkpoint} {shlex.quote(str(session))}"))
