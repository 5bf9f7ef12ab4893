"""What a person's minutes bought, spent on correcting or on demonstrating more: a table and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from teleop.budget import Cell
from teleop.evaluate import BOOTSTRAP_DRAWS, SOLVED
from teleop.report.figures import COLOURS, GRID, INK, STYLE, svg_of
from teleop.report.tables import light_table
from teleop.words import counted

NAMES = {"laps": "nothing", "demos": "demonstrations", "dagger": "DAgger"}
SHORT = NAMES | {"demos": "demos"}
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Arm:
    """Policies that the same minutes were spent on in the same way."""

    name: str
    """Of NAMES."""
    scores: Scores
    """(policies, tracks)."""
    hands_on_s: float
    """Mean over policies."""
    draws: tuple[int, ...]
    """(policies,): from which laps each began."""

    @property
    def mean(self) -> tuple[float, float, float]:
        """Of all scores, and its 95% interval."""
        return with_interval(self.scores, self.draws)

    @property
    def share_900(self) -> float:
        return float((self.scores >= SOLVED).mean())


@dataclass(frozen=True)
class Comparison:
    """Both arms after the same minutes, of policies that have both; the laps alone are after none."""

    expert: str
    laps: int
    minutes: float
    arms: tuple[Arm, ...]

    @property
    def difference(self) -> tuple[float, float, float] | None:
        """What DAgger brought beyond more demonstrations, paired over policies and tracks, and its 95% interval."""
        if len(self.arms) < 2:
            return None
        demos, dagger = self.arms
        return with_interval(dagger.scores - demos.scores, dagger.draws)

    @property
    def by_draw(self) -> list[float]:
        """That difference for each draw of laps."""
        demos, dagger = (arm.scores.mean(axis=1) for arm in self.arms)
        drawn = np.array(self.arms[0].draws)
        return [float((dagger - demos)[drawn == draw].mean()) for draw in sorted(set(self.arms[0].draws))]


def comparisons(cells: Sequence[Cell]) -> list[Comparison]:
    """In the table's order."""

    def what(cell: Cell) -> tuple[Any, ...]:
        return cell["expert"], cell["laps"], cell["minutes"]

    told = []
    for (expert, laps, minutes), some in groupby(sorted(cells, key=what), what):
        if arms := _paired(list(some)):
            told.append(Comparison(expert, laps, minutes, arms))
    return told


def _paired(cells: Sequence[Cell]) -> tuple[Arm, ...]:
    """Only policies that every arm has; none where one arm is still missing."""
    arms = ("laps",) if cells[0]["minutes"] == 0 else ("demos", "dagger")
    made = {arm: {(cell["draw"], cell["seed"]): cell for cell in cells if cell["arm"] == arm} for arm in arms}
    policies = sorted(set.intersection(*(set(found) for found in made.values())))
    return tuple(_arm(arm, [made[arm][policy] for policy in policies]) for arm in arms) if policies else ()


def _arm(name: str, cells: Sequence[Cell]) -> Arm:
    scores = [
        [track["score"] for track in sorted(cell["evaluation"]["tracks"], key=lambda track: int(track["seed"]))]
        for cell in cells
    ]
    hands_on_s = float(np.mean([cell["hands_on_s"] for cell in cells]))
    return Arm(name, np.array(scores, np.float64), hands_on_s, tuple(cell["draw"] for cell in cells))


def with_interval(values: Scores, draws: Sequence[int]) -> tuple[float, float, float]:
    """The mean of (policies, tracks) values, and its 95% interval.

    What a budget brings hangs on chance in three places: the laps at the beginning, the seed of the training, and the
    tracks at the end. So all three are resampled (a nested bootstrap): draws of laps, within each of them policies, and
    the tracks, which are the same for all. One draw alone says nothing of other laps.
    """
    random, drawn = np.random.default_rng(0), np.array(draws)
    of_draw = [values[drawn == draw] for draw in np.unique(drawn)]
    times = _times_chosen(random, np.full(BOOTSTRAP_DRAWS, len(of_draw)), len(of_draw))
    chosen = zip(times.T, of_draw, strict=True)
    policies = np.hstack([_times_chosen(random, often * len(own), len(own)) for often, own in chosen])
    tracks = _times_chosen(random, np.full(BOOTSTRAP_DRAWS, values.shape[1]), values.shape[1])
    means = ((policies @ np.vstack(of_draw)) * tracks).sum(axis=1) / policies.sum(axis=1) / tracks.sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def _times_chosen(random: np.random.Generator, picks: npt.NDArray[np.int64], of: int) -> npt.NDArray[np.int64]:
    """How often each of so many is chosen, with replacement, in each of (times,) `picks`: (times, of)."""
    return random.multinomial(picks, np.full(of, 1 / of))


def budget_tables(told: Sequence[Comparison]) -> Iterator[Table]:
    """One for each case: two lines a budget, one for each way to spend it."""
    for (expert, laps), some in groupby(told, lambda one: (one.expert, one.laps)):
        table = light_table(f"{expert}, {counted(laps, 'plain lap')} and then")
        for heading in ("min", "of"):
            table.add_column(heading, no_wrap=True)
        for heading in ("hands on", "mean", "95% interval", "at 900", "DAgger's gain"):
            table.add_column(heading, justify="right", no_wrap=True)
        by_draw = []
        for comparison in some:
            for cells in _rows(comparison):
                table.add_row(*cells)
            by_draw += _by_draw(comparison)
        table.caption = "gain by draw of laps: " + "; ".join(by_draw) if by_draw else None
        yield table


def _rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    for arm in comparison.arms:
        mean, low, high = arm.mean
        figures = (f"{arm.hands_on_s:.0f} s", f"{mean:.0f}", f"{low:.0f} to {high:.0f}", f"{arm.share_900:.0%}")
        yield (f"{comparison.minutes:g}", SHORT[arm.name], *figures, _gain(comparison) if arm.name == "dagger" else "")


def _gain(comparison: Comparison) -> str:
    assert comparison.difference is not None
    mean, low, high = comparison.difference
    return f"{mean:+.0f} ({low:+.0f} to {high:+.0f})"


def _by_draw(comparison: Comparison) -> list[str]:
    """ "2 min +20, -3"."""
    if comparison.difference is None:
        return []
    return [f"{comparison.minutes:g} min " + ", ".join(f"{gain:+.0f}" for gain in comparison.by_draw)]


def budget_figure(told: Sequence[Comparison]) -> str:
    """Score against minutes, a panel for each expert and number of laps, a line for each way to spend them: SVG."""
    experts, laps = (sorted({getattr(one, name) for one in told}) for name in ("expert", "laps"))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.4 * len(laps), 3.2 * len(experts)), layout="constrained")
        panels = figure.subplots(len(experts), len(laps), sharex=True, sharey=True, squeeze=False)
        for row, expert in zip(panels, experts, strict=True):
            for axes, number in zip(row, laps, strict=True):
                if some := [one for one in told if (one.expert, one.laps) == (expert, number)]:
                    _draw_panel(axes, some)
                    axes.set_title(f"{expert}, {counted(number, 'plain lap')}", fontsize=10, loc="left")
                else:
                    axes.set_axis_off()
        for axes in panels[:, 0]:
            axes.set_ylabel("score")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), frameon=False, loc="outside upper right", ncols=2)
        return svg_of(figure)


def _draw_panel(axes: Axes, told: Sequence[Comparison]) -> None:
    """Means with their intervals; dots are single policies."""
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("minutes watched beyond them")
    axes.tick_params(labelbottom=True)
    axes.axhline(SOLVED, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    for name, colour, aside in (("demos", COLOURS[1], -0.03), ("dagger", COLOURS[0], 0.03)):
        line = [(one.minutes, arm) for one in told for arm in one.arms if arm.name in (name, "laps")]
        minutes = np.array([after for after, _ in line]) + aside
        means = np.array([arm.mean for _, arm in line]).reshape(-1, 3)
        for after, (_, arm) in zip(minutes, line, strict=True):
            axes.plot(np.full(len(arm.scores), after), arm.scores.mean(axis=1), ".", color=colour, alpha=0.35)
        apart = np.abs(means[:, 1:] - means[:, :1]).T
        axes.errorbar(minutes, means[:, 0], apart, fmt="o-", color=colour, capsize=3, markersize=5, label=NAMES[name])
