"""Choosing among a training's candidates by how they drive; by loss it can't be done.

The driving happens in a process of its own, `teleop evaluate`, so that learning never loads the simulator.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from policy.checkpoint import load_checkpoint, save_checkpoint
from teleop.errors import UserError
from teleop.frame import VALIDATION_SEED

SIMULATOR = ("gymnasium", "Box2D", "pygame")
"""Packages that `teleop evaluate` can't do without."""

Score = Callable[[Path], float]
"""How well a checkpoint drives: more is better."""


class SelectionError(UserError):
    """Candidates can't be driven: the rule, what was got, the remedy."""


@dataclass(frozen=True)
class Selection:
    """What was chosen, why, and what choosing cost."""

    chosen: str
    """The candidate's file name."""
    scores: Mapping[str, float]
    """Of every candidate, by file name."""
    elapsed_s: float
    """Wall time."""
    cpu_s: float
    """CPU time of this process and those it waited for."""


@dataclass(frozen=True)
class Driving:
    """Scores a policy by its mean over the first validation tracks; SelectionError where there is no simulator."""

    tracks: int

    def __post_init__(self) -> None:
        missing = [name for name in SIMULATOR if find_spec(name) is None]
        if missing:
            raise SelectionError(
                f"choosing among candidates lets them drive, which needs {', '.join(SIMULATOR)}; there is no "
                f"{', '.join(missing)}: install teleop with its dependencies, or choose nothing with --select-tracks 0"
            )

    def __call__(self, checkpoint: Path) -> float:
        with tempfile.TemporaryDirectory() as folder:
            figures = Path(folder) / "figures.json"
            words = ["evaluate", str(checkpoint), "--first-seed", str(VALIDATION_SEED), "--tracks", str(self.tracks)]
            done = subprocess.run(
                [sys.executable, "-m", "teleop", *words, "--json", str(figures)], capture_output=True, text=True
            )
            if done.returncode:
                raise SelectionError(
                    f"choosing needs `teleop {' '.join(words)}`, which failed: {done.stderr.strip()}. Mend that; the "
                    "training is done, and the same command with --resume chooses again"
                )
            return float(json.loads(figures.read_text())["mean"])


def select(candidates: Sequence[Path], out: Path, score: Score, say: Callable[[str], None]) -> Selection:
    """Replace the checkpoint `out` by the candidate with the highest score, the first among equals.

    Its header says what was chosen from. Raises what `score` raises, and KeyboardInterrupt on Ctrl+C; then `out` stays
    as it was.
    """
    began, cpu_began = time.perf_counter(), _cpu_s()
    scores: dict[str, float] = {}
    try:
        for candidate in candidates:
            scores[candidate.name] = score(candidate)
            say(f"candidate {candidate.name}: {scores[candidate.name]:.1f}")
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(
            f"stopped while choosing; {out} holds the average of the weights at the end, and the same command with "
            "--resume chooses again"
        ) from interrupt
    best = max(candidates, key=lambda candidate: scores[candidate.name])
    selection = Selection(best.name, scores, time.perf_counter() - began, _cpu_s() - cpu_began)
    chosen = load_checkpoint(best)
    save_checkpoint(replace(chosen, metrics={**chosen.metrics, "selection": asdict(selection)}), out)
    return selection


def _cpu_s() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
