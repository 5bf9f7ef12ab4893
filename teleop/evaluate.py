"""Closed-loop evaluation: a policy drives fixed tracks that nobody trained on, alone, and every track counts.

Scores are bimodal (about 930, or lost after a spin), so the mean is decided by rare catastrophes: read the share of
tracks at 900 and the worst tracks before believing a difference. Episodes end as stock CarRacing-v3's do: every tile
visited, 1000 frames, or off the playfield. CarRacing's "solved" is 900.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.devices.nobody import Nobody
from teleop.frame import HZ, Source, Start
from teleop.gates import Only
from teleop.loop import Driver, Sink, run_episode
from teleop.progress import progress
from teleop.workers import working
from teleop.worlds.track import TrackWorld, versions

MAX_STEPS = 1000
"""Stock CarRacing-v3's time limit."""
SOLVED = 900.0
LAP_SHARE = 0.95
"""Of the tiles: CarRacing-v3's own lap_complete_percent."""
BOOTSTRAP_DRAWS = 10_000

MakeDriver = Callable[[], Driver]


@dataclass(frozen=True, slots=True)
class TrackScore:
    """How one track went."""

    seed: int
    score: float
    """Sum of stock's rewards."""
    why: str
    lap_finished: bool
    """It came round to the line again, with at least `LAP_SHARE` of the tiles: a short cut is no lap."""
    lap_time_s: float | None
    """From the reset to crossing the line; None without a finished lap."""
    tiles: int
    tiles_missed: int
    off_track_s: float
    """Time with all four wheels on the grass."""
    steps: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores over tracks, with a 95% bootstrap interval of the mean over tracks."""

    mean: float
    low: float
    high: float
    median: float
    min: float
    share_900: float
    laps_finished: float
    """Share of tracks."""
    tiles_missed: float
    """Mean a track."""
    off_track_s: float
    """Mean a track."""
    tracks: tuple[TrackScore, ...]
    """Worst first."""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def evaluate(
    make_driver: MakeDriver,
    seeds: Sequence[int],
    workers: int = 1,
    on_track: Callable[[TrackScore], None] | None = None,
) -> Evaluation:
    """Drive every track in `seeds` and sum up.

    `make_driver` builds the policy once a worker process, so it must be picklable when `workers` > 1. `on_track` is
    called as tracks are done. Results depend on the seeds alone, not on `workers`.
    """
    scores = []
    with working(make_driver, drive_track, workers) as drive_all:
        for score in drive_all(seeds):
            scores.append(score)
            if on_track is not None:
                on_track(score)
    return summary(scores)


def evaluate_with_progress(
    make_driver: MakeDriver, seeds: Sequence[int], workers: int, console: Console, label: str
) -> Evaluation:
    """`evaluate`, with a bar that tells the mean so far."""
    scores: list[float] = []
    with progress(console, label, len(seeds)) as update:

        def on_track(track: TrackScore) -> None:
            scores.append(track.score)
            update(len(scores), f"mean {np.mean(scores):.0f}")

        return evaluate(make_driver, seeds, workers, on_track)


def drive_track(
    driver: Driver, seed: int, sinks: Sequence[Sink] = (), learner: Mapping[str, str] | None = None
) -> TrackScore:
    """One evaluation track, driven alone and unpaced. `learner` says to the sinks who drives: {name, sha256}."""
    with closing(TrackWorld(ends="stock", max_steps=MAX_STEPS)) as world:
        end = run_episode(
            Start(
                seed=seed,
                mode="rollout",
                paced=False,
                expert="nobody",
                gate="only learner",
                learner=learner,
                versions=versions(),
            ),
            world=world,
            device=Nobody(),
            drivers={Source.LEARNER: driver},
            gate=Only(Source.LEARNER),
            sinks=sinks,
            metronome=SimulatedMetronome(HZ),
        )
    return track_score_of(seed, end.why, end.figures)


def track_score_of(seed: int, why: str, figures: Mapping[str, float | int | None]) -> TrackScore:
    """From how an episode ended and the figures of its `TrackWorld`."""
    tiles, missed = int(figures["tiles"] or 0), int(figures["tiles_missed"] or 0)
    lap_finished = bool(figures["lap_finished"]) and missed <= (1 - LAP_SHARE) * tiles
    return TrackScore(
        seed=seed,
        score=round(float(figures["score"] or 0.0), 4),
        why=why,
        lap_finished=lap_finished,
        lap_time_s=figures["lap_time_s"] if lap_finished else None,
        tiles=tiles,
        tiles_missed=missed,
        off_track_s=float(figures["off_track_s"] or 0.0),
        steps=int(figures["steps"] or 0),
    )


def summary(scores: Sequence[TrackScore]) -> Evaluation:
    """The figures of a set of tracks; ValueError when there is none."""
    if not scores:
        raise ValueError("an evaluation needs at least one track")
    values = np.array([score.score for score in scores])
    low, high = bootstrap_interval(values)
    return Evaluation(
        mean=float(values.mean()),
        low=low,
        high=high,
        median=float(np.median(values)),
        min=float(values.min()),
        share_900=float((values >= SOLVED).mean()),
        laps_finished=float(np.mean([score.lap_finished for score in scores])),
        tiles_missed=float(np.mean([score.tiles_missed for score in scores])),
        off_track_s=float(np.mean([score.off_track_s for score in scores])),
        tracks=tuple(sorted(scores, key=lambda score: (score.score, score.seed))),
    )


def bootstrap_interval(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """95% percentile interval of the mean, resampling `values` (one a track) with a fixed seed."""
    draws = np.random.default_rng(0).choice(values, size=(BOOTSTRAP_DRAWS, len(values)))
    low, high = np.percentile(draws.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
