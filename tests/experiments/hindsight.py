"""What it is worth to go back before taking over: `python -m tests.experiments.hindsight`.

The simulated human sees late. Here it takes over on the spot, where `teleop budget` lets it go back first; the rest is
the same: laps, minutes, steps, training seeds, tracks. Cells are in .github/results/hindsight, those of going back in
.github/results/budget (`python -m tests.experiments.budget --experts simulated`), and the README's table compares them,
policy by policy. Recordings and policies are in build/experiments/hindsight, and what is there is not made again.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from teleop.budget import BUDGET_FILE, Case, Cell, Terms, Work, stretches
from teleop.devices.watcher import Watcher
from teleop.journal import Journal
from teleop.learners import LearnerFrom
from teleop.report.budget_tables import with_interval
from teleop.spending import StandIns
from teleop.words import counted
from tests.experiments import budget
from tests.experiments.cells import RESULTS, WORK, load, write_table

CELLS = RESULTS / "hindsight"
OUT = WORK / "hindsight"
LOST = 700
"""Fewer than this scores who lost a track, and nobody who drove all of it."""


@dataclass(frozen=True)
class Pair:
    """The same policy, corrected in both ways."""

    on_the_spot: Cell
    gone_back: Cell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--laps", nargs="*", type=int, default=[1], help="plain laps at the beginning")
    parser.add_argument("--draws", nargs="*", type=int, default=[0, 1, 2], help="which; none: only draw what there is")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2], help="of training")
    asked = parser.parse_args()
    for minutes in budget.CHAINS:
        for laps in asked.laps:
            for draw in asked.draws:
                correct_on_the_spot(Case("simulated", laps, draw), [float(end) for end in minutes], asked.seeds)
    write_table("hindsight", lines())


def correct_on_the_spot(case: Case, minutes: Sequence[float], seeds: Sequence[int]) -> None:
    """All its cells, as `teleop budget` makes them."""
    _, steps, _, tracks = budget.TERMS
    terms, out = Terms(tuple(minutes), int(steps), int(tracks)), OUT / "-".join(f"{end:g}" for end in minutes)
    means = StandIns(LearnerFrom, terms.steps, terms.tracks, workers=2, corrector=lambda _: Watcher(back_s=0))
    with Journal(out / case.name, BUDGET_FILE, terms.plan) as journal:
        work = Work(case, means, journal)
        for seed in seeds:
            corrections = [work.laps()]
            learner, _ = work.learned("laps", 0.0, seed, corrections)
            for begin, end in stretches(terms.minutes):
                corrections = [*corrections, work.corrected(begin, end, seed, learner, after=corrections)]
                learner, _ = work.learned("dagger", end, seed, corrections)
    for cell in (out / case.name).glob("seed-*-dagger-*.json"):
        (CELLS / case.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cell, CELLS / case.name / cell.name)


def pairs() -> Iterator[Pair]:
    for file in sorted(CELLS.glob("*/seed-*.json")):
        other = budget.CELLS / file.parent.name / file.name
        if other.exists():
            pair = Pair(load(file), load(other))
            assert pair.on_the_spot["recipe"] == pair.gone_back["recipe"], f"{file.stem} was trained otherwise"
            yield pair


def lines() -> Iterator[str]:
    yield "| from | watched | policies | hands on | on the spot | tracks below 700 | gone back | below 700 | gain |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"

    def terms(pair: Pair) -> tuple[Any, ...]:
        return pair.gone_back["laps"], pair.gone_back["minutes"]

    for (laps, minutes), some in groupby(sorted(pairs(), key=terms), terms):
        told = list(some)
        before, after = (np.array([_scores(cell) for cell in cells]) for cells in _sides(told))
        gain, low, high = with_interval(after - before, [pair.gone_back["draw"] for pair in told])
        hands = " and ".join(f"{np.mean([cell['hands_on_s'] for cell in cells]):.0f}" for cells in _sides(told))
        shown = (
            f"{counted(laps, 'lap')}",
            f"{minutes:g} min",
            str(len(told)),
            f"{hands} s",
            f"{before.mean():.1f}",
            f"{(before < LOST).mean():.0%}",
            f"**{after.mean():.1f}**",
            f"{(after < LOST).mean():.0%}",
            f"{gain:+.1f} ({low:+.1f} to {high:+.1f})",
        )
        yield "| " + " | ".join(shown) + " |"


def _sides(told: Sequence[Pair]) -> tuple[list[Cell], list[Cell]]:
    return [pair.on_the_spot for pair in told], [pair.gone_back for pair in told]


def _scores(cell: Cell) -> list[float]:
    """By track."""
    tracks = sorted(cell["evaluation"]["tracks"], key=lambda track: int(track["seed"]))
    return [float(track["score"]) for track in tracks]


if __name__ == "__main__":
    main()
