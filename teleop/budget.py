"""The equal-budget experiment: a person's next minutes, spent on correcting or on demonstrating more?

From the same plain laps, the same minutes are spent in two ways; after each budget a policy is trained from scratch on
all that there is by then, by the same recipe, and drives the evaluation tracks. A minute is one that a person must
watch: of demonstrations they have their hands on all of it, of corrections on a part. Which laps were driven matters
more than anything else, so there are several draws of them. Minutes are spent to the second, in stretches from one
budget to the next: who corrects meets the learner that the stretch before made, the newest one, better or worse.

    DIR/autopilot-1-lap-draw-0/       a case
        budget.json                   what is done, and what it took
        laps.zarr                     its plain laps
        demos-2.zarr                  demonstrations from the budget before up to two minutes; for every training seed
        seed-0-dagger-2.zarr          corrections, likewise
        seed-0-dagger-2.safetensors   learned from laps and corrections up to two minutes
        seed-0-dagger-2.json          the cell: what was learned from, how, by which code, and its evaluation
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from teleop.durable import encoded_json, plain
from teleop.frame import HZ
from teleop.journal import Journal
from teleop.words import counted

BUDGET_FILE = "budget.json"
TRACKS_A_DRAW = 1000
"""Laps and all that follows on them: draws share no track."""
CODE = {
    "policy": ("*.py",),
    "teleop": (
        *("again.py", "budget.py", "burden.py", "clock.py", "collecting.py", "evaluate.py", "experts.py", "frame.py"),
        *("gates.py", "ghost.py", "loop.py", "recording.py", "road.py", "spending.py"),
        *("worlds/track*.py", "drivers/*.py", "devices/*.py", "sinks/interventions.py"),
    ),
}
"""What decides the scores, and what they cost."""

Cell = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Where both arms begin."""

    expert: str
    """Demonstrates, and corrects."""
    laps: int
    draw: int
    """Which laps."""

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.expert}-{counted(self.laps, 'lap').replace(' ', '-')}-draw-{self.draw}"

    @property
    def first_track(self) -> int:
        return self.draw * TRACKS_A_DRAW


@dataclass(frozen=True)
class Terms:
    """The same for all cells of a folder."""

    minutes: tuple[float, ...]
    """Budgets, ascending."""
    steps: int
    """Of every training."""
    tracks: int
    """Of every evaluation."""

    @property
    def plan(self) -> dict[str, Any]:
        """With the code that all cells are made by."""
        return {**plain(asdict(self)), "code": code_digest()}

    def check(self, out: Path) -> None:
        """UsageError where the folder has cells that were made on other terms: they can't be compared."""
        for file in sorted(out.glob(f"*/{BUDGET_FILE}")):
            Journal(file.parent, BUDGET_FILE, self.plan).check()


@dataclass(frozen=True)
class Spent:
    """What a recording took."""

    watched_s: float
    hands_on_s: float
    next_track: int
    """The first that was not driven."""


class Means(Protocol):
    """How things are done; each makes exactly one file, or session."""

    def drive_laps(self, session: Path, expert: str, first_track: int, laps: int) -> Spent: ...

    def demonstrate(self, session: Path, expert: str, first_track: int, frames: int) -> Spent: ...

    def correct(self, session: Path, expert: str, learner: Path, first_track: int, frames: int) -> Spent: ...

    def recipe(self, expert: str, seed: int) -> Sequence[str]:
        """Options of `policy train`."""

    def train(self, checkpoint: Path, sessions: Sequence[Path], recipe: Sequence[str]) -> None: ...

    def evaluate(self, checkpoint: Path) -> Mapping[str, Any]:
        """As `teleop evaluate --json` writes it."""


def spend(case: Case, terms: Terms, seeds: Sequence[int], means: Means, out: Path) -> Iterator[Cell]:
    """All cells of a case, by these training seeds; what is done already is only read. Raises what `means` raise."""
    with Journal(out / case.name, BUDGET_FILE, terms.plan) as journal:
        work = Work(case, means, journal)
        # 1. The plain laps, and what is learned from them alone.
        laps = [work.laps()]
        for seed in seeds:
            first, cell = work.learned("laps", 0.0, seed, laps)
            yield cell

            # 2. The minutes spent on more demonstrations.
            demonstrations = laps
            for begin, end in stretches(terms.minutes):
                demonstrations = [*demonstrations, work.demonstrated(begin, end, after=demonstrations)]
                yield work.learned("demos", end, seed, demonstrations)[1]

            # 3. The same minutes spent on DAgger: each stretch corrects what the one before made.
            corrections, learner = laps, first
            for begin, end in stretches(terms.minutes):
                corrections = [*corrections, work.corrected(begin, end, seed, learner, after=corrections)]
                learner, cell = work.learned("dagger", end, seed, corrections)
                yield cell


def stretches(minutes: Sequence[float]) -> Iterator[tuple[float, float]]:
    """From each budget to the next."""
    return zip((0.0, *minutes), minutes, strict=False)


class Work:
    """The pieces of a case, each made once."""

    def __init__(self, case: Case, means: Means, journal: Journal) -> None:
        self._case, self._means, self._journal = case, means, journal

    def laps(self) -> Path:
        case, drive = self._case, self._means.drive_laps
        return self._session("laps.zarr", lambda file: drive(file, case.expert, case.first_track, case.laps))

    def demonstrated(self, begin: float, end: float, after: Sequence[Path]) -> Path:
        """On the tracks that follow."""
        track, frames, expert = self._next_track(after), frames_of(begin, end), self._case.expert
        drive = self._means.demonstrate
        return self._session(f"demos-{end:g}.zarr", lambda file: drive(file, expert, track, frames))

    def corrected(self, begin: float, end: float, seed: int, learner: Path, after: Sequence[Path]) -> Path:
        """On the tracks that follow."""
        track, frames, expert = self._next_track(after), frames_of(begin, end), self._case.expert
        name = f"seed-{seed}-dagger-{end:g}.zarr"
        return self._session(name, lambda file: self._means.correct(file, expert, learner, track, frames))

    def learned(self, arm: str, minutes: float, seed: int, sessions: Sequence[Path]) -> tuple[Path, Cell]:
        """The policy after these minutes, and its cell."""
        name = f"seed-{seed}-{arm}" + (f"-{minutes:g}" if minutes else "")
        recipe = self._means.recipe(self._case.expert, seed)
        checkpoint = self._made(f"{name}.safetensors", lambda file: self._means.train(file, sessions, recipe))
        what = {**asdict(self._case), "arm": arm, "minutes": minutes, "seed": seed}
        what |= self._cost(sessions[1:]) | {"sessions": [session.name for session in sessions]}
        what |= {"recipe": list(recipe), "code": code_digest()}

        def evaluate(file: Path) -> None:
            file.write_bytes(encoded_json(plain(what | {"evaluation": self._means.evaluate(checkpoint)})))

        return checkpoint, read_cell(self._made(f"{name}.json", evaluate))

    def _cost(self, sessions: Sequence[Path]) -> dict[str, float]:
        """Beyond the laps."""
        kinds = ("watched_s", "hands_on_s")
        return {kind: sum(self._journal[session.name][kind] for session in sessions) for kind in kinds}

    def _next_track(self, after: Sequence[Path]) -> int:
        return int(self._journal[after[-1].name]["next_track"])

    def _session(self, name: str, drive: Callable[[Path], Spent]) -> Path:
        return self._made(name, lambda file: asdict(drive(file)))

    def _made(self, name: str, make: Callable[[Path], Mapping[str, Any] | None]) -> Path:
        """The file or session of this name, made unless it is there."""
        if name not in self._journal:
            with self._journal.making(name) as file:
                known = make(file)
            self._journal.note(name, **(known or {}))
        return self._journal.folder / name


def frames_of(begin: float, end: float) -> int:
    """Between two budgets, in minutes."""
    return round(end * 60 * HZ) - round(begin * 60 * HZ)


def read_cell(file: Path) -> Cell:
    cell: Cell = json.loads(file.read_text(encoding="utf-8"))
    return cell


def cells_in(out: Path) -> list[Cell]:
    """All that were made so far, whatever was asked for this time."""
    files = (file for file in out.glob("*/seed-*.json") if (file.parent / BUDGET_FILE).is_file())
    return [read_cell(file) for file in sorted(files)]


def code_digest() -> str:
    """Of everything that decides the scores, hex."""
    digest = hashlib.sha256()
    for package, patterns in CODE.items():
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{package} is installed with teleop"
        folder = Path(spec.origin or "").parent
        for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
