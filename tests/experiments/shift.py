"""Distribution shift of policies from 1, 5 and 20 laps, and from 20 nudged ones: `python -m tests.experiments.shift`.

Takes the sessions and checkpoints that `tests.experiments.policies` leaves in build/experiments, and makes what is
missing. What it leaves: the numbers in .github/results/shift/shift.json, the README's two pictures, its table between
the `shift` markers, and the whole page in build/experiments/shift.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from teleop.frame import HZ
from teleop.learners import measured_policy
from teleop.report.shift_figures import coverage_sheet, survival_figure
from teleop.report.shift_page import write_shift_page
from teleop.report.shift_words import survivals_of
from teleop.shift.measure import measure
from teleop.shift.report import ShiftReport
from tests.experiments.cells import MEDIA, RESULTS, ROOT, WORK, Cell, rounded, save, write_table
from tests.experiments.policies import Policy, recorded

SHOWN = {
    "1 lap": Policy("bc", "autopilot", laps=1, seed=0),
    "5 laps": Policy("bc", "autopilot", laps=5, seed=0),
    "20 laps": Policy("bc", "autopilot", laps=20, seed=0),
    "20 nudged laps": Policy("bc", "nudged autopilot", laps=20, seed=0),
}
OUT = WORK / "shift"
CURVE_EVERY = 10
"""Frames between the points of a curve that are kept."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tracks", type=int, default=100, help="evaluation tracks that every policy drives")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    told = measured(asked.tracks, asked.workers)
    write_shift_page(told, OUT)
    save(RESULTS / "shift" / "shift.json", cell(told))
    (MEDIA / "shift-survival.svg").write_text(survival_figure(survivals_of(told)))
    (MEDIA / "shift-coverage.svg").write_text(coverage_sheet(told.policies))
    write_table("shift", table_lines(told))


def measured(tracks: int, workers: int) -> ShiftReport:
    sessions = [recorded(policy.teacher, policy.laps) for policy in SHOWN.values()]
    checkpoints = [str(learned(policy)) for policy in SHOWN.values()]
    policies = [measured_policy(name, path) for name, path in zip(SHOWN, checkpoints, strict=True)]
    typed = ["teleop shift", *map(shown, checkpoints), "--sessions", *map(shown, sessions), f"--tracks {tracks}"]
    return measure(policies, sessions, tracks, workers, OUT, Console(), " ".join([*typed, "--out", shown(OUT)]))


def learned(policy: Policy) -> Path:
    """The checkpoint, trained first where it is not there."""
    if not policy.checkpoint.exists():
        policy.train()
    return policy.checkpoint


def shown(path: str | Path) -> str:
    """Within the repository."""
    return str(Path(path).relative_to(ROOT))


def cell(told: ShiftReport) -> Cell:
    """The report's numbers, its curves thinned, without single tracks and departures; paths within the repository."""
    figures: Cell = rounded(told.as_json())
    figures["sessions"] = [shown(session) for session in told.sessions]
    figures["rollouts"] = shown(told.rollouts)
    for policy in figures["policies"]:
        for curves in (policy["survival"], policy["horizon"]):
            curves |= {name: curve[::CURVE_EVERY] for name, curve in curves.items() if isinstance(curve, list)}
        policy["departures"] = len(policy["departures"])
        del policy["evaluation"]["tracks"]
    for moment in figures["moments"]:
        moment["session"] = shown(moment["session"])
    return figures


def table_lines(told: ShiftReport) -> Iterator[str]:
    yield "| learned from | mean score | left the road | half had left by | shift factor | distance | frames outside |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for policy in told.policies:
        survival, factor, coverage = policy.survival, policy.disagreement.steering.factor, policy.coverage
        cells = (
            policy.name,
            f"{policy.evaluation.mean:.0f}",
            f"{survival.departed} of {survival.rollouts}",
            "never" if survival.median_frame is None else f"{survival.median_frame / HZ:.1f} s",
            "-" if factor is None else f"{factor:.1f}",
            f"{coverage.distance:.2f}",
            "-" if coverage.outside is None else f"{coverage.outside:.1%}",
        )
        yield "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
