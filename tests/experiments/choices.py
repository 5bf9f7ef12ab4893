"""What each choice in learning is worth: `python -m tests.experiments.choices`.

One option at a time is changed from the recipe, and what was learned drives validation tracks, never evaluation
tracks: this is where recipes are chosen. One training seed a choice, so read differences of a few points as none.
Cells are small JSON files in .github/results/choices/; those that are there are skipped, unless the code that makes
them has changed since and `--again` is asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from teleop.frame import VALIDATION_SEED
from tests.experiments.cells import RESULTS, WORK, Cell, code_digest, command, due, evaluated, load, save, write_table
from tests.experiments.policies import CODE, RECIPES, recorded, row

CELLS = RESULTS / "choices"
FIRST_SEED, TRACKS = VALIDATION_SEED + 20, 30
"""Not the first twenty, which choose among a training's candidates."""
LAPS = 20
NO_LEAD = ("--label-lead", "0")
NO_MOVES = ("--shift", "0", "--turn-deg", "0")


@dataclass(frozen=True)
class Choice:
    """One training and its drive."""

    teacher: str
    name: str
    options: tuple[str, ...] = ()
    """Of `policy train`, beside those of the teacher's recipe; the last word on an option counts."""

    @property
    def cell(self) -> Path:
        return CELLS / f"{self.teacher} {self.name}.json".replace(" ", "-")

    def run(self) -> None:
        session = recorded(self.teacher, LAPS)
        checkpoint = WORK / f"choice-{self.cell.stem}.safetensors"
        recipe = (*RECIPES.get(("bc", self.teacher), ()), *self.options, "--select-tracks", "0")
        command("policy", "train", "--out", str(checkpoint), *recipe, str(session))
        tracks = ("--first-seed", str(FIRST_SEED), "--tracks", str(TRACKS))
        evaluation = evaluated(str(checkpoint), checkpoint.name, *tracks)
        save(self.cell, {**asdict(self), "code": code_digest(CODE), "evaluation": evaluation})


def choices() -> Iterator[Choice]:
    """In the table's order; every teacher's recipe first."""
    yield Choice("autopilot", "the recipe")
    yield Choice("autopilot", "views not moved nor turned", NO_MOVES)
    yield Choice("autopilot", "twice as far", ("--shift", "2", "--turn-deg", "8"))
    yield Choice("autopilot", "smooth_l1", ("--loss", "smooth_l1"))
    yield Choice("autopilot", "bins", ("--loss", "bins"))
    yield Choice("autopilot", "told no speed", ("--no-speed",))
    yield Choice("autopilot", "sees the dashboard", ("--dashboard",))
    yield Choice("simulated human", "the recipe")
    for lead in (0, 2, 4, 8):
        yield Choice("simulated human", f"label lead {lead}", ("--label-lead", str(lead)))
    yield Choice("simulated human", "lead 0, never shown setting off", (*NO_LEAD, "--setting-off", "0"))
    yield Choice("simulated human", "lead 0, views not moved nor turned", (*NO_LEAD, *NO_MOVES))
    yield Choice("simulated human", "lead 0, bins", (*NO_LEAD, "--loss", "bins"))
    yield Choice("simulated human", "lead 0, bins, views not moved", (*NO_LEAD, "--loss", "bins", *NO_MOVES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--again", action="store_true", help="make cells anew whose code has changed since")
    parser.add_argument("--only", default="", metavar="PART", help="make only cells whose names hold this")
    asked = parser.parse_args()
    for choice in choices():
        if asked.only in choice.cell.name and due(choice.cell, CODE, asked.again):
            print(f"== {choice.cell.name}", flush=True)
            choice.run()
    write_table("choices", lines())


def lines() -> Iterator[str]:
    yield "| learned from 20 laps of | with | mean | 95% interval | worst | at 900 | laps |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for choice in choices():
        if choice.cell.exists():
            yield _line(choice, load(choice.cell))


def _line(choice: Choice, cell: Cell) -> str:
    return row((f"the {choice.teacher}", choice.name), cell["evaluation"])


if __name__ == "__main__":
    main()
