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
        table.add_column(heading, justify="left" if heading == "why" else "right", no_wrap=True)
    for verdict in bank.verdicts:
        if verdict.fixed is False:
            table.add_row(verdict.episode, str(verdict.seed), f"{verdict.step / HZ:.1f} s", verdict.why)
    return table


def cost_table(results: Sequence[Result]) -> Table:
    """One line a round: what correcting took. Minutes are those a person has to watch."""
    table = light_table("what the rounds cost")
    for heading in ("round", "watched", "hands on", "takeovers a lap", "human share", "failed hand-backs", "autonomy"):
        table.add_column(heading, justify="right")
    for result in results:
        burden = result.burden
        a_lap, share, autonomy = burden.interventions_per_lap, burden.human_share, burden.driving.autonomy
        table.add_row(
            str(result.number),
            f"{burden.driving.elapsed_s / 60:.1f} min",
            f"{burden.hands_on_s:.1f} s",
            "-" if a_lap is None else f"{a_lap:.1f}",
            "-" if share is None else f"{share:.0%}",
            str(burden.failed_handbacks),
            "-" if autonomy is None else f"{autonomy:.0%}",
        )
    return table


def gain_table(results: Sequence[Result]) -> Table:
    """One line a round: mean scores on the validation tracks, and takeovers of all rounds so far that are fixed.

    The goal is `FIXED_GOAL` of them.
    """
    table = light_table("what they brought")
    for heading in ("round", "before", "after", "swapped", "takeovers fixed", "trained in", "validated in"):
        table.add_column(heading, justify="right")
    for result in results:
        came, bank = result.round, result.bank
        table.add_row(
            str(result.number),
            f"{came.parent.score:.0f}",
            f"{came.candidate.score:.0f}",
            "yes" if came.swapped else "no",
            "-" if bank.share is None else f"{bank.fixed} of {bank.checkable}, {bank.share:.0%}",
            f"{result.train_s:.0f} s",
            f"{result.validate_s:.0f} s",
        )
    return table
