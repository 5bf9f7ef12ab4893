"""Driving in the Udacity simulator: a policy drives, a person may take over, and all of it can be recorded.

The simulator connects to us when its autonomous mode is chosen. Every stretch of uninterrupted driving is an episode.
"""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from teleop.bindings import Flow, Meaning, Rewind
from teleop.clock import FreeMetronome
from teleop.devices.nobody import Nobody
from teleop.devices.seat import NamedDevice, Seat
from teleop.drivers.governor import Governed
from teleop.frame import Command, End, Source, Start
from teleop.gates import Only, TakeOver
from teleop.hands import every_hand_device
from teleop.loop import Driver, Gate, Sink, run_episode
from teleop.screens.failed import failed
from teleop.screens.simulator import drive_on, waited
from teleop.screens.stage import Stage
from teleop.session import SessionError, next_seed, open_session
from teleop.settings.settings import Settings, load_settings
from teleop.sinks.account import Account, autonomy_of, frames_text
from teleop.sinks.cues import Cues
from teleop.sinks.hud import Hud
from teleop.sinks.interventions import Interventions
from teleop.sinks.recorder import Recorder
from teleop.sounds import Sounds
from teleop.udacity import ENVIRONMENT, MPH, OBSERVATION_SHAPE, UNKNOWN
from teleop.window import Window, require_screen
from teleop.worlds.udacity import NoCarError, UdacityWorld
from teleop.worlds.udacity_conversation import BY_HAND
from teleop.worlds.udacity_link import Link

HZ = 20
"""What the simulator gives with one answer under way, about; an episode's figures say how much it was."""
LOOK_S = 0.2
"""Between two looks at whether the simulator is there, where no window has to be kept alive."""
START_IT = ("Start the simulator, choose a track and AUTONOMOUS MODE.", "Then click this window: here you take over.")
LET_GO = ("Let go of W and S in the simulator's window to hand back.", "Meanwhile it sends nothing to record.")
NO_TIME_TRAVEL: tuple[Meaning, ...] = (
    *map(Rewind, range(1, 6)),
    *(Command.SLOWER, Command.FASTER, Command.RELABEL),
)
NO_TRACKS = (Flow.NEXT, Flow.AGAIN, Flow.PRACTICE, Flow.GHOST)
"""Time and tracks are the simulator's own."""
PROGRAMS_END = (signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to drive."""

    driver: Driver
    learner: Mapping[str, str]
    """{name, sha256}."""
    host: str
    port: int
    session: Path | None = None
    headless: bool = False
    episodes: int | None = None
    speed_mph: float = 15.0
    """Held by a governor: policies only steer here."""
    operator: str = ""


def drive_udacity(wanted: Wanted, console: Console) -> None:
    """Serve the simulator until somebody has had enough, and tell the console how it went.

    UsageError when there is no screen; UserError when the port is taken; SessionError when recording fails.
    """
    if not wanted.headless:
        require_screen("for the policy alone, without one: --headless")
    account = Account(console)
    try:
        _drive(wanted, account, console)
    except KeyboardInterrupt:  # how driving without a window ends
        account.sum_up(wanted.session)
        raise
    account.sum_up(wanted.session)


def _drive(wanted: Wanted, account: Account, console: Console) -> None:
    with ExitStack() as stack:
        stack.enter_context(_ended_by_signals())
        recorder = stack.enter_context(_recorder(wanted.session)) if wanted.session else None
        link = stack.enter_context(Link(wanted.host, wanted.port))
        console.print(f"listening on {wanted.host}:{link.port}; {START_IT[0]}", highlight=False)
        drives = _Drives(wanted, link, recorder, account)
        ends = stack.enter_context(closing(drives.alone() if wanted.headless else drives.in_window(console)))
        for _ in islice(ends, wanted.episodes):
            pass


def _recorder(session: Path) -> Recorder:
    return Recorder(session, ENVIRONMENT, HZ, observation_shape=OBSERVATION_SHAPE, unknown=UNKNOWN)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Whoever ends the program ends it as Ctrl+C does: the car is let go, the rows are saved."""
    before = [(number, signal.signal(number, signal.default_int_handler)) for number in PROGRAMS_END]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


class _Drives:
    """One episode after another."""

    def __init__(self, wanted: Wanted, link: Link, recorder: Recorder | None, account: Account) -> None:
        self._wanted, self._link, self._recorder, self._account = wanted, link, recorder, account
        self._interventions = Interventions(lambda: link.trouble == BY_HAND)
        self._world = UdacityWorld(link, self._interventions.figures)
        self._driver = Governed(wanted.driver, wanted.speed_mph * MPH)
        self._seeds = count(next_seed(open_session(recorder.path)) if recorder else 0)
        self._start = Start(
            seed=0, mode="rollout", paced=True, operator=wanted.operator, gate="only learner", learner=wanted.learner
        )

    def alone(self) -> Generator[End]:
        """Without a window: nobody takes over."""
        while True:
            while self._link.trouble:
                self._link.look(LOOK_S)
            if end := self._drive(self._start, Nobody(), Only(Source.LEARNER), []):
                yield end

    def in_window(self, console: Console) -> Generator[End]:
        """A person watches, and may take over."""
        settings = load_settings()
        for problem in settings.problems:
            console.print(escape(problem), style="yellow")
        with closing(Window(f"teleop udacity - {self._wanted.learner['name']}")) as window:
            seat = Seat(window, every_hand_device(settings, HZ), settings.bindings.without(*NO_TIME_TRAVEL, *NO_TRACKS))
            try:
                yield from self._attended(window, seat, settings)
            except SessionError as error:
                failed(Stage(window, seat), str(error))
                raise

    def _attended(self, window: Window, seat: Seat, settings: Settings) -> Iterator[End]:
        stage, hud = Stage(window, seat), Hud(window, self._world, self._recorder, seat)
        cues = Cues(seat, Sounds(settings.sound), settings.rumble)
        start = replace(self._start, mode="dagger", gate="take over")
        while self._simulator_is_there(stage):
            end = self._drive(replace(start, device=seat.name), seat, TakeOver(), [hud, cues])
            if end is None:
                continue
            yield end
            if self._asked(stage, end) is Flow.QUIT:
                return

    def _simulator_is_there(self, stage: Stage) -> bool:
        """False when they quit instead of waiting."""
        while trouble := self._link.trouble:
            remedy = LET_GO if trouble == BY_HAND else START_IT
            if not waited(stage, trouble, remedy, recording=self._recorder is not None):
                return False
        return True

    def _asked(self, stage: Stage, end: End) -> Meaning | None:
        """What is next, where the person ended the episode and did not say."""
        if stage.seat.wants or end.why == "truncated":
            return stage.seat.wants
        title = "Discarded" if end.why == "discarded" else "Stopped here"
        lines = [frames_text(end), *str(autonomy_of(end)).split("; ")]
        return drive_on(stage, title, lines)

    def _drive(self, start: Start, device: NamedDevice, gate: Gate, sinks: Sequence[Sink]) -> End | None:
        """An episode; None where the simulator went away before it began."""
        recorders = [self._recorder] if self._recorder else []
        try:
            return run_episode(
                replace(start, seed=next(self._seeds)),
                world=self._world,
                device=device,
                drivers={Source.LEARNER: self._driver},
                gate=gate,
                sinks=[*recorders, self._interventions, self._account, *sinks],
                metronome=FreeMetronome(),
            )
        except NoCarError:
            return None
        finally:
            self._link.coast()
