"""The basic story of imitation learning, told without a screen in a few minutes.

An autopilot stands in for the human and records one plain lap; a policy learns it and drives held-out tracks, where
its errors compound; then twenty laps, and it solves most of them. A page with pictures is left behind.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.console import Console

from teleop.errors import UsageError
from teleop.evaluate import SOLVED, Evaluation, MakeDriver, drive_track, summary
from teleop.frame import EVALUATION_SEED, HZ
from teleop.loop import Driver
from teleop.progress import progress
from teleop.record import Record
from teleop.report.figures import drive_line_figure, frame_strip, scores_figure, training_figure
from teleop.report.page import write_page
from teleop.report.shift_figures import survival_figure
from teleop.report.shift_words import survival_words
from teleop.session import open_session
from teleop.shift.rollouts import RollOut, Rollout
from teleop.shift.survival import Survival, survival
from teleop.sinks.trace import Trace
from teleop.words import counted
from teleop.workers import working
from teleop.writer import session_lock

STRIP_FRAMES = 8
STRIP_EVERY = 12
"""Ticks between the frames of a strip: a quarter of a second."""
CURVE_POINTS = 60

OnStep = Callable[[int, float], None]
"""(gradient steps done, training loss since the last call)."""


class Trainer(Protocol):
    """Turns a session into a policy."""

    @property
    def steps(self) -> int:
        """Gradient steps it takes."""

    @property
    def loss(self) -> str:
        """The name of its loss."""

    def train(self, session: Path, checkpoint: Path, on_step: OnStep) -> MakeDriver: ...


@dataclass(frozen=True)
class Plan:
    """How much is driven."""

    laps: Mapping[str, int] = field(default_factory=lambda: {"one lap": 1, "twenty laps": 20})
    """Laps to learn from, a chapter each."""
    tracks: int = 20
    """Held-out tracks that every policy drives, from the first evaluation track."""

    @property
    def seeds(self) -> range:
        return range(EVALUATION_SEED, EVALUATION_SEED + self.tracks)


@dataclass(frozen=True)
class Chapter:
    """One amount of driving, and what was learned from it."""

    name: str
    driving_s: float
    curve: Sequence[tuple[int, float]]
    """(gradient steps, training loss)."""
    make_driver: MakeDriver
    evaluation: Evaluation
    survival: Survival

    @property
    def solved(self) -> int:
        return sum(track.score >= SOLVED for track in self.evaluation.tracks)

    @property
    def finished(self) -> int:
        return sum(track.lap_finished for track in self.evaluation.tracks)


def tell_story(out: Path, trainer: Trainer, workers: int, console: Console, plan: Plan | None = None) -> Path:
    """Record, train, evaluate, once a chapter; returns the page's path, `out`/index.html.

    Laps already recorded in `out` are used again: they are the same tracks driven by the same autopilot.
    """
    plan = plan or Plan()
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    chapters = []
    for name, laps in plan.laps.items():
        console.rule(f"[bold]{name}")
        stem = out / name.replace(" ", "-")
        session, checkpoint = stem.with_suffix(".zarr"), stem.with_suffix(".safetensors")
        driving_s = _record_laps(session, laps, console)
        curve, make_driver = _learn(name, session, checkpoint, trainer, console)
        rollouts = _drive(make_driver, plan.seeds, workers, console)
        evaluation = summary([rollout.track for rollout in rollouts])
        chapters.append(Chapter(name, driving_s, curve, make_driver, evaluation, survival(rollouts)))
        console.print(_verdict(chapters[-1]))
    page = out / "index.html"
    write_page(page, "demo.html.j2", _page_values(plan, chapters, trainer.loss, (time.monotonic() - began) / 60))
    return page


def _learn(
    name: str, session: Path, checkpoint: Path, trainer: Trainer, console: Console
) -> tuple[Sequence[tuple[int, float]], MakeDriver]:
    """The training curve, and what builds the trained driver."""
    losses: list[tuple[int, float]] = []
    with progress(console, f"learning from {name}", trainer.steps) as update:

        def on_step(step: int, loss: float) -> None:
            losses.append((step, loss))
            update(step, f"loss {loss:.4f}")

        make_driver = trainer.train(session, checkpoint, on_step)
    return _thinned(losses), make_driver


def _drive(make_driver: MakeDriver, seeds: Sequence[int], workers: int, console: Console) -> list[Rollout]:
    """Every track, alone, with a bar that tells the mean so far."""
    rollouts: list[Rollout] = []
    with (
        progress(console, f"driving {counted(len(seeds), 'new track')}", len(seeds)) as update,
        working(make_driver, _roll_out, workers) as drive_all,
    ):
        for rollout in drive_all(seeds):
            rollouts.append(rollout)
            update(len(rollouts), f"mean {np.mean([done.track.score for done in rollouts]):.0f}")
    return rollouts


def _roll_out(driver: Driver, seed: int) -> Rollout:
    return RollOut("learner", seed)(driver)


def _record_laps(session: Path, laps: int, console: Console) -> float:
    """Make sure that exactly `laps` whole laps are recorded; returns seconds of driving."""
    if session.exists():
        _remove_unfinished(session, laps)
    if not session.exists():
        Record(session, expert="autopilot", headless=True, fast=True, episodes=laps, seed=0).run(console)
    return sum(episode.committed for episode in open_session(session).episodes) / HZ


def _remove_unfinished(session: Path, laps: int) -> None:
    """Take away what an interrupted demo left; the same laps are driven again in seconds.

    UsageError where somebody else drove: that is not the demo's to remove.
    """
    episodes = open_session(session).episodes
    if any(episode.attrs["expert"] != "autopilot" for episode in episodes):
        raise UsageError(f"the demo records into {session}, which holds other driving: choose another --out")
    if [episode.attrs["end"] for episode in episodes] == ["finished"] * laps:
        return
    lock = session_lock(session)
    shutil.rmtree(session)
    lock.release()


def _thinned(losses: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `CURVE_POINTS` points: the mean loss of neighbours, at the last one's step."""
    groups = np.array_split(np.array(losses), min(CURVE_POINTS, len(losses)))
    return [(int(group[-1, 0]), float(group[:, 1].mean())) for group in groups]


def _verdict(chapter: Chapter) -> str:
    figures = chapter.evaluation
    verdict = "it drifts" if figures.share_900 < 0.5 else "it drives"
    return (
        f"[bold]From {chapter.name} ({chapter.driving_s:.0f} s of driving) {verdict}:[/] mean {figures.mean:.0f} "
        f"(95% interval {figures.low:.0f} to {figures.high:.0f}), worst {figures.min:.0f}, "
        f"{chapter.solved} of {len(figures.tracks)} tracks at 900"
    )


def _page_values(plan: Plan, chapters: Sequence[Chapter], loss: str, minutes: float) -> dict[str, object]:
    worst_seed = chapters[0].evaluation.tracks[0].seed
    traces = {chapter.name: _trace(chapter.make_driver, worst_seed) for chapter in chapters}
    survivals = {chapter.name: chapter.survival for chapter in chapters}
    return {
        "chapters": [_chapter_values(chapter, traces[chapter.name]) for chapter in chapters],
        "tracks": plan.tracks,
        "scores_svg": scores_figure({chapter.name: chapter.evaluation for chapter in chapters}),
        "survival_svg": survival_figure(survivals),
        "survival_words": list(survival_words(survivals)),
        "training_svg": training_figure({chapter.name: chapter.curve for chapter in chapters}),
        "drive_line_svg": drive_line_figure(traces),
        "loss_name": loss,
        "worst_seed": worst_seed,
        "first_seed": plan.seeds[0],
        "last_seed": plan.seeds[-1],
        "minutes": f"{minutes:.1f}",
    }


def _trace(make_driver: MakeDriver, seed: int) -> Trace:
    trace = Trace(every=STRIP_EVERY)
    drive_track(make_driver(), seed, sinks=[trace])
    return trace


def _chapter_values(chapter: Chapter, trace: Trace) -> dict[str, object]:
    first, caption = _strip_moment(trace)
    return {
        "name": chapter.name,
        "driving_s": chapter.driving_s,
        "evaluation": chapter.evaluation,
        "solved": chapter.solved,
        "finished": chapter.finished,
        "strip": frame_strip(trace.observations[first : first + STRIP_FRAMES]),
        "strip_caption": caption,
    }


def _strip_moment(trace: Trace) -> tuple[int, str]:
    """Where the strip begins: so that the first departure is at its end, or in mid-lap when there is none."""
    departures = np.flatnonzero(trace.off_road)
    every_s = STRIP_EVERY / HZ
    if len(departures):
        last = departures[0] // STRIP_EVERY + 2
        return max(0, last - STRIP_FRAMES), f"a frame every {every_s:.2f} s, until it has left the road."
    return max(0, len(trace.observations) // 2 - STRIP_FRAMES), f"a frame every {every_s:.2f} s; it stays on the road."
