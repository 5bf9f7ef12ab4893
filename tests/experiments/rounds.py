"""What at most five minutes of watching bring, in rounds of DAgger: `python -m tests.experiments.rounds`.

A cell is one first policy, learned from plain laps alone (`tests.experiments.policies`), then rounds by `teleop dagger`
as long as another one fits into five minutes, then the one that drives by now on the 100 evaluation tracks; with what
each round cost, what it scored on validation tracks, and how many takeovers its learner no longer needed. Cells are
small JSON files in .github/results/rounds/; those that are there are skipped, unless the code that makes them has
changed since and `--again` is asked for. Interrupted, the same command goes on in the same round. Sessions and
checkpoints are in build/experiments/rounds. The README's table is drawn from the cells.

`--trial` goes through all of it once with hardly any training, and saves in build/experiments/trial instead.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from policy.checkpoint import digest, load_checkpoint
from teleop.burden import Burden
from teleop.session import open_session
from tests.experiments.cells import (
    RESULTS,
    WORK,
    Cell,
    code_digest,
    command,
    cpu_of_children_s,
    due,
    evaluated,
    load,
    rounded,
    save,
    write_table,
)
from tests.experiments.policies import (
    CODE,
    SEEDS,
    SIMULATED_HUMAN,
    Policy,
    better_than_its_teacher,
    recorded,
)

AUTOPILOT = RESULTS / "policies" / "autopilot.json"
ROUNDS_CODE = (
    *CODE,
    "policy/beginning.py",
    *(f"teleop/{noun}.py" for noun in ("again", "bank", "collecting", "correcting", "dagger", "experts", "gates")),
    *(f"teleop/{noun}.py" for noun in ("ghost", "rounds", "takeovers")),
    *(f"teleop/devices/{noun}.py" for noun in ("foresight", "hindsight", "scripted", "standstill", "watcher")),
)
EXPERTS = {"autopilot": "autopilot", "simulated human": "simulated"}
"""Who corrects, by the teacher's name: the teacher."""


@dataclass(frozen=True)
class Limits:
    """How much is spent."""

    watched_s: float = 300.0
    """Another round is begun as long as the longest so far would still fit in; one that did not counts for nothing."""
    most_rounds: int = 8
    episodes: int = 4
    """A round's."""
    steps: int | None = None
    """Of every training; None: the recipe's."""
    tracks: int = 100
    """Evaluation tracks."""
    cells: Path = RESULTS / "rounds"
    work: Path = WORK / "rounds"


TRIAL = Limits(most_rounds=1, episodes=1, steps=40, tracks=3, cells=WORK / "trial", work=WORK / "trial")


@dataclass(frozen=True)
class Corrected:
    """A first policy, and the rounds that follow."""

    first: Policy
    limits: Limits
    warm: bool = False
    """Each training goes on from the one before, with a third of the steps, instead of from scratch."""

    @property
    def name(self) -> str:
        return self.first.name + ("-warm" if self.warm else "")

    @property
    def cell(self) -> Path:
        return self.limits.cells / f"{self.name}.json"

    @property
    def work(self) -> Path:
        """Other code begins afresh: what this one left is not its own."""
        return self.limits.work / code_digest(ROUNDS_CODE)

    @property
    def learner(self) -> Path:
        """The first one."""
        return self.work / f"{self.name}.safetensors"

    @property
    def session(self) -> Path:
        """Of the corrections."""
        return self.work / f"{self.name}.zarr"

    @property
    def out(self) -> Path:
        """Of the rounds."""
        return self.work / f"{self.name}-rounds"

    def run(self) -> None:
        """Learn, correct round by round, evaluate, by the commands a user has."""
        self.work.mkdir(parents=True, exist_ok=True)
        began_s = cpu_of_children_s()
        self._learn_first()
        told: list[Cell] = []
        while self._another_fits(told):
            self._go_round(len(told) + 1)
            told.append(self._round(len(told) + 1))
        if watched_s(told) > self.limits.watched_s:
            told.pop()
        last = self.out / f"learner-{driving_after(self._scores(len(told)))}.safetensors"
        tracks = ("--tracks", str(self.limits.tracks))
        cell = {
            **asdict(self.first),
            "warm": self.warm,
            "code": code_digest(ROUNDS_CODE),
            "first": load(self.first.cell)["evaluation"]["mean"] if self.first.cell.exists() else None,
            "rounds": told,
            "learner": last.name,
            "weights": digest({}, load_checkpoint(last).weights),
            "evaluation": evaluated(str(last), f"rounds-{self.name}", *tracks),
            "cpu_s": cpu_of_children_s() - began_s,
        }
        save(self.cell, rounded(cell))

    def _learn_first(self) -> None:
        """As `tests.experiments.policies` does, whose policy is taken where it is there."""
        if self.learner.exists():
            return
        if self.limits.steps is None:
            if not self.first.checkpoint.exists():
                self.first.train()
            shutil.copyfile(self.first.checkpoint, self.learner)
            return
        words = ("--seed", str(self.first.seed), "--steps", str(self.limits.steps), "--select-tracks", "0")
        command("policy", "train", "--arch", self.first.arch, *words, "--out", str(self.learner), str(self._demos))

    @property
    def _demos(self) -> Path:
        return recorded(self.first.teacher, self.first.laps)

    def _another_fits(self, told: list[Cell]) -> bool:
        longest_s = max((one["watched_s"] for one in told), default=0)
        return len(told) < self.limits.most_rounds and watched_s(told) + longest_s <= self.limits.watched_s

    def _go_round(self, number: int) -> None:
        """The recipe and its seed are the first learner's."""
        who = ("--learner", str(self.learner), "--demos", str(self._demos), "--expert", EXPERTS[self.first.teacher])
        much = ("--rounds", str(number), "--episodes", str(self.limits.episodes), *(["--warm"] if self.warm else []))
        command("teleop", "dagger", str(self.session), *who, *much, "--headless", "--fast", "--out", str(self.out))

    def _round(self, number: int) -> Cell:
        """What it cost and brought."""
        driven = [one for one in open_session(self.session).episodes if one.attrs.get("round") == number]
        burden = sum((Burden.of(one.attrs["figures"]) for one in driven if one.attrs.get("figures")), Burden())
        bank = self.out / f"learner-{number}-bank.json"
        answered = json.loads(bank.read_text()) if bank.exists() else {"fixed": None, "checkable": 0}
        return {
            "watched_s": burden.driving.elapsed_s,
            "hands_on_s": burden.hands_on_s,
            "interventions": burden.driving.interventions,
            "interventions_per_lap": burden.interventions_per_lap,
            "human_share": burden.human_share,
            "takeover_s": burden.takeover_s,
            "failed_handbacks": burden.failed_handbacks,
            "autonomy": burden.driving.autonomy,
            "validation": self._scores(number)[-1],
            "fixed": answered["fixed"],
            "takeovers": answered["checkable"],
        }

    def _scores(self, rounds: int) -> list[float]:
        """On validation tracks, of the first learner and of each round's."""
        return [json.loads((self.out / f"learner-{n}.json").read_text())["mean"] for n in range(rounds + 1)]


def watched_s(rounds: list[Cell]) -> float:
    """Of all together."""
    return float(sum(one["watched_s"] for one in rounds))


def driving_after(scores: list[float]) -> int:
    """Which learner drives by now: a worse one does not take its parent's place."""
    best = 0
    for number, score in enumerate(scores):
        best = number if score >= scores[best] else best
    return best


def all_corrected(limits: Limits) -> Iterator[Corrected]:
    """In the table's order."""
    for arch, teacher, laps in (
        ("bc", "autopilot", 5),
        ("bc", "autopilot", 1),
        ("bc", "simulated human", 20),
        ("pilotnet", "autopilot", 20),
    ):
        for warm, seed in product((False, True), SEEDS):
            yield Corrected(Policy(arch, teacher, laps, seed), limits, warm)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--again", action="store_true", help="make cells anew whose code has changed since")
    parser.add_argument("--only", default="", metavar="PART", help="make only cells whose names hold this")
    parser.add_argument("--trial", action="store_true", help="see that it works: one short round, not shown in README")
    parser.add_argument("--warm", action="store_true", help="make the cells whose trainings begin warm instead")
    asked = parser.parse_args()
    limits = TRIAL if asked.trial else Limits()
    WORK.mkdir(parents=True, exist_ok=True)
    wanted = (one for one in all_corrected(limits) if asked.only in one.cell.name and one.warm == asked.warm)
    for corrected in wanted:
        if due(corrected.cell, ROUNDS_CODE, asked.again):
            print(f"== {corrected.cell.name}", flush=True)
            corrected.run()
    lines = list(table_lines(limits))
    if asked.trial:
        print("\n".join(lines))
    else:
        write_table("rounds", lines)


def table_lines(limits: Limits) -> Iterator[str]:
    by_round = "takeovers a lap, by round | fixed | validation, by round"
    after = "from laps alone | then | 95% interval | at 900 | against its expert"
    yield f"| expert, laps | seed | watched, hands on | {by_round} | {after} |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for corrected in all_corrected(limits):
        if corrected.cell.exists():
            yield table_row(corrected.first, load(corrected.cell))


def table_row(first: Policy, cell: Cell) -> str:
    rounds, told = cell["rounds"], cell["evaluation"]
    arch = "" if first.arch == "bc" else f"{first.arch}, "
    warm = ", warm" if cell["warm"] else ""
    shown = (
        f"{arch}{first.teacher}, {first.laps}{warm}",
        str(first.seed),
        f"{watched_s(rounds):.0f} s, {sum(one['hands_on_s'] for one in rounds):.0f} s",
        ", ".join(
            "-" if one["interventions_per_lap"] is None else f"{one['interventions_per_lap']:.1f}" for one in rounds
        ),
        ", ".join("-" if one["fixed"] is None else f"{one['fixed']} of {one['takeovers']}" for one in rounds),
        ", ".join(f"{one['validation']:.0f}" for one in rounds),
        "-" if cell["first"] is None else f"{cell['first']:.1f}",
        f"**{told['mean']:.1f}**",
        f"{told['low']:.1f} to {told['high']:.1f}",
        f"{told['share_900'] * len(told['tracks']):.0f} of {len(told['tracks'])}",
        against_expert(first, told),
    )
    return "| " + " | ".join(shown) + " |"


def against_expert(first: Policy, evaluation: Cell) -> str:
    """A share of the autopilot's mean; of the simulated human, how many points better, paired over tracks."""
    file = AUTOPILOT if first.teacher == "autopilot" else SIMULATED_HUMAN
    if not file.exists():
        return "-"
    expert = load(file)["evaluation"]
    if first.teacher == "autopilot":
        return f"{evaluation['mean'] / expert['mean']:.1%}"
    driven = {track["seed"] for track in evaluation["tracks"]}
    same = expert | {"tracks": [track for track in expert["tracks"] if track["seed"] in driven]}
    mean, low, high = better_than_its_teacher(evaluation, same)
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


if __name__ == "__main__":
    main()
