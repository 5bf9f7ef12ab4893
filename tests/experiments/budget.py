"""A person's minutes, spent on correcting or on demonstrating more: `python -m tests.experiments.budget`.

`teleop budget` makes the cells; they are kept in .github/results/budget, and the README's table and picture are drawn
from them. Its recordings and policies are in build/experiments/budget, and what is there is not made again.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence

from teleop.budget import Cell
from teleop.report.budget_tables import NAMES, Comparison, budget_figure, comparisons
from teleop.words import counted
from tests.experiments.cells import MEDIA, RESULTS, WORK, command, load, write_table

CELLS = RESULTS / "budget"
OUT = WORK / "budget"
CHAINS = (("0.5", "2"), ("1", "5"))
"""Minutes. Corrected is who learned from the chain's budget before; laps and what they teach are the same for both."""
TERMS = ("--steps", "3000", "--tracks", "30")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--experts", nargs="*", default=["autopilot", "simulated"], choices=("autopilot", "simulated"))
    parser.add_argument("--laps", nargs="*", default=["1", "2"], help="plain laps at the beginning")
    parser.add_argument("--draws", nargs="*", default=["0", "1", "2"], help="which laps; none: only draw what there is")
    parser.add_argument("--seeds", nargs="*", default=["0", "1", "2"], help="of training")
    asked = parser.parse_args()
    if asked.draws:
        words = [
            word for name in ("experts", "laps", "draws", "seeds") for word in (f"--{name}", *getattr(asked, name))
        ]
        for minutes in CHAINS:
            spend(minutes, words)
    told = comparisons(cells())
    (MEDIA / "budget.svg").write_text(budget_figure(told))
    write_table("budget", lines(told))


def spend(minutes: Sequence[str], words: Sequence[str]) -> None:
    """These budgets of these cases; their cells are kept."""
    out = OUT / "-".join(minutes)
    command("teleop", "budget", "--out", str(out), "--minutes", *minutes, *TERMS, *words)
    for cell in out.glob("*/seed-*.json"):
        (CELLS / cell.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cell, CELLS / cell.parent.name / cell.name)


def cells() -> list[Cell]:
    return [load(file) for file in sorted(CELLS.glob("*/seed-*.json"))]


def lines(told: list[Comparison]) -> Iterator[str]:
    headings = ("from", "watched", "spent on", "hands on", "policies", "mean", "95% interval", "at 900")
    yield "| " + " | ".join((*headings, "DAgger's gain", "by draw of laps")) + " |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for comparison in told:
        for arm in comparison.arms:
            mean, low, high = arm.mean
            shown = (
                f"{comparison.expert}, {counted(comparison.laps, 'lap')}",
                f"{comparison.minutes:g} min",
                NAMES[arm.name],
                f"{arm.hands_on_s:.0f} s",
                str(len(arm.scores)),
                f"**{mean:.1f}**",
                f"{low:.1f} to {high:.1f}",
                f"{arm.share_900:.0%}",
                *(_gain(comparison) if arm.name == "dagger" else ("", "")),
            )
            yield "| " + " | ".join(shown) + " |"


def _gain(comparison: Comparison) -> tuple[str, str]:
    assert comparison.difference is not None
    mean, low, high = comparison.difference
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})", ", ".join(f"{gain:+.1f}" for gain in comparison.by_draw)


if __name__ == "__main__":
    main()
