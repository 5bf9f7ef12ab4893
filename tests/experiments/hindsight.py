"""What it is worth to go back before taking over: `python -m tests.experiments.hindsight`.

The simulated human sees late. Here it takes over on the spot, where `teleop budget` lets it go back first; the rest is
the same: laps, minutes, steps, training seeds, tracks. Cells are in .github/results/hindsight, those of going back in
.github/results/budget (`python -m tests.experiments.budget --experts simulated`), and the README's table compares them.
Recordings and policies are in build/experiments/hindsight, and what is there is not made again.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from teleop.budget import BUDGET_FILE, Case, Cell, Terms, Work, stretches
from teleop.devices.watcher import Watcher
from teleop.journal import Journal
from teleop.learners import LearnerFrom
from teleop.report.budget_tables import Scores, with_interval
from teleop.spending import StandIns
from teleop.words import counted
from tests.experiments import budget
from tests.experiments.cells import RESULTS, WORK, load, write_table

CELLS = RESULTS / "hindsight"
OUT = WORK / "hindsight"
Cells = Mapping[tuple[int, float, int, int], Cell]
"""By laps, minutes, draw and training seed."""
LOST = 700
"""Fewer than this scores who lost a track, and nobody who drove all of it."""


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


def lines() -> Iterator[str]:
    """Two a budget, of the policies that were corrected in both ways."""
    yield "| from | watched | takes over | policies | hands on | mean | 95% interval | tracks lost | gain |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    before, after = by_policy(CELLS), by_policy(budget.CELLS)
    both = sorted(before.keys() & after.keys())
    for terms, policies in groupby(both, key=lambda policy: policy[:2]):
        chosen = list(policies)
        spot, back = ([cells[policy] for policy in chosen] for cells in (before, after))
        told = (counted(int(terms[0]), "lap"), f"{terms[1]:g} min")
        yield _line(*told, "on the spot", *_figures(spot), "")
        yield _line(*told, "after going back", *_figures(back), _gain(spot, back))


def _line(*shown: str) -> str:
    return "| " + " | ".join(shown) + " |"


def by_policy(folder: Path) -> Cells:
    """The simulated human's, corrected."""
    cells = (load(file) for file in sorted(folder.glob("simulated-*/seed-*-dagger-*.json")))
    return {(cell["laps"], cell["minutes"], cell["draw"], cell["seed"]): cell for cell in cells}


def _figures(cells: Sequence[Cell]) -> tuple[str, ...]:
    scores, (mean, low, high) = _scores(cells), with_interval(_scores(cells), _draws(cells))
    hands_on_s = np.mean([cell["hands_on_s"] for cell in cells])
    lost = (scores < LOST).mean()
    return str(len(cells)), f"{hands_on_s:.0f} s", f"**{mean:.1f}**", f"{low:.1f} to {high:.1f}", f"{lost:.1%}"


def _gain(spot: Sequence[Cell], back: Sequence[Cell]) -> str:
    """Paired over policies and tracks."""
    recipes = [[cell["recipe"] for cell in cells] for cells in (spot, back)]
    assert recipes[0] == recipes[1], "they were trained otherwise"
    gain, low, high = with_interval(_scores(back) - _scores(spot), _draws(spot))
    return f"{gain:+.1f} ({low:+.1f} to {high:+.1f})"


def _draws(cells: Sequence[Cell]) -> list[int]:
    return [cell["draw"] for cell in cells]


def _scores(cells: Sequence[Cell]) -> Scores:
    """(policies, tracks)."""
    tracks = [sorted(cell["evaluation"]["tracks"], key=lambda track: int(track["seed"])) for cell in cells]
    return np.array([[track["score"] for track in some] for some in tracks], np.float64)


if __name__ == "__main__":
    main()
