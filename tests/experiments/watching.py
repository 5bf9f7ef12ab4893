"""What it is worth when a stand-in takes over, and what it labels: `python -m tests.experiments.watching`.

The policy that learned one plain lap drives four tracks while the autopilot watches it by one rule or another; the next
policy learns from the lap and these corrections, from scratch, and drives validation tracks. Cells are small JSON files
in .github/results/watching/; those that are there are skipped, unless the code that makes them has changed since and
`--again` is asked for. The README's table shows the three training seeds of a rule in one line.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from teleop.burden import Burden
from teleop.collecting import Collection, EpisodeRef, GateName, collect
from teleop.devices.scripted import EVERYWHERE, Care
from teleop.experts import stand_in
from teleop.learners import LearnerFrom
from teleop.rounds import SCRATCH_STEPS
from tests.experiments.cells import RESULTS, WORK, Cell, code_digest, command, due, evaluated, load, save, write_table
from tests.experiments.choices import FIRST_SEED, NO_MOVES, TRACKS
from tests.experiments.policies import CODE, SEEDS, Policy, recorded

CELLS = RESULTS / "watching"
WATCHING_CODE = (
    *CODE,
    *(f"teleop/{noun}.py" for noun in ("again", "collecting", "experts", "gates", "ghost")),
    *(f"teleop/devices/{noun}.py" for noun in ("foresight", "hindsight", "scripted", "standstill")),
)
CORRECTED_TRACKS = range(100, 104)


@dataclass(frozen=True)
class Rule:
    """When the wheel is taken, and what becomes a label."""

    name: str
    told: str
    """In the table."""
    care: Care = field(default_factory=Care)
    gate: GateName = "takeover"
    recipe: tuple[str, ...] = ()
    """Options of `policy train`, for the policy that learns from it."""


RULES = (
    Rule("foresight", "takes over where the car is about to be beyond 6 units"),
    Rule("beyond-6", "where it is beyond 6", Care(ahead_s=0)),
    Rule("beyond-5.2", "where it is beyond 5.2", Care(ahead_s=0, wrong_lateral=5.2)),
    Rule(
        "crude",
        "beyond 4.5, gives back within 1.5, labels spins",
        Care(ahead_s=0, wrong_lateral=4.5, calm_lateral=1.5, hopeless_heading=4.0),
    ),
    Rule("views-unmoved", "as the first, but no view is moved in training", recipe=NO_MOVES),
    Rule("shadow", "never: steers along all the time", EVERYWHERE, "shadow"),
    Rule("mixed", "by a coin, every other tick", EVERYWHERE, "mixed"),
)
"""The first is what `teleop dagger` does."""


@dataclass(frozen=True)
class Watched:
    """One policy corrected by one rule."""

    rule: Rule
    seed: int
    """Of both trainings."""

    @property
    def cell(self) -> Path:
        return CELLS / f"{self.rule.name}-seed-{self.seed}.json"

    def run(self) -> None:
        """Correct, learn, evaluate."""
        first = Policy("bc", "autopilot", 1, self.seed)
        if not first.checkpoint.exists():
            first.train()
        corrections = WORK / f"watching-{self.cell.stem}.zarr"
        shutil.rmtree(corrections, ignore_errors=True)
        driven = self._corrected(first.checkpoint, corrections)
        checkpoint = corrections.with_suffix(".safetensors")
        words = ("--seed", str(self.seed), "--steps", str(SCRATCH_STEPS), "--select-tracks", "0", "--no-hold-out")
        sessions = (str(recorded("autopilot", 1)), str(corrections))
        command("policy", "train", *words, *self.rule.recipe, "--out", str(checkpoint), *sessions)
        tracks = ("--first-seed", str(FIRST_SEED), "--tracks", str(TRACKS))
        burden = sum((episode.burden for episode in driven), Burden())
        cell = {
            "rule": self.rule.name,
            "seed": self.seed,
            "code": code_digest(WATCHING_CODE),
            "watched_s": burden.driving.elapsed_s,
            "hands_on_s": burden.hands_on_s,
            "interventions": burden.driving.interventions,
            "laps_finished": sum(episode.why == "finished" for episode in driven),
            "evaluation": evaluated(str(checkpoint), checkpoint.name, *tracks),
        }
        save(self.cell, cell)

    def _corrected(self, learner: Path, session: Path) -> list[EpisodeRef]:
        driver = LearnerFrom(learner)
        expert = stand_in("autopilot", self.rule.care)
        collection = Collection(session, CORRECTED_TRACKS, driver(), driver.identity(), expert, self.rule.gate)
        return collect(collection, Console())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--again", action="store_true", help="make cells anew whose code has changed since")
    parser.add_argument("--only", default="", metavar="PART", help="make only cells whose names hold this")
    asked = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    for watched in (Watched(rule, seed) for seed in SEEDS for rule in RULES):
        if asked.only in watched.cell.name and due(watched.cell, WATCHING_CODE, asked.again):
            print(f"== {watched.cell.name}", flush=True)
            watched.run()
    write_table("watching", lines())


def lines() -> Iterator[str]:
    yield "| who watches | takeovers | laps finished | hands on, of watched | the next policy's mean | at 900 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for rule in RULES:
        cells = [load(one.cell) for one in (Watched(rule, seed) for seed in SEEDS) if one.cell.exists()]
        if cells:
            yield _line(rule, cells)


def _line(rule: Rule, cells: list[Cell]) -> str:
    told = [cell["evaluation"] for cell in cells]
    laps = len(cells) * len(CORRECTED_TRACKS)
    shown = (
        rule.told,
        "-" if rule.gate == "mixed" else ", ".join(str(cell["interventions"]) for cell in cells),
        f"{sum(cell['laps_finished'] for cell in cells)} of {laps}",
        ", ".join(f"{cell['hands_on_s']:.0f} of {cell['watched_s']:.0f} s" for cell in cells),
        ", ".join(f"**{one['mean']:.0f}**" for one in told),
        ", ".join(f"{one['share_900'] * TRACKS:.0f}" for one in told) + f" of {TRACKS}",
    )
    return "| " + " | ".join(shown) + " |"


if __name__ == "__main__":
    main()
