"""`policy evaluate`: how far a policy is from the expert on recorded rows, as tables and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from policy.kinds import check_rule
from teleop.results import check_file, write

if TYPE_CHECKING:
    from policy.offline import Errors, Evaluation

MOST_EPISODES = 20
"""In the table; the JSON file holds all."""


@dataclass(frozen=True)
class Evaluate:
    """Compare a policy's actions with the expert's on recorded rows, without driving.

    For how well it drives, see `teleop evaluate`: a small error here does not promise that.
    """

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """What `policy train --out` wrote."""
    sessions: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SESSION...", help_behavior_hint="")
    ]
    """Sessions to compare on; best ones it did not learn from."""
    labels: Annotated[str | None, tyro.conf.arg(metavar="{demos,corrections,labelled,layer:NAME}")] = None
    """Which rows; those of the rule it learned by, if not given."""
    json: Path | None = None
    """Write every figure to this file."""

    def __post_init__(self) -> None:
        if not self.sessions:
            raise ValueError("evaluating needs at least one SESSION; got none: name those to compare on")
        if self.labels is not None:
            check_rule(self.labels)

    def run(self, console: Console) -> int:
        if self.json:
            check_file(self.json, self.checkpoint)
        # Only now: torch takes seconds to load.
        from policy.checkpoint import load_checkpoint
        from policy.dataset import load_lessons
        from policy.offline import evaluate, rule_of

        checkpoint = load_checkpoint(self.checkpoint)
        rule = rule_of(checkpoint, self.labels)
        lessons = load_lessons(self.sessions, checkpoint.vision, rule, partial(console.print, markup=False))
        evaluation = evaluate(checkpoint, lessons)
        results = Console(highlight=False)
        for table in (_errors_table(evaluation), _changes_table(evaluation), _episodes_table(evaluation)):
            results.print(table)
        if "learned from" in evaluation.by_seen:
            results.print("Rows it learned from say little about any others: compare on new ones.")
        if self.json is not None:
            write(self.json, json.dumps(asdict(evaluation), indent=1))
        return 0


def _errors_table(evaluation: Evaluation) -> Table:
    table = _table("mean absolute error", "rows", "steering", "gas", "brake", "mse")
    table.add_row("all rows", *_error_cells(evaluation.total))
    table.add_section()
    for seen, errors in evaluation.by_seen.items():
        table.add_row(seen, *_error_cells(errors))
    table.add_section()
    for kind, errors in evaluation.by_kind.items():
        table.add_row(kind, *_error_cells(errors))
    return table


def _changes_table(evaluation: Evaluation) -> Table:
    """Two rows an action: the policy, and the copycat that it must not be, which repeats the expert's last action."""
    table = _table("copycat test", "error", "changes", "error there", "accuracy there")
    for one in evaluation.changes:
        policy = one.change_error, one.change_accuracy
        repeat = one.repeat_change_error, one.repeat_change_accuracy
        table.add_row(one.action, f"{one.error:.4f}", f"{one.changes:,} of {one.rows:,}", *_change_cells(*policy))
        moves = f"by {one.threshold:.2f} or more"
        table.add_row("  a copycat", f"{one.repeat_error:.4f}", moves, *_change_cells(*repeat))
    return table


def _episodes_table(evaluation: Evaluation) -> Table:
    worst = sorted(evaluation.episodes, key=lambda episode: -episode.errors.mse)[:MOST_EPISODES]
    more = len(evaluation.episodes) - len(worst)
    title = f"worst {len(worst)} of {len(evaluation.episodes)} episodes" if more else "worst first"
    table = _table(title, "track", "rows", "steering", "gas", "brake", "mse", "seen")
    for one in worst:
        name = f"{one.session.removesuffix('.zarr')} {one.episode}"
        table.add_row(escape(name), str(one.seed), *_error_cells(one.errors), one.seen)
    return table


def _table(heading: str, *figures: str) -> Table:
    table = Table(box=SIMPLE)
    table.add_column(heading, overflow="fold")
    for figure in figures:
        table.add_column(figure, justify="right", no_wrap=True)
    return table


def _error_cells(errors: Errors) -> tuple[str, ...]:
    figures = (errors.steering, errors.gas, errors.brake, errors.mse)
    return f"{errors.rows:,}", *(f"{figure:.4f}" for figure in figures)


def _change_cells(error: float | None, accuracy: float | None) -> tuple[str, str]:
    return "-" if error is None else f"{error:.4f}", "-" if accuracy is None else f"{accuracy:.0%}"
