"""What a policy reaches from so many autopilot laps: `python -m tests.experiments.laps`.

A cell is one policy on the 100 evaluation tracks, one small JSON file in .github/results/laps/. Cells that are there
are skipped, unless the code that makes them has changed since (then they are named, and `--again` makes them anew).
The README's table is drawn from them between its `laps` markers.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from teleop.evaluate import TrackScore, summary
from teleop.report.figures import scores_figure

ROOT = Path(__file__).parents[2]
CELLS = ROOT / ".github" / "results" / "laps"
WORK = ROOT / "build" / "laps"
README = ROOT / "README.md"
PICTURE = ROOT / ".github" / "media" / "laps.svg"
MARKED = re.compile(r"(<!-- laps -->\n).*?(<!-- /laps -->)", re.DOTALL)
CODE = (
    "policy/*.py",
    "teleop/worlds/*.py",
    "teleop/drivers/*.py",
    "teleop/evaluate.py",
    "teleop/loop.py",
    "teleop/road.py",
)
LAPS = (1, 20)
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Cell:
    """One policy: the autopilot itself, or what was learned from its laps."""

    laps: int
    """0: the autopilot."""
    seed: int
    """Of training."""

    @property
    def path(self) -> Path:
        return CELLS / (f"bc-{self.laps}-laps-seed-{self.seed}.json" if self.laps else "autopilot.json")

    @property
    def policy(self) -> str:
        return str(WORK / f"bc-{self.laps}-{self.seed}.safetensors") if self.laps else "autopilot"

    def run(self) -> None:
        """Record, train, evaluate, by the commands a user has."""
        train_cpu_s = self._train() if self.laps else 0.0
        scores = WORK / "scores.json"
        command("teleop", "evaluate", self.policy, "--json", str(scores))
        cell = {
            **asdict(self),
            "code": code_digest(),
            "train_cpu_s": round(train_cpu_s, 1),
            "evaluation": rounded(json.loads(scores.read_text())),
        }
        cell["evaluation"]["policy"] = Path(self.policy).name
        self.path.write_text(json.dumps(cell, indent=1) + "\n")

    def _train(self) -> float:
        session = WORK / f"{self.laps}-laps.zarr"
        if not session.exists():
            laps = ("--episodes", str(self.laps), "--seed", "0")
            command("teleop", "record", str(session), "--expert", "autopilot", "--headless", "--fast", *laps)
        before = cpu_of_children_s()
        recipe = ("--arch", "bc", "--seed", str(self.seed), "--select-tracks", "0")
        command("policy", "train", *recipe, "--out", self.policy, str(session))
        return cpu_of_children_s() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--again", action="store_true", help="make cells anew whose code has changed since")
    again = parser.parse_args().again
    CELLS.mkdir(parents=True, exist_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    for cell in cells():
        if not cell.path.exists() or (again and outdated(cell)):
            print(f"== {cell.path.name}", flush=True)
            cell.run()
        elif outdated(cell):
            print(f"{cell.path.name} was made by other code than this; --again makes it anew")
    table = "\n".join(table_lines())
    print(table)
    draw_picture()
    README.write_text(MARKED.sub(lambda marks: f"{marks[1]}{table}\n{marks[2]}", README.read_text()))


def draw_picture() -> None:
    """Every track's score, one line an amount of driving, from its first training seed."""
    made = {cell: json.loads(cell.path.read_text())["evaluation"] for cell in cells() if cell.path.exists()}
    shown = {name_of(cell.laps): summary(scores_of(told)) for cell, told in made.items() if cell.seed == 0}
    PICTURE.write_text(scores_figure(dict(reversed(shown.items()))))


def scores_of(evaluation: dict[str, Any]) -> list[TrackScore]:
    return [TrackScore(**track) for track in evaluation["tracks"]]


def name_of(laps: int) -> str:
    return {0: "the autopilot itself", 1: "one lap"}.get(laps, f"{laps} laps")


def cells() -> Iterator[Cell]:
    yield Cell(laps=0, seed=0)
    for laps in reversed(LAPS):
        for seed in SEEDS:
            yield Cell(laps, seed)


def outdated(cell: Cell) -> bool:
    return bool(json.loads(cell.path.read_text())["code"] != code_digest())


def code_digest(patterns: Sequence[str] = CODE) -> str:
    """Of everything that decides the scores; comments and docstrings don't."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        digest.update(ast.dump(without_docstrings(ast.parse(path.read_text()))).encode())
    return digest.hexdigest()[:16]


def without_docstrings(tree: ast.Module) -> ast.Module:
    """`tree` with every statement that is a mere string taken out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not is_text(part)]
    return tree


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def command(*words: str) -> None:
    subprocess.run([Path(sys.executable).with_name(words[0]), *words[1:]], check=True)


def cpu_of_children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rounded(value: Any) -> Any:
    """Floats to 4 decimals all the way down, so that cells stay small."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def table_lines() -> Iterator[str]:
    yield "| learned from | seed | training, CPU | mean | 95% interval | worst | tracks at 900 | laps finished |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for cell in cells():
        if cell.path.exists():
            yield table_row(json.loads(cell.path.read_text()))


def table_row(cell: dict[str, Any]) -> str:
    scores = cell["evaluation"]
    laps = cell["laps"]
    tracks = len(scores["tracks"])
    who = [name_of(laps), str(cell["seed"]), f"{cell['train_cpu_s']:.0f} s"] if laps else [name_of(0), "-", "-"]
    figures = [
        f"**{scores['mean']:.1f}**",
        f"{scores['low']:.1f} to {scores['high']:.1f}",
        f"{scores['min']:.0f}",
        f"{scores['share_900'] * tracks:.0f} of {tracks}",
        f"{scores['laps_finished'] * tracks:.0f}",
    ]
    return "| " + " | ".join(who + figures) + " |"


if __name__ == "__main__":
    main()
