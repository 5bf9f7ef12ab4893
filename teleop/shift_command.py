"""`teleop shift`: what may be asked for, and what is left behind. The measuring itself is in `teleop.shift`."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.errors import UsageError
from teleop.results import check_folder

if TYPE_CHECKING:
    from teleop.shift.measure import Policy


@dataclass(frozen=True)
class ShiftCommand:
    """What may be asked for; `teleop.cli` adds the policies, which `teleop.learners` alone can load."""

    policies: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="POLICY...", help_behavior_hint="")
    ]
    """Checkpoints' paths, `autopilot` or `simulated`: side by side in one report."""
    sessions: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="SESSION...")]
    """Demonstrations to compare with: those that the policies were trained on, and more if there are any."""
    out: Path
    """Folder for the page, its numbers (shift.json), and the worst moments' recording (rollouts.zarr)."""
    tracks: int = 100
    """Evaluation tracks that every policy drives, from 1000000."""
    workers: int = os.cpu_count() or 1
    """Processes that drive side by side; the figures do not depend on it."""

    def check(self) -> None:
        """UsageError when nothing could come of it."""
        if not self.policies or not self.sessions:
            raise UsageError(
                "shift compares policies with demonstrations: teleop shift CHECKPOINT... --sessions SESSION... --out "
                f"DIR; got {len(self.policies)} policies and {len(self.sessions)} sessions"
            )
        if self.tracks < 1 or self.workers < 1:
            raise UsageError(f"--tracks and --workers are at least 1; got {self.tracks} and {self.workers}")
        check_folder(self.out)
        names_of(self.policies)

    def measure(self, policies: Sequence[Policy], console: Console) -> int:
        """Measure, and leave the page, the numbers and the recording behind."""
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.report.shift_page import write_shift_page
        from teleop.report.tables import shift_table
        from teleop.shift.measure import measure

        self.out.mkdir(parents=True, exist_ok=True)
        report = measure(policies, self.sessions, self.tracks, self.workers, self.out, console, self.command)
        (self.out / "shift.json").write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
        page = write_shift_page(report, self.out)
        for note in report.notes:
            console.print(escape(f"note: {note}"), highlight=False)
        console.print(shift_table(report))
        console.print(escape(f"{page} shows it; took {report.minutes:.1f} min"), highlight=False)
        return 0

    @property
    def command(self) -> str:
        """As it would be typed."""
        options = ["--tracks", str(self.tracks), "--workers", str(self.workers), "--out", str(self.out)]
        return shlex.join(["teleop", "shift", *self.policies, "--sessions", *map(str, self.sessions), *options])


def names_of(policies: Sequence[str]) -> list[str]:
    """Short names to tell policies apart by. UsageError when one is given twice."""
    if twice := [policy for policy, times in Counter(policies).items() if times > 1]:
        raise UsageError(f"every policy is given once; {twice[0]} is there twice: name it once")
    stems = [Path(policy).stem for policy in policies]
    return [stem if stems.count(stem) == 1 else policy for stem, policy in zip(stems, policies, strict=True)]
