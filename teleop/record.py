"""`teleop record`: a person, or the autopilot in their place, drives; every frame lands in a session.

Ready, drive, over, next track: until the person quits, or `episodes` are driven.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro
from rich.console import Console

from teleop.clock import PacedMetronome, SimulatedMetronome
from teleop.errors import UsageError, UserError
from teleop.frame import HZ, VALIDATION_SEED, End, Source, Start
from teleop.gates import Only
from teleop.loop import Device, Nudge, Sink, run_episode
from teleop.progress import progress

if TYPE_CHECKING:
    from teleop.devices.seat import Seat
    from teleop.drivers.autopilot import Autopilot
    from teleop.sinks.recorder import Recorder
    from teleop.window import Window
    from teleop.worlds.track import TrackWorld

HEADLESS_MAX_STEPS = 2000
"""Nobody is there to press finish. Twice stock's limit: a lap takes 700 to 1200 steps."""


@dataclass(frozen=True)
class Record:
    """Drive, and record every frame into a session."""

    session: tyro.conf.Positional[Path]
    """The session's folder; `.zarr` is added if missing. An existing session is appended to."""
    expert: Literal["human", "autopilot"] = "human"
    """Who drives and so labels: a person, or the scripted autopilot."""
    headless: bool = False
    """Without a window; for the autopilot."""
    fast: bool = False
    """As fast as the machine can, instead of 50 Hz; with --headless."""
    episodes: int | None = None
    """How many tracks to drive. By default a person drives until they quit, the autopilot once."""
    seed: int | None = None
    """First track: SEED, SEED + 1, ...; below 900000. By default one past the session's highest, or 0."""
    nudge: bool = False
    """Push the steering now and then: the push is executed, the label stays what the driver wanted."""
    operator: str = ""
    """The driver's name, kept with every episode."""


@dataclass(frozen=True)
class Tally:
    """What was recorded."""

    episodes: int = 0
    frames: int = 0
    discarded: int = 0

    def plus(self, end: End) -> Tally:
        """One more episode."""
        return Tally(self.episodes + 1, self.frames + end.steps, self.discarded + (end.why == "discarded"))

    def __str__(self) -> str:
        plural = "" if self.episodes == 1 else "s"
        discarded = f", {self.discarded} of them discarded" if self.discarded else ""
        return (
            f"{self.episodes} episode{plural}{discarded}: {self.frames:,} frames, {self.frames / HZ:.0f} s of driving"
        )


def record(config: Record, console: Console) -> int:
    """Record as `config` says, tell the console how it went, and return the exit code.

    UsageError when the options don't go together or there is no screen; UserError when the session can't be written.
    """
    check(config)
    with user_errors():
        from teleop.sinks.recorder import Recorder
        from teleop.worlds.track import TrackWorld

        if not config.headless:
            from teleop.window import require_screen

            require_screen()
        seeds = seeds_to_drive(config)
        world = TrackWorld(picture=not config.headless, max_steps=HEADLESS_MAX_STEPS if config.headless else None)
        metronome = SimulatedMetronome(HZ) if config.fast else PacedMetronome(HZ)
        with closing(world), Recorder(config.session, world.environment(), block_when_behind=config.fast) as recorder:
            recording = Recording(config, world, recorder, metronome)
            tally = _without_window(recording, seeds, console) if config.headless else _in_window(recording, seeds)
    _say_how_it_went(console, tally, recorder.path, metronome)
    return 0


def check(config: Record) -> None:
    """UsageError when the options don't go together."""
    if config.headless and config.expert == "human":
        raise UsageError(
            "--headless has no window for a person to drive in: add --expert autopilot, or drop --headless"
        )
    if config.fast and not config.headless:
        raise UsageError("--fast is for recording without a window: add --headless, or drop --fast")
    if config.episodes is not None and config.episodes < 1:
        raise UsageError(f"--episodes is at least 1; got {config.episodes}")
    if config.seed is not None and not 0 <= config.seed <= VALIDATION_SEED - (config.episodes or 1):
        raise UsageError(
            f"--seed S records the tracks S, S + 1, ... from 0 to {VALIDATION_SEED - 1}; got {config.seed}. "
            f"From {VALIDATION_SEED} up they are kept for validation and evaluation"
        )


@contextmanager
def user_errors() -> Iterator[None]:
    """Make a session's errors those of the command."""
    from teleop.session import SessionError

    try:
        yield
    except SessionError as error:
        raise UserError(str(error)) from error


def seeds_to_drive(config: Record) -> range:
    """The tracks, in order."""
    from teleop.session import existing_path, next_seed, open_session

    first = config.seed
    if first is None:
        first = next_seed(open_session(config.session)) if existing_path(config.session).exists() else 0
    episodes = 1 if config.episodes is None and config.expert != "human" else config.episodes
    return range(first, VALIDATION_SEED if episodes is None else first + episodes)


class Recording:
    """Everything an episode needs but the one who drives it and those who watch."""

    def __init__(
        self,
        config: Record,
        world: TrackWorld,
        recorder: Recorder,
        metronome: PacedMetronome | SimulatedMetronome,
    ) -> None:
        from teleop.drivers.autopilot import Autopilot
        from teleop.worlds.track import versions

        self.config, self.world, self.recorder, self.metronome = config, world, recorder, metronome
        self._referee: Autopilot = Autopilot()
        self._nudge = _nudge(config)
        self._start = Start(
            seed=0,
            mode="demo",
            paced=not config.fast,
            expert=config.expert,
            operator=config.operator,
            gate="only human",
            versions=versions(),
        )

    def drive(self, seed: int, device: Device, name: str, *watchers: Sink) -> End:
        """One episode on the track of `seed`."""
        return run_episode(
            replace(self._start, seed=seed, device=name),
            world=self.world,
            device=device,
            drivers={Source.AUTOPILOT: self._referee},
            gate=Only(Source.HUMAN),
            sinks=[self.recorder, *watchers],
            metronome=self.metronome,
            nudge=self._nudge,
        )


def _nudge(config: Record) -> Nudge | None:
    from teleop.drivers.nudge import FOR_AUTOPILOT, FOR_PERSON, Nudge

    if not config.nudge:
        return None
    return Nudge(FOR_PERSON if config.expert == "human" else FOR_AUTOPILOT)


def _without_window(recording: Recording, seeds: range, console: Console) -> Tally:
    from teleop.devices.scripted import Scripted
    from teleop.drivers.autopilot import Autopilot

    expert = Scripted(Autopilot(), "autopilot")
    tally = Tally()
    with progress(console, f"recording into {recording.recorder.path.name}", len(seeds)) as update:
        for seed in seeds:
            end = recording.drive(seed, expert, expert.name)
            tally = tally.plus(end)
            update(tally.episodes, f"track {seed}: {end.why}, score {end.figures['score']:.0f}")
    return tally


def _in_window(recording: Recording, seeds: range) -> Tally:
    from teleop.window import Window

    with closing(Window(f"teleop record - {recording.recorder.path.name}")) as window:
        return _Sitting(recording, window).run(seeds)


class _Sitting:
    """Somebody sits before the window, until they have had enough."""

    def __init__(self, recording: Recording, window: Window) -> None:
        from teleop.sinks.hud import Hud

        self._recording, self._window = recording, window
        self._by_person = recording.config.expert == "human"
        self._seat = _seat(window, self._by_person)
        self._hud = Hud(window, recording.world, recording.recorder, self._seat)

    def run(self, seeds: range) -> Tally:
        tally = Tally()
        go_on = self._ready(seeds[0])
        for seed in seeds:
            if not go_on:
                break
            end = self._drive(seed)
            tally = tally.plus(end)
            go_on = self._go_on(end, seed + 1 if seed + 1 in seeds else None)
        return tally

    def _ready(self, first_seed: int) -> bool:
        from teleop import screens

        name = self._recording.recorder.path.name
        return not self._by_person or screens.ready(self._window, self._seat, name, first_seed)

    def _drive(self, seed: int) -> End:
        from teleop import screens
        from teleop.session import SessionError

        try:
            return self._recording.drive(seed, self._seat, self._seat.name, self._hud)
        except SessionError as error:
            screens.failed(self._window, self._seat, str(error))
            raise

    def _go_on(self, end: End, next_seed: int | None) -> bool:
        """Whether the next track is to be driven; asks unless that was already said."""
        from teleop import screens
        from teleop.bindings import Flow

        if self._seat.wants is not None:
            return self._seat.wants is Flow.NEXT
        return not self._by_person or screens.over(self._window, self._seat, end, next_seed)


def _seat(window: Window, by_person: bool) -> Seat:
    from teleop.devices.gamepad import Gamepads
    from teleop.devices.keyboard import Keyboard
    from teleop.devices.scripted import Scripted
    from teleop.devices.seat import Seat
    from teleop.drivers.autopilot import Autopilot

    return Seat(window, [Keyboard(), Gamepads()] if by_person else [Scripted(Autopilot(), "autopilot")])


def _say_how_it_went(
    console: Console, tally: Tally, session: Path, metronome: PacedMetronome | SimulatedMetronome
) -> None:
    if not tally.frames:
        console.print("nothing was recorded")
        return
    console.print(f"{tally}, saved in {session}")
    if isinstance(metronome, PacedMetronome) and (cadence := metronome.cadence()):
        console.print(f"{cadence}", highlight=False)
    if tally.episodes > tally.discarded:
        console.print(f"next: policy train --arch bc --out {session.with_suffix('.safetensors')} {session}")
