"""The rounds' page: what each cost, what it brought, and which takeovers its learner no longer needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from teleop.bank import Verdict, takeovers_in
from teleop.burden import Burden
from teleop.frame import HZ
from teleop.report.figures import COLOURS, GRID, INK, PAPER, STYLE, svg_of
from teleop.report.page import write_page
from teleop.report.strips import takeover_strip
from teleop.rounds import FIXED_GOAL, VALIDATION_TRACKS, Result
from teleop.session import Session

MOST_STRIPS = 6
"""Takeovers that are shown in pictures; the table has them all."""


def write_rounds_page(path: Path, results: Sequence[Result], corrections: Session) -> None:
    """Of at least one round. SessionError when the session can't be read."""
    last = results[-1]
    values = {
        "results": results,
        "first": results[0].round.parent,
        "driver": last.round.learner,
        "burden": sum((result.burden for result in results), Burden()),
        "tracks": VALIDATION_TRACKS,
        "goal": FIXED_GOAL,
        "session": corrections.path.name,
        "rounds_svg": rounds_figure(results),
        "last": last,
        "takeovers": list(_takeovers(results)),
        "open": list(_strips_of_open(last, corrections)),
    }
    write_page(path, "rounds.html.j2", values)


def rounds_figure(results: Sequence[Result]) -> str:
    """Validation score by learner, and takeovers a lap by round, side by side: SVG."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 3), layout="constrained")
        scores, needed = figure.subplots(1, 2)
        for axes in (scores, needed):
            axes.grid(axis="y", color=GRID, linewidth=0.8)
            axes.set_axisbelow(True)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
        _draw_scores(scores, results)
        _draw_takeovers(needed, results)
        return svg_of(figure)


def _draw_scores(axes: Axes, results: Sequence[Result]) -> None:
    """The line is of who drives; a hollow dot did not take its parent's place."""
    rounds = [0, *(result.number for result in results)]
    drives = [results[0].round.parent.score, *(result.round.learner.score for result in results)]
    axes.plot(rounds, drives, color=COLOURS[0], linewidth=1.6)
    axes.plot(0, drives[0], "o", color=COLOURS[0])
    for result in results:
        filled = COLOURS[0] if result.round.swapped else PAPER
        axes.plot(result.number, result.round.candidate.score, "o", color=COLOURS[0], markerfacecolor=filled)
    axes.set(xlabel="learner", ylabel="validation score")


def _draw_takeovers(axes: Axes, results: Sequence[Result]) -> None:
    told = [(result.number, result.burden.interventions_per_lap) for result in results]
    known = [(number, a_lap) for number, a_lap in told if a_lap is not None]
    axes.bar([number for number, _ in known], [a_lap for _, a_lap in known], color=COLOURS[1], width=0.5)
    for number, a_lap in known:
        axes.annotate(f"{a_lap:.1f}", (number, a_lap), ha="center", va="bottom", fontsize=9, color=INK)
    axes.set(xlabel="round", ylabel="takeovers a lap", xlim=(0.4, results[-1].number + 0.6))


def _takeovers(results: Sequence[Result]) -> Iterator[Mapping[str, object]]:
    """Every takeover, with what each round's learner made of it; None of what was still to come."""
    made = [{(one.episode, one.step): one for one in result.bank.verdicts} for result in results]
    for at, verdict in made[-1].items():
        yield {"verdict": verdict, "at": verdict.step / HZ, "by_round": [learner.get(at) for learner in made]}


def _strips_of_open(last: Result, corrections: Session) -> Iterator[tuple[Verdict, str]]:
    """The first few that the last learner still needs, in pictures."""
    still = {(one.episode, one.step): one for one in last.bank.verdicts if one.fixed is False}
    shown = (one for one in takeovers_in(corrections) if (one.episode, one.step) in still)
    for _, takeover in zip(range(MOST_STRIPS), shown, strict=False):
        yield still[takeover.episode, takeover.step], takeover_strip(corrections, takeover)
