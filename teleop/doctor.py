"""`teleop doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from teleop.progress import progress
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.checkup.checks import Finding, Machine

STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


@dataclass(frozen=True)
class Doctor:
    """Check this machine for driving: screen, devices, libraries, disk, rate; each with its remedy."""

    folder: tyro.conf.Positional[Path] = Path()
    """Where sessions are to be recorded."""

    def run(self, console: Console) -> int:
        from teleop.checkup.machine import ThisMachine

        return report(ThisMachine(self.folder), console)


def report(machine: Machine, console: Console) -> int:
    """Examine a machine and say what was found; returns the exit code, 1 where there is a problem."""
    from teleop.checkup.checks import CHECKS, Verdict, examine

    findings: dict[str, Finding] = {}
    with progress(console, "examining this machine", len(CHECKS)) as update:
        for name in CHECKS:
            update(len(findings), name)
            findings[name] = examine(machine, name)
        update(len(findings), "")
    console.print(findings_table(findings), "")
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in findings.values())
    console.print(f"{counted(problems, 'problem')} to mend, from the top" if problems else "all set for driving")
    return 1 if problems else 0


def findings_table(findings: Mapping[str, Finding]) -> Table:
    """A line a check, and under it the remedy; within 80 columns."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), width=80, show_edge=False)
    for heading in ("check", "verdict"):
        table.add_column(heading, no_wrap=True)
    table.add_column("found", overflow="fold")
    for name, finding in findings.items():
        verdict = finding.verdict.value
        remedy = f"\n[bold]{escape(finding.remedy)}[/]" if finding.remedy else ""
        table.add_row(name, f"[{STYLES[verdict]}]{verdict}[/]", escape(finding.found) + remedy)
    return table
