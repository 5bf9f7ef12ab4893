"""What correcting a learner brought, and cost, as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from teleop.bank import Bank
from teleop.frame import HZ
from teleop.report.tables import light_table
from teleop.rounds import Result


def bank_table(bank: Bank) -> Table:
    """The takeovers that a learner would still need."""
    table = light_table("still to be corrected")
    for heading in ("episode", "track", "at", "why"):
        table.add_column(heading, justify="left" if heading == "why" else "right", no_wrap=heading != "why")
    for verdict in bank.verdicts:
        if not verdict.fixed:
            table.add_row(verdict.episode, str(verdict.seed), f"{verdict.step / HZ:.1f} s", verdict.why)
    return table


def rounds_table(results: Sequence[Result]) -> Table:
    """One line a round: what it cost, what it brought."""
    table = light_table("rounds")
    for heading in ("round", "watched", "hands on", "takeovers a lap", "human share", "failed hand-backs", "autonomy"):
        table.add_column(heading, justify="right")
    for heading in ("validation", "", "takeovers fixed", "trained in", "validated in"):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for result in results:
        table.add_row(*_burden_cells(result), *_learner_cells(result))
    return table


def _burden_cells(result: Result) -> tuple[str, ...]:
    burden = result.burden
    a_lap, share, autonomy = burden.interventions_per_lap, burden.human_share, burden.driving.autonomy
    return (
        str(result.number),
        f"{burden.driving.elapsed_s / 60:.1f} min",
        f"{burden.hands_on_s:.0f} s",
        "-" if a_lap is None else f"{a_lap:.1f}",
        "-" if share is None else f"{share:.0%}",
        str(burden.failed_handbacks),
        "-" if autonomy is None else f"{autonomy:.0%}",
    )


def _learner_cells(result: Result) -> tuple[str, ...]:
    parent, candidate = result.round.parent, result.round.candidate
    return (
        f"{parent.score:.0f} -> {candidate.score:.0f}",
        "swapped" if result.round.swapped else "not swapped",
        "-" if result.fixed is None else f"{result.fixed} of {result.takeovers}",
        f"{result.train_s:.0f} s",
        f"{result.validate_s:.0f} s",
    )
