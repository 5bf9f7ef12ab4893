"""`teleop bank`: what may be asked for. The answering itself is in `teleop.bank`, loaded once it is needed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.durable import encoded_json, replace_file
from teleop.errors import UsageError
from teleop.session import existing_path

if TYPE_CHECKING:
    from teleop.evaluate import MakeDriver

ROUNDS_FILE = "rounds.json"
"""In a folder of rounds: what was done, and to which session."""


@dataclass(frozen=True)
class BankCommand:
    """What may be asked for; `teleop.cli` adds the learner, which `teleop.learners` alone can load."""

    folder: tyro.conf.Positional[Path]
    """The folder of rounds that `teleop dagger --rounds` left, or a session with takeovers."""
    learner: Path
    """The checkpoint that drives, from a second before each takeover."""
    workers: int = os.cpu_count() or 1
    """Processes that drive side by side; the verdicts do not depend on it."""
    json: Path | None = None
    """Write every verdict to this file."""

    def answer(self, make_driver: MakeDriver, console: Console) -> int:
        """Let the learner answer every takeover, and tell the console which are fixed."""
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.bank import check_bank
        from teleop.report.rounds_tables import bank_table

        if self.workers < 1:
            raise UsageError(f"--workers is at least 1; got {self.workers}")
        bank = check_bank(session_of(self.folder), make_driver, self.workers, console)
        if self.json:
            replace_file(self.json, encoded_json(bank.as_json()))
        if bank.fixed < bank.checkable:
            console.print(bank_table(bank))
        console.print(escape(f"{self.learner}: {bank}"), highlight=False)
        return 0


def session_of(folder: Path) -> Path:
    """The session with a folder's takeovers; itself, where it is no folder of rounds. UsageError without one."""
    rounds = folder / ROUNDS_FILE
    if rounds.is_file():
        try:
            return folder / str(json.loads(rounds.read_text(encoding="utf-8"))["plan"]["session"])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{rounds} says which session its takeovers are in; this one is damaged: give the session itself"
            ) from error
    if folder.is_dir() and existing_path(folder) == folder and not (folder / "zarr.json").exists():
        raise UsageError(
            f"{folder} holds neither rounds ({ROUNDS_FILE}) nor a session (zarr.json): give the folder that `teleop "
            "dagger --rounds` left, or a session of corrections"
        )
    return folder
