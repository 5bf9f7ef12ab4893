"""What policies reach, and from how many laps: `python -m tests.experiments.policies`.

A cell is one policy on the 100 evaluation tracks, one small JSON file in .github/results/policies/. Cells that are
there are skipped. Those whose code has changed since are named: `--confirm` trains their policies again, and where the
weights come out the same to the last bit and the worst tracks are driven to the same scores, the cell is this code's
too; `--again` makes them anew. The README's table and the picture of score against laps are drawn from them.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np

from policy.checkpoint import digest, load_checkpoint
from policy.run_folder import RunFolder
from teleop.evaluate import SOLVED, Evaluation, bootstrap_interval, summary
from teleop.report.figures import COLOURS, INK, STYLE, axes_of, scores_figure, svg_of
from tests.experiments.cells import (
    MEDIA,
    RESULTS,
    WORK,
    Cell,
    code_digest,
    command,
    cpu_of_children_s,
    due,
    evaluated,
    load,
    save,
    scores_of,
    write_table,
)

AUTOPILOT = "autopilot"
CELLS = RESULTS / "policies"
SIMULATED_HUMAN = RESULTS / "simulated" / "evaluation.json"
LEARNING = (
    "augment",
    "batches",
    "candidates",
    "config",
    "dataset",
    "filters",
    "heads",
    "kinds",
    "labels",
    "learner",
    "models",
    "rows",
    "selection",
    "train",
    "vision",
    "weights",
    "worlds",
)
CODE = (
    *(f"policy/{noun}.py" for noun in LEARNING),
    "teleop/worlds/track.py",
    "teleop/drivers/autopilot.py",
    "teleop/drivers/learner.py",
    "teleop/drivers/nudge.py",
    "teleop/devices/simulated.py",
    "teleop/devices/perception.py",
    "teleop/devices/ramp.py",
    "teleop/evaluate.py",
    "teleop/loop.py",
    "teleop/road.py",
)
SEEDS = (0, 1, 2)
CONFIRMED_TRACKS = 3
"""The worst."""
TEACHERS = {
    "autopilot": ("--expert", "autopilot"),
    "nudged autopilot": ("--expert", "autopilot", "--nudge"),
    "simulated human": ("--expert", "simulated"),
}
"""Who drives the laps, by the options of `teleop record`."""
PUPILS = ("--zoom-in", "--setting-off", "0.1", "--label-lead", "1", "--shift", "1.5", "--turn-deg", "5")
"""Of the simulated human."""
RECIPES = {("bc", "simulated human"): PUPILS, ("pilotnet", "autopilot"): ("--zoom-in",)}
"""By architecture and teacher: the options of `policy train` that are not its defaults, chosen on validation tracks."""


@dataclass(frozen=True)
class Policy:
    """What was learned from so many laps of a teacher; of no lap, the autopilot itself."""

    arch: str
    teacher: str
    laps: int
    seed: int
    """Of training."""

    @property
    def name(self) -> str:
        return f"{self.arch}-{self.teacher.replace(' ', '-')}-{self.laps}-laps-seed-{self.seed}"

    @property
    def cell(self) -> Path:
        return CELLS / (f"{self.name}.json" if self.laps else "autopilot.json")

    @property
    def checkpoint(self) -> Path:
        return WORK / f"{self.name}.safetensors"

    def run(self) -> None:
        """Record, train, choose, evaluate, by the commands a user has."""
        if not self.laps:
            save(self.cell, {**asdict(self), "code": code_digest(CODE), "evaluation": evaluated(AUTOPILOT, AUTOPILOT)})
            return
        cpu_s = self.train()
        chosen = load_checkpoint(self.checkpoint).metrics["selection"]
        cell = {
            **asdict(self),
            "code": code_digest(CODE),
            "train_cpu_s": round(cpu_s - chosen["cpu_s"], 1),
            "choose_cpu_s": round(chosen["cpu_s"], 1),
            "chosen": chosen["chosen"],
            "weights": weights_digest(self.checkpoint),
            "evaluation": evaluated(str(self.checkpoint), self.checkpoint.name),
        }
        save(self.cell, cell)

    def train(self, *options: str) -> float:
        """Make the checkpoint; the CPU seconds that training and choosing took together."""
        session = recorded(self.teacher, self.laps)
        before = cpu_of_children_s()
        recipe = ("--arch", self.arch, "--seed", str(self.seed), *RECIPES.get((self.arch, self.teacher), ()), *options)
        command("policy", "train", *recipe, "--out", str(self.checkpoint), str(session))
        return cpu_of_children_s() - before

    def confirm(self) -> None:
        """Make the cell this code's, where this code gives the same weights and the same scores; else say so."""
        cell = load(self.cell)
        if self.laps:
            self.train("--select-tracks", "0")
            candidate = RunFolder.of(self.checkpoint).candidates / cell["chosen"]
            if weights_digest(candidate) != cell["weights"]:
                print(f"{self.cell.name}: this code gives other weights; --again makes it anew")
                return
            driver = str(candidate)
        else:
            driver = AUTOPILOT
        for track in cell["evaluation"]["tracks"][:CONFIRMED_TRACKS]:
            told = evaluated(driver, "confirmed", "--first-seed", str(track["seed"]), "--tracks", "1")
            if told["tracks"] != [track]:
                print(f"{self.cell.name}: this code drives track {track['seed']} differently; --again makes it anew")
                return
        save(self.cell, cell | {"code": code_digest(CODE)})


def weights_digest(checkpoint: Path) -> str:
    """sha256, hex, of a policy's weights alone: a checkpoint also holds times, which differ."""
    return digest({}, load_checkpoint(checkpoint).weights)


def recorded(teacher: str, laps: int) -> Path:
    """The session of so many laps, driven first where it is not there."""
    session = WORK / f"{teacher.replace(' ', '-')}-{laps}-laps.zarr"
    if not session.exists():
        half_made = session.with_name(f"half-{session.name}")
        shutil.rmtree(half_made, ignore_errors=True)
        options = ("--headless", "--fast", "--episodes", str(laps), "--seed", "0")
        command("teleop", "record", str(half_made), *TEACHERS[teacher], *options)
        half_made.rename(session)
    return session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--again", action="store_true", help="make cells anew whose code has changed since")
    parser.add_argument("--confirm", action="store_true", help="see whether changed code still makes the same cells")
    parser.add_argument("--only", default="", metavar="PART", help="make only cells whose names hold this")
    asked = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    for policy in (policy for policy in policies() if asked.only in policy.cell.name):
        if asked.confirm and policy.cell.exists() and load(policy.cell)["code"] != code_digest(CODE):
            print(f"== {policy.cell.name}", flush=True)
            policy.confirm()
        elif due(policy.cell, CODE, asked.again):
            print(f"== {policy.cell.name}", flush=True)
            policy.run()
    write_table("policies", [*table_lines(), *pupils_lines()])
    draw_pictures()


def policies() -> Iterator[Policy]:
    """In the table's order."""
    yield Policy("bc", "autopilot", laps=0, seed=0)
    for arch, teacher, laps in (
        ("bc", "autopilot", 20),
        ("pilotnet", "autopilot", 20),
        ("bc", "simulated human", 20),
        ("bc", "autopilot", 1),
        ("bc", "autopilot", 5),
        ("bc", "nudged autopilot", 20),
        ("bc", "autopilot", 2),
        ("bc", "autopilot", 10),
    ):
        for seed in SEEDS:
            yield Policy(arch, teacher, laps, seed)


def table_lines() -> Iterator[str]:
    yield "| policy | learned from | seed | CPU: training, choosing | mean | 95% interval | worst | at 900 | laps |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for policy in policies():
        if policy.cell.exists():
            yield table_row(policy, load(policy.cell))
    if SIMULATED_HUMAN.exists():
        yield row(("the simulated human itself", "-", "-", "-"), load(SIMULATED_HUMAN)["evaluation"])


def table_row(policy: Policy, cell: Cell) -> str:
    if not policy.laps:
        return row(("the autopilot itself", "-", "-", "-"), cell["evaluation"])
    laps = "one lap" if policy.laps == 1 else f"{policy.laps} laps"
    cost = f"{cell['train_cpu_s']:.0f} s, {cell['choose_cpu_s']:.0f} s"
    return row((policy.arch, f"{policy.teacher}, {laps}", str(policy.seed), cost), cell["evaluation"])


def row(who: tuple[str, ...], evaluation: Cell) -> str:
    tracks = len(evaluation["tracks"])
    figures = (
        f"**{evaluation['mean']:.1f}**",
        f"{evaluation['low']:.1f} to {evaluation['high']:.1f}",
        f"{evaluation['min']:.0f}",
        f"{evaluation['share_900'] * tracks:.0f}",
        f"{evaluation['laps_finished'] * tracks:.0f}",
    )
    return "| " + " | ".join((*who, *figures)) + " |"


def pupils_lines() -> Iterator[str]:
    """How much better than the simulated human those are who learned from it."""
    pupils = [policy for policy in policies() if policy.teacher == "simulated human" and policy.cell.exists()]
    if not pupils or not SIMULATED_HUMAN.exists():
        return
    teacher = load(SIMULATED_HUMAN)["evaluation"]
    better = (better_than_its_teacher(load(policy.cell)["evaluation"], teacher) for policy in pupils)
    told = "; ".join(f"{mean:+.1f} ({low:+.1f} to {high:+.1f})" for mean, low, high in better)
    yield f"\nWho learned from the simulated human, against it, paired over tracks, a seed each, 95% intervals: {told}."


def better_than_its_teacher(evaluation: Cell, teacher: Cell) -> tuple[float, float, float]:
    """Mean difference of the scores, paired over tracks, and its 95% interval."""
    ours = {track.seed: track.score for track in scores_of(evaluation)}
    difference = np.array([ours[track.seed] - track.score for track in scores_of(teacher)])
    return float(difference.mean()), *bootstrap_interval(difference)


def draw_pictures() -> None:
    made = {policy: load(policy.cell)["evaluation"] for policy in policies() if policy.cell.exists()}
    plain = {policy: told for policy, told in made.items() if (policy.arch, policy.teacher) == ("bc", "autopilot")}
    first = {policy.laps: summary(scores_of(told)) for policy, told in plain.items() if policy.seed == 0}
    shown = {0: "the autopilot itself", 20: "20 laps", 5: "5 laps", 1: "one lap"}
    (MEDIA / "scores.svg").write_text(
        scores_figure({name: first[laps] for laps, name in shown.items() if laps in first})
    )
    (MEDIA / "laps.svg").write_text(
        laps_figure([(policy.laps, summary(scores_of(told))) for policy, told in plain.items() if policy.laps])
    )


def laps_figure(evaluations: Sequence[tuple[int, Evaluation]]) -> str:
    """Score against laps learned from, a point a training seed with its interval over tracks: SVG."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(8, 3.4)
        axes.axhline(SOLVED, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        places = [laps * 1.06 ** (number % len(SEEDS) - 1) for number, (laps, _) in enumerate(evaluations)]
        means = np.array([told.mean for _, told in evaluations])
        apart = np.abs([[told.mean - told.low, told.high - told.mean] for _, told in evaluations]).T
        axes.errorbar(
            places, means, apart, fmt="o", color=COLOURS[0], capsize=3, markersize=5, label="mean, 95% interval"
        )
        shares = [100 * told.share_900 for _, told in evaluations]
        right = axes.twinx()
        right.plot(places, shares, "D", color=COLOURS[1], markersize=4, label="tracks at 900")
        right.set(ylabel="tracks at 900, of 100", ylim=(0, 102))
        axes.set(xlabel="laps learned from", ylabel="score", xscale="log", ylim=(0, 1020))
        ticks = sorted({laps for laps, _ in evaluations})
        axes.set_xticks(ticks, [str(laps) for laps in ticks])
        axes.minorticks_off()
        figure.legend(frameon=False, loc="outside upper right", ncols=2)
        return svg_of(figure)


if __name__ == "__main__":
    main()
