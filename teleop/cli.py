"""The `teleop` command: builds the parts and prints. The only file that imports policy.

Heavy imports stay inside the commands, so that --help answers at once and recording loads no torch.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tyro
from rich.console import Console
from rich.markup import escape

from teleop.arguments import SessionArgument
from teleop.bank_command import BankCommand
from teleop.budget_command import BudgetCommand
from teleop.compact_command import Compact
from teleop.dagger_command import DaggerCommand
from teleop.devices_command import Devices
from teleop.doctor import Doctor
from teleop.errors import UsageError, UserError
from teleop.export_command import Export
from teleop.frame import DIAGNOSIS_SEED, EVALUATION_SEED, VALIDATION_SEED
from teleop.import_command import Import
from teleop.joining_command import Merge, Split
from teleop.marks_command import Discard, Restore, Trim, Undo
from teleop.progress import progress
from teleop.purge_command import Purge
from teleop.record import Record
from teleop.relabel_command import Relabel
from teleop.replay_command import Replay
from teleop.retake_command import Retake
from teleop.sessions_command import Sessions
from teleop.shift_command import ShiftCommand, names_of
from teleop.udacity import OBSERVATION_SHAPE
from teleop.udacity_command import UdacityCommand, check_sees_the_simulator
from teleop.words import counted

if TYPE_CHECKING:
    from policy.config import TrainConfig
    from teleop.demo import OnStep, Trained
    from teleop.evaluate import Evaluation, MakeDriver
    from teleop.loop import Driver
    from teleop.shift.measure import Policy

WORKERS = max(1, os.cpu_count() or 1)
NOT_INHERITED = (
    *("sessions", "out", "resume", "select_tracks", "start_from", "threads", "hold_out"),
    *("operator", "min_score", "outcome"),
)
"""Options of a training that say nothing of how it is learned, or which of its own episodes."""


@dataclass(frozen=True)
class Info:
    """Say what a session holds."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""

    def run(self, console: Console) -> int:
        from teleop.library import info
        from teleop.report.tables import episodes_table, session_line

        session = info(self.session)
        console.print(session_line(session), highlight=False)
        if session.episodes or session.damaged:
            console.print(episodes_table(session))
        else:
            console.print("no episodes yet: `teleop record` adds them", highlight=False)
        for name, error in session.damaged:
            console.print(f"[bold red]damaged[/] {name}:", escape(error), highlight=False)
        return 1 if session.damaged else 0


@dataclass(frozen=True)
class Verify:
    """Check a session: the format's laws, every checksum, and re-simulation from seed and actions."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""

    def run(self, console: Console) -> int:
        from teleop.library import verify
        from teleop.rendering import recorded_world
        from teleop.report.tables import verification_lines
        from teleop.session import open_session
        from teleop.worlds.track import versions

        episodes = len(open_session(self.session).episodes)
        with progress(console, f"verifying {counted(episodes, 'episode')}", episodes) as update:
            told = verify(self.session, recorded_world, versions(), lambda done, _, name: update(done, name))
        for line in verification_lines(told):
            console.print(line, highlight=False)
        return 0 if told.ok else 1


@dataclass(frozen=True)
class Evaluate:
    """Let a policy drive held-out tracks alone, and report its scores."""

    policy: tyro.conf.Positional[str]
    """A checkpoint's path, `autopilot` or `simulated`."""
    tracks: int = 100
    """How many tracks: FIRST_SEED, FIRST_SEED + 1, ..."""
    first_seed: int = EVALUATION_SEED
    """1000000 is the first evaluation track (only reported), 900000 the first validation track (for choosing)."""
    workers: int = WORKERS
    """Processes that drive side by side; the scores do not depend on it."""
    json: Path | None = None
    """Write every figure to this file."""
    picture: Path | None = None
    """Draw every track's score into this SVG file."""

    def run(self, console: Console) -> int:
        from teleop.evaluate import evaluate_with_progress
        from teleop.report.tables import evaluation_table, worst_tracks_table

        if self.tracks < 1 or self.workers < 1 or self.first_seed < 0:
            raise UsageError(
                "--tracks and --workers are at least 1 and --first-seed at least 0; "
                f"got {self.tracks}, {self.workers} and {self.first_seed}"
            )
        for file in (self.json, self.picture):
            check_writable(file)
        if self.json is not None and self.json == self.picture:
            raise UsageError(f"--json and --picture are two files; both are {self.json}: choose another name for one")
        if self.first_seed < VALIDATION_SEED:
            console.print(f"note: tracks below {VALIDATION_SEED} may have been trained on")
        make_driver = driver_named(self.policy)
        seeds = range(self.first_seed, self.first_seed + self.tracks)
        evaluation = evaluate_with_progress(
            make_driver, seeds, self.workers, console, f"driving {counted(self.tracks, 'track')}"
        )
        console.print(evaluation_table(self.policy, evaluation))
        console.print(worst_tracks_table(evaluation))
        self._save(evaluation)
        return 0

    def _save(self, evaluation: Evaluation) -> None:
        if self.json is not None:
            figures = {"policy": self.policy, "first_seed": self.first_seed, **evaluation.as_json()}
            write(self.json, json.dumps(figures, indent=1) + "\n")
        if self.picture is not None:
            from teleop.report.figures import scores_figure

            write(self.picture, scores_figure({self.policy: evaluation}))


@dataclass(frozen=True)
class Watch:
    """See a policy drive, in the window that you drive in and by the same keys. Nothing is recorded."""

    policy: tyro.conf.Positional[str]
    """A checkpoint's path, `autopilot` or `simulated`."""
    tracks: int = 100
    """How many tracks: FIRST_SEED, FIRST_SEED + 1, ..."""
    first_seed: int = DIAGNOSIS_SEED
    """800000 is the first of the tracks that are kept for looking at what a policy does wrong."""

    def run(self, console: Console) -> int:
        from teleop.watch import watch

        if self.tracks < 1 or self.first_seed < 0:
            raise UsageError(
                f"--tracks is at least 1 and --first-seed at least 0; got {self.tracks} and {self.first_seed}"
            )
        watch(driver_named(self.policy)(), self.policy, range(self.first_seed, self.first_seed + self.tracks), console)
        return 0


@dataclass(frozen=True)
class Shift(ShiftCommand):
    """Measure distribution shift: what becomes of policies on the states that their own driving leads to."""

    def run(self, console: Console) -> int:
        self.check()
        named = zip(names_of(self.policies), self.policies, strict=True)
        return self.measure([measured_policy(name, policy) for name, policy in named], console)


@dataclass(frozen=True)
class Bank(BankCommand):
    """See which takeovers a learner no longer needs: each is driven again, from a second before it."""

    def run(self, console: Console) -> int:
        check_writable(self.json)
        return self.answer(driver_named(str(self.learner)), console)


@dataclass(frozen=True)
class Budget(BudgetCommand):
    """Spend the same minutes on corrections and on more demonstrations, and see which made the better policy."""

    def run(self, console: Console) -> int:
        self.check()
        return self.spend(LearnerFrom, console)


@dataclass(frozen=True)
class Udacity(UdacityCommand):
    """Serve Udacity's self-driving-car simulator: a policy drives it, and a touch of your controls takes over."""

    def run(self, console: Console) -> int:
        self.check()
        return self.drive(*_simulators_learner(self.learner), console)


@dataclass(frozen=True)
class Dagger(DaggerCommand):
    """Let a policy drive, correct it the moment it goes wrong, and record both (DAgger by live intervention)."""

    def run(self, console: Console) -> int:
        self.check()
        # Below, only now: the simulator takes a second to load, and --help needs none of it.
        if self.demos:
            from teleop.rounds_driving import correct_in_rounds

            correct_in_rounds(self, _driver_and_identity, options_of_training, console)
            return 0
        from teleop.correcting import correct

        assert self.learner is not None
        correct(self, *_driver_and_identity(self.learner), console)
        return 0


@dataclass(frozen=True)
class Demo:
    """Tell the story: from one lap a policy drifts; corrected while it drives, twice, it drives the same tracks."""

    out: Path = Path("demo")
    """Folder for the sessions, the checkpoints and the page."""
    workers: int = WORKERS
    """Processes that drive the tracks."""

    def run(self, console: Console) -> int:
        from teleop.demo import tell_story

        if self.workers < 1:
            raise UsageError(f"--workers is at least 1; got {self.workers}")
        if self.out.exists() and not self.out.is_dir():
            raise UsageError(f"--out is a folder; {self.out} is a file: choose another name")
        page = tell_story(self.out, BehavioralCloning(), self.workers, console)
        console.print(f"The story in pictures: {page}")
        return 0


COMMANDS: dict[str, Callable[..., Any]] = {
    "record": Record,
    "dagger": Dagger,
    "relabel": Relabel,
    "retake": Retake,
    "evaluate": Evaluate,
    "watch": Watch,
    "replay": Replay,
    "bank": Bank,
    "budget": Budget,
    "shift": Shift,
    "udacity": Udacity,
    "demo": Demo,
    "import": Import,
    "export": Export,
    "sessions": Sessions,
    "info": Info,
    "trim": Trim,
    "discard": Discard,
    "restore": Restore,
    "undo": Undo,
    "purge": Purge,
    "merge": Merge,
    "split": Split,
    "verify": Verify,
    "compact": Compact,
    "devices": Devices,
    "doctor": Doctor,
}


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code: 0, 1 failed, 2 wrong usage, 130 interrupted."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    command = tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="teleop", args=arguments)
    console = Console(soft_wrap=True)
    try:
        code: int = command.run(console)
        return code
    except (UserError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {escape(in_words(error))}", highlight=False)
        return error.exit_code if isinstance(error, UserError) else 1
    except KeyboardInterrupt:
        console.print("interrupted")
        return 130


def in_words(error: UserError | OSError) -> str:
    """What a person can mend; where only the system speaks, what it said of which file."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} can't be used: {error.strerror}; choose another place, or mend that"
    return str(error)


def check_writable(file: Path | None) -> None:
    """UsageError where a result could not be written, before the work for it is done."""
    if file is None:
        return
    if not file.parent.is_dir():
        raise UsageError(f"{file} can't be written, there is no folder {file.parent}: make it first")
    if file.is_dir():
        raise UsageError(f"{file} can't be written, it is a folder: add a file name")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError(f"{file} can't be written, it is protected: choose another place")


def write(file: Path, text: str) -> None:
    """UserError, and no half a file, where it can't be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        file.unlink(missing_ok=True)
        raise UserError(f"{file} can't be written ({error.strerror}): choose another place") from error


def driver_named(policy: str) -> MakeDriver:
    """What builds the driver of a checkpoint's path, the autopilot or the simulated human.

    The checkpoint is loaded once here, so that a bad one is told once rather than by every worker.
    """
    if policy == "autopilot":
        from teleop.drivers.autopilot import Autopilot

        return Autopilot
    if policy == "simulated":
        from teleop.experts import simulated_human

        return simulated_human
    make_driver = LearnerFrom(Path(policy))
    make_driver()
    return make_driver


def measured_policy(name: str, policy: str) -> Policy:
    """As `driver_named`, with what a checkpoint says that it was trained on."""
    from teleop.shift.measure import Policy

    make_driver = driver_named(policy)
    if not isinstance(make_driver, LearnerFrom):
        return Policy(name, make_driver)
    from policy.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(make_driver.path)
    trained_on = (episode.get("digest") for episode in checkpoint.episodes if not episode.get("held_out"))
    return Policy(
        name,
        make_driver,
        frozenset(digest for digest in trained_on if digest),
        {"name": make_driver.path.name, "sha256": checkpoint.sha256},
    )


def _simulators_learner(path: Path) -> tuple[Driver, dict[str, str]]:
    """The driver in a checkpoint, and its {name, sha256}. UsageError where it was made for other pictures."""
    from policy.learner import Learner
    from teleop.drivers.learner import LearnerDriver

    learner = Learner.load(path)
    check_sees_the_simulator(learner.observation_shape, path)
    learner.act(np.zeros(OBSERVATION_SHAPE, np.uint8))  # the first time takes longest
    return LearnerDriver(learner), {"name": learner.name, "sha256": learner.sha256}


@dataclass(frozen=True)
class LearnerFrom:
    """Builds a checkpoint's driver, in this process or in a worker's."""

    path: Path

    def __call__(self) -> Driver:
        from policy.learner import Learner
        from teleop.drivers.learner import LearnerDriver
        from teleop.writer import CAR_RACING_OBSERVATION

        learner = Learner.load(self.path)
        if learner.observation_shape != CAR_RACING_OBSERVATION:
            raise UsageError(
                f"CarRacing-v3's tracks are driven by a policy that learned from such; {self.path} learned from the "
                f"Udacity simulator: let it drive there, teleop udacity --learner {self.path}"
            )
        return LearnerDriver(learner)

    def identity(self) -> dict[str, str]:
        """{name, sha256} of what drives."""
        from policy.checkpoint import load_checkpoint

        return {"name": self.path.name, "sha256": load_checkpoint(self.path).sha256}


def _driver_and_identity(checkpoint: Path) -> tuple[Driver, dict[str, str]]:
    """Who drives, and its {name, sha256}."""
    learner = LearnerFrom(checkpoint)
    return learner(), learner.identity()


def options_of_training(checkpoint: Path | None) -> list[str]:
    """The options of `policy train` by which others are trained like this one; none where it is to be the first."""
    if checkpoint is None:
        return []
    from policy.checkpoint import load_checkpoint
    from policy.config import TrainConfig

    config, words = load_checkpoint(checkpoint).config, list[str]()
    own = (*NOT_INHERITED, "steps") if config.get("start_from") else NOT_INHERITED  # from scratch, more are needed
    for option in fields(TrainConfig):
        value = config.get(option.name, option.default)
        if option.name in own or value == option.default or (option.name, value) == ("labels", "demos"):
            continue
        flag = option.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [word for one in _listed(value) for word in (f"--{flag}", str(one))]
    return words


def _listed(value: object) -> Sequence[object]:
    """What is given as one option, or as several."""
    return value if isinstance(value, list | tuple) else [value]


class BehavioralCloning:
    """policy's trainer with its defaults, learning from every episode, as the demo asks for one."""

    def __init__(self) -> None:
        config = _defaults([Path("session")], Path("checkpoint"))
        self.steps, self.loss = config.steps, config.loss

    def train(self, sessions: Sequence[Path], checkpoint: Path, on_step: OnStep) -> Trained:
        from policy.train import train
        from teleop.demo import Trained

        train(_defaults(sessions, checkpoint), lambda told: on_step(told.step, told.loss))
        learner = LearnerFrom(checkpoint)
        return Trained(learner, learner.identity())


def _defaults(sessions: Sequence[Path], checkpoint: Path) -> TrainConfig:
    from policy.config import TrainConfig

    return TrainConfig(sessions=tuple(sessions), out=checkpoint, hold_out=False)
