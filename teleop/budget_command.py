"""`teleop budget`: what may be asked for. The experiment itself is in `teleop.budget`, loaded once it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.markup import escape

from teleop.errors import UsageError
from teleop.progress import progress
from teleop.results import check_folder
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.budget import Case, Cell, Means, Terms
    from teleop.spending import Learner

MOST_TRACKS = 100
MOST_DRAWS = 800
"""Each has a thousand tracks of those below 800000."""
MOST_MINUTES = 1000
SHORTEST_S = 1
"""What is left of a budget is not worth a track when it is less."""


@dataclass(frozen=True)
class BudgetCommand:
    """What may be asked for; `teleop.cli` adds the learners, which `teleop.learners` alone can load."""

    out: Path
    """Folder for the recordings, the policies, their cells and the picture, budget.svg. What is there is not made
    again: pieces of the experiment, also side by side, and what a kill or Ctrl+C left, add up in one folder."""
    minutes: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0)
    """Budgets, ascending: minutes that a person must watch. The same for all pieces."""
    laps: tuple[int, ...] = (1, 2)
    """How many plain laps there are to begin with."""
    draws: tuple[int, ...] = (0, 1, 2)
    """Which laps: each number draws others."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of training."""
    experts: tuple[Literal["autopilot", "simulated"], ...] = ("autopilot", "simulated")
    """Who demonstrates and corrects."""
    steps: int = 4000
    """Gradient steps of every training. The same for all pieces."""
    tracks: int = MOST_TRACKS
    """Evaluation tracks that every policy drives, from 1000000. The same for all pieces."""
    workers: int = os.cpu_count() or 1
    """Processes that evaluate side by side; the scores do not depend on it."""

    def check(self) -> None:
        """UsageError when nothing could come of it."""
        stretches = [high - low for low, high in zip((0.0, *self.minutes), self.minutes, strict=False)]
        long_enough = bool(stretches) and all(SHORTEST_S / 60 <= stretch <= MOST_MINUTES for stretch in stretches)
        each_once = "at least one, each once"
        rules = {
            "minutes": (long_enough, f"ascending from 0 by at least {SHORTEST_S} s, at most {MOST_MINUTES} a step"),
            "laps": (_once(self.laps, 1, 100), f"from 1 to 100, {each_once}"),
            "draws": (_once(self.draws, 0, MOST_DRAWS - 1), f"from 0 to {MOST_DRAWS - 1}, {each_once}"),
            "seeds": (_once(self.seeds, 0, 2**63 - 1), f"from 0 to 2^63 - 1, {each_once}"),
            "experts": (len(set(self.experts)) == len(self.experts) > 0, "autopilot, simulated or both"),
            "steps": (self.steps >= 1, "at least 1"),
            "tracks": (1 <= self.tracks <= MOST_TRACKS, f"from 1 to {MOST_TRACKS}"),
            "workers": (self.workers >= 1, "at least 1"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise UsageError(f"--{name} is {rule}; got {_words(getattr(self, name))}")
        check_folder(self.out)

    def spend(self, load: Callable[[Path], Learner], console: Console) -> int:
        """Make every cell that is asked for, then show all that there are."""
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.budget import Terms, cells_in
        from teleop.report.budget_tables import budget_figure, budget_tables, comparisons
        from teleop.spending import StandIns

        terms = Terms(self.minutes, self.steps, self.tracks)
        means = StandIns(load, self.steps, self.tracks, self.workers)
        terms.check(self.out)
        cells = len(self.experts) * len(self.laps) * len(self.draws) * len(self.seeds) * (1 + 2 * len(self.minutes))
        with progress(console, f"making {counted(cells, 'cell')}", cells) as update:
            for done, cell in enumerate(self._cells(terms, means), start=1):
                console.print(escape(_line(cell)), highlight=False)
                update(done, "")
        told = comparisons(cells_in(self.out))
        picture = self.out / "budget.svg"
        picture.write_text(budget_figure(told), encoding="utf-8")
        console.print(*budget_tables(told))
        console.print(escape(f"{picture} shows it"), highlight=False)
        return 0

    def _cells(self, terms: Terms, means: Means) -> Iterator[Cell]:
        from teleop.budget import Case, spend

        cases: Iterator[Case] = (Case(*which) for which in product(self.experts, self.laps, self.draws))
        for case in cases:
            yield from spend(case, terms, self.seeds, means, self.out)


def _once(numbers: Sequence[int], lowest: int, highest: int) -> bool:
    """Each of them, and there is one."""
    return len(set(numbers)) == len(numbers) > 0 and lowest <= min(numbers) and max(numbers) <= highest


def _words(value: object) -> str:
    """As it was typed."""
    return " ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _line(cell: Cell) -> str:
    """ "autopilot, laps 1, draw 0, seed 0: 2 min of dagger, hands on 31 s: mean 843, 60% at 900"."""
    case = f"{cell['expert']}, laps {cell['laps']}, draw {cell['draw']}, seed {cell['seed']}"
    spent = f"{cell['minutes']:g} min of {cell['arm']}, hands on {cell['hands_on_s']:.0f} s"
    told = cell["evaluation"]
    return (
        f"{case}: {spent if cell['minutes'] else 'laps alone'}: mean {told['mean']:.0f}, {told['share_900']:.0%} at 900"
    )
