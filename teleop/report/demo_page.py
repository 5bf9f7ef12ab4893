"""The demo's page: one lap, what became of it, how it was corrected, and the same tracks again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from teleop.bank import takeovers_in
from teleop.burden import Burden
from teleop.dagger import Round
from teleop.evaluate import SOLVED, Evaluation, MakeDriver, drive_track
from teleop.frame import HZ
from teleop.report.figures import drive_line_figure, frame_strip, scores_figure, training_figure
from teleop.report.page import write_page
from teleop.report.shift_figures import survival_figure
from teleop.report.shift_words import survival_words
from teleop.report.strips import STRIP_EVERY, STRIP_FRAMES, takeover_strip
from teleop.session import Session, open_session
from teleop.shift.survival import Survival
from teleop.sinks.trace import Trace

CURVE_POINTS = 60


@dataclass(frozen=True)
class Chapter:
    """A policy, and what it made of the held-out tracks."""

    name: str
    """What it learned from."""
    make_driver: MakeDriver
    curve: Sequence[tuple[int, float]]
    """(gradient steps, training loss)."""
    evaluation: Evaluation
    survival: Survival

    @property
    def solved(self) -> int:
        return sum(track.score >= SOLVED for track in self.evaluation.tracks)

    @property
    def finished(self) -> int:
        return sum(track.lap_finished for track in self.evaluation.tracks)


@dataclass(frozen=True)
class Correction:
    """A round: what it cost, and what it brought."""

    number: int
    round: Round
    burden: Burden


@dataclass(frozen=True)
class Story:
    """Everything the page tells of."""

    before: Chapter
    after: Chapter
    corrections: Sequence[Correction]
    session: Path
    """Of the corrections."""
    seeds: range
    """The held-out tracks."""
    loss: str
    """The name of what training made small."""

    @property
    def chapters(self) -> Sequence[Chapter]:
        return self.before, self.after

    @property
    def worst_seed(self) -> int:
        """The track on which the first policy did worst."""
        return self.before.evaluation.tracks[0].seed


def write_demo_page(path: Path, story: Story, minutes: float) -> None:
    """Drive the worst track once more, draw everything, and write the page to `path`."""
    write_page(path, "demo.html.j2", {**_tables(story), **_pictures(story), "minutes": f"{minutes:.1f}"})


def _tables(story: Story) -> Mapping[str, object]:
    return {
        "before": story.before,
        "after": story.after,
        "corrections": story.corrections,
        "burden": sum((correction.burden for correction in story.corrections), Burden()),
        "tracks": len(story.seeds),
        "worst_seed": story.worst_seed,
        "first_seed": story.seeds[0],
        "last_seed": story.seeds[-1],
        "loss_name": story.loss,
    }


def _pictures(story: Story) -> Mapping[str, object]:
    traces = {chapter.name: _trace(chapter.make_driver, story.worst_seed) for chapter in story.chapters}
    survivals = {chapter.name: chapter.survival for chapter in story.chapters}
    return {
        "scores_svg": scores_figure({chapter.name: chapter.evaluation for chapter in story.chapters}),
        "survival_svg": survival_figure(survivals),
        "survival_words": list(survival_words(survivals)),
        "training_svg": training_figure({chapter.name: _thinned(chapter.curve) for chapter in story.chapters}),
        "drive_line_svg": drive_line_figure(traces),
        "strips": [(name, *_strip(trace)) for name, trace in traces.items()],
        "takeover": _first_takeover(open_session(story.session)),
    }


def _trace(make_driver: MakeDriver, seed: int) -> Trace:
    trace = Trace(every=STRIP_EVERY)
    drive_track(make_driver(), seed, sinks=[trace])
    return trace


def _strip(trace: Trace) -> tuple[str, str]:
    """Frames of a drive, and what they show: its first departure at their end, or mid-lap where there is none."""
    departures = np.flatnonzero(trace.off_road)
    every_s = STRIP_EVERY / HZ
    if len(departures):
        first = max(0, departures[0] // STRIP_EVERY + 2 - STRIP_FRAMES)
        caption = f"a frame every {every_s:.2f} s, until it has left the road."
    else:
        first = max(0, len(trace.observations) // 2 - STRIP_FRAMES)
        caption = f"a frame every {every_s:.2f} s; it stays on the road."
    return frame_strip(trace.observations[first : first + STRIP_FRAMES]), caption


def _first_takeover(session: Session) -> str:
    """Empty where nobody took over."""
    first = next(takeovers_in(session), None)
    return takeover_strip(session, first) if first else ""


def _thinned(losses: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `CURVE_POINTS` points: the mean loss of neighbours, at the last one's step."""
    groups = np.array_split(np.array(losses), min(CURVE_POINTS, len(losses)))
    return [(int(group[-1, 0]), float(group[:, 1].mean())) for group in groups]
