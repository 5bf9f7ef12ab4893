"""The `teleop` command: builds the parts and prints.

Heavy imports stay inside the commands, so that --help answers at once and recording loads no torch.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from teleop.learners import (
    BehavioralCloning,
    LearnerFrom,
    driver_and_identity,
    driver_named,
    measured_policy,
    options_of_training,
    simulators_learner,
    tracks_learned_from,
)
from teleop.marks_command import Discard, Restore, Trim, Undo
from teleop.progress import progress
from teleop.purge_command import Purge
from teleop.record import Record
from teleop.relabel_command import Relabel
from teleop.replay_command import Replay
from teleop.results import check_file, check_folder, write
from teleop.retake_command import Retake
from teleop.sessions_command import Sessions
from teleop.shift_command import ShiftCommand, names_of
from teleop.udacity_command import UdacityCommand
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.evaluate import Evaluation

WORKERS = max(1, os.cpu_count() or 1)


@dataclass(frozen=True)
class Info:
    """Say what a session holds."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""

    def run(self, console: Console) -> int:
        from teleop.library import info
        from teleop.report.tables import corrections_line, episodes_table, session_line

        session = info(self.session)
        console.print(session_line(session), highlight=False)
        if session.episodes or session.damaged:
            console.print(episodes_table(session))
            if corrections := corrections_line(session):
                console.print(corrections, highlight=False)
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
        for file in filter(None, (self.json, self.picture)):
            check_file(file, Path(self.policy))
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
        if self.json:
            check_file(self.json, self.learner)
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
        return self.drive(*simulators_learner(self.learner), console)


@dataclass(frozen=True)
class Dagger(DaggerCommand):
    """Let a policy drive, correct it the moment it goes wrong, and record both (DAgger by live intervention)."""

    def run(self, console: Console) -> int:
        self.check()
        # Below, only now: the simulator takes a second to load, and --help needs none of it.
        if self.demos:
            from teleop.rounds_driving import correct_in_rounds

            correct_in_rounds(self, driver_and_identity, options_of_training, tracks_learned_from, console)
            return 0
        from teleop.correcting import correct

        assert self.learner is not None
        correct(self, *driver_and_identity(self.learner), console, tracks_learned_from(self.learner))
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
        check_folder(self.out)
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
