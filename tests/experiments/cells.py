"""What experiments share: cells of results that know the code that made them, and tables in the README."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from teleop.evaluate import TrackScore

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / ".github" / "results"
MEDIA = ROOT / ".github" / "media"
README = ROOT / "README.md"
WORK = ROOT / "build" / "experiments"
"""Sessions and checkpoints; nothing of it is kept in the repository."""

Cell = dict[str, Any]


def command(*words: str) -> None:
    """Run one of our own commands, as a user would."""
    subprocess.run([Path(sys.executable).with_name(words[0]), *words[1:]], check=True)


def cpu_of_children_s() -> float:
    """User and system time of every command so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def evaluated(policy: str, name: str, *tracks: str) -> Cell:
    """The evaluation of a policy on the 100 evaluation tracks, or on others; it is called `name` in the cell."""
    WORK.mkdir(parents=True, exist_ok=True)
    scores = WORK / f"{name}.json"
    command("teleop", "evaluate", policy, "--json", str(scores), *tracks)
    evaluation: Cell = rounded(json.loads(scores.read_text()))
    return evaluation | {"policy": name}


def scores_of(evaluation: Cell) -> list[TrackScore]:
    return [TrackScore(**track) for track in evaluation["tracks"]]


def save(path: Path, cell: Cell) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(cell, indent=1) + "\n")


def load(path: Path) -> Cell:
    cell: Cell = json.loads(path.read_text())
    return cell


def due(path: Path, patterns: Sequence[str], again: bool) -> bool:
    """Whether a cell is to be made: there is none, or its code has changed and it is asked for `again`, else told."""
    if not path.exists():
        return True
    outdated: bool = load(path)["code"] != code_digest(patterns)
    if outdated and not again:
        print(f"{path.name} was made by other code than this; --again makes it anew")
    return outdated and again


def code_digest(patterns: Sequence[str]) -> str:
    """Of everything that decides the scores; comments and docstrings don't."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        digest.update(ast.dump(_without_docstrings(ast.parse(path.read_text()))).encode())
    return digest.hexdigest()[:16]


def rounded(value: Any) -> Any:
    """Floats to 4 decimals all the way down, so that cells stay small."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def write_table(marker: str, lines: Iterable[str]) -> None:
    """Print a table, and put it between the README's `marker` comments."""
    table = "\n".join(lines)
    print(table)
    between = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    README.write_text(between.sub(lambda marks: f"{marks[1]}{table}\n{marks[2]}", README.read_text()))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """`tree` with every statement that is a mere string taken out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not _is_text(part)]
    return tree


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
