"""Retaking: a recorded episode is driven again as it was, up to a frame, and from there by somebody else.

What comes of it stands on its own: the way there is its first rows, simulated anew, and its `parent` says whose they
are. Only what follows is learned from.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from rich.console import Console
from rich.markup import escape

from teleop.bindings import BESIDE_A_LEARNER
from teleop.clock import PacedMetronome, SimulatedMetronome
from teleop.devices.seat import NamedDevice, Seat
from teleop.drivers.autopilot import Autopilot
from teleop.experts import stand_in
from teleop.frame import HZ, End, Frame, Source, Start, Tick
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.logbook import Logbook
from teleop.loop import Sink, run_episode
from teleop.mending.way import Way, way_to
from teleop.recording import HEADLESS_MAX_STEPS, Tally, say_how_it_went
from teleop.retake_command import Retake
from teleop.session import COMMIT_ROWS, existing_path
from teleop.settings.settings import load_settings
from teleop.sinks.recorder import Recorder
from teleop.sitting import Sitting
from teleop.window import Window, require_screen
from teleop.worlds.mid_drive import MidDrive
from teleop.worlds.track import versions

MOMENT_S = 0.002
"""In which a few rows may have been written."""


def retake(config: Retake, console: Console) -> None:
    """Retake as `config` says, and tell the console how it went; errors as for `Retake.run`."""
    if not config.headless:
        require_screen("to let the autopilot drive on without one: --expert autopilot --headless")
    session = existing_path(config.session)
    way = way_to(session, config.episode, config.frame, console)
    metronome = SimulatedMetronome(HZ) if config.fast else PacedMetronome(HZ)
    limit = None if config.expert == "human" else HEADLESS_MAX_STEPS
    world = MidDrive(way.actions, domain_randomize=way.domain_randomize, max_steps=limit, picture=not config.headless)
    with (
        closing(world),
        Logbook(session, world.environment(), block_when_behind=config.fast, operator=config.operator) as logbook,
    ):
        logbook.open()  # what is wrong with the session is said before anybody drives
        retaking = Retaking(config, way, world, metronome)
        ends = drive_headless(retaking, logbook) if config.headless else drive_in_window(retaking, logbook, console)
        tally = Tally.of(ends)
    say_how_it_went(console, tally, session, metronome)


class Retaking:
    """Everything an episode needs but the one who drives it and those who watch."""

    def __init__(
        self, config: Retake, way: Way, world: MidDrive, metronome: PacedMetronome | SimulatedMetronome
    ) -> None:
        self.config, self.way, self.world = config, way, world
        self._metronome, self._referee = metronome, Autopilot()

    def drive(self, seed: int, sinks: Sequence[Sink], device: NamedDevice) -> End:
        """One episode, from the frame on; `seed` is the way's."""
        start = Start(
            seed=seed,
            mode="retake",
            paced=not self.config.fast,
            expert=self.config.expert,
            operator=self.config.operator,
            device=device.name,
            gate="only human",
            parent=self.way.parent,
            versions=versions(),
        )
        return run_episode(
            start,
            world=self.world,
            device=device,
            drivers={Source.AUTOPILOT: self._referee},
            gate=Only(Source.HUMAN),
            sinks=[Onward(sink, self.way) if isinstance(sink, Recorder) else sink for sink in sinks],
            metronome=self._metronome,
        )


def drive_headless(retaking: Retaking, logbook: Logbook) -> Iterator[End]:
    """A stand-in drives on, once."""
    yield retaking.drive(retaking.way.seed, [logbook.open()], stand_in(retaking.config.expert))


def drive_in_window(retaking: Retaking, logbook: Logbook, console: Console) -> Iterator[End]:
    """Somebody drives on, or watches a stand-in, as often as they like. Yields what was recorded."""
    config, settings = retaking.config, load_settings()
    for problem in settings.problems:
        console.print(escape(problem), style="yellow")
    with closing(Window(f"teleop retake - {logbook.path.name} {config.episode} {config.frame}")) as window:
        expert = None if config.expert == "human" else stand_in(config.expert)
        seat = Seat(window, every_hand_device(settings), settings.bindings.without(*BESIDE_A_LEARNER), expert)

        def drive(seed: int, sinks: Sequence[Sink]) -> End:
            return retaking.drive(seed, sinks, seat)

        moment = ("retake", f"from frame {config.frame} of episode {retaking.way.parent['episode']}")
        sitting = Sitting(window, seat, retaking.world, settings, drive, logbook, news=lambda: moment)
        track = retaking.way.seed
        yield from (driven.end for driven in sitting.drive(range(track, track + 1)) if driven.recorded)


class Onward:
    """A recorder whose episode begins with the way to where driving begins (a `loop.Sink`).

    An episode in which nobody drove on holds nothing new, and is marked as discarded.
    """

    def __init__(self, recorder: Recorder, way: Way) -> None:
        self._recorder, self._way = recorder, way

    def on_start(self, start: Start) -> None:
        """Hand the way over, no faster than it is written: the queue is for what will be driven."""
        self._recorder.on_start(replace(start, learner=self._way.learner))
        for frame in self._way.frames:
            while self._recorder.rows_behind >= COMMIT_ROWS:
                time.sleep(MOMENT_S)
            self._recorder.on_frame(frame)

    def on_frame(self, frame: Frame) -> None:
        self._recorder.on_frame(replace(frame, tick=self._later(frame.tick)))

    def on_idle(self, tick: Tick, why: str) -> None:
        self._recorder.on_idle(self._later(tick), why)

    def on_end(self, end: End) -> None:
        before = len(self._way.frames)
        why = end.why if end.steps else "discarded"
        self._recorder.on_end(replace(end, why=why, steps=before + end.steps, step=before + end.step))

    def _later(self, tick: Tick) -> Tick:
        """Counted from the reset."""
        return replace(tick, step=len(self._way.frames) + tick.step, time_ns=self._way.time_ns + tick.time_ns)
