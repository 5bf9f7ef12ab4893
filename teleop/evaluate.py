"""Closed-loop evaluation: a policy drives fixed tracks that nobody trained on, alone, and every track counts.

Scores are bimodal (about 930, or lost after a spin), so the mean is decided by rare catastrophes: read the share of
tracks at 900 and the worst tracks before believing a difference. Episodes end as stock CarRacing-v3's do: every tile
visited, 1000 frames, or off the playfield. CarRacing's "solved" is 900.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.devices.nobody import Nobody
from teleop.frame import HZ, Source, Start
from teleop.gates import Only
from teleop.loop import Driver, Sink, run_episode
from teleop.progress import progress
from teleop.worlds.track import TrackWorld

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
    with _track_driver(make_driver, workers) as drive_all:
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


def drive_track(driver: Driver, seed: int, sinks: Sequence[Sink] = ()) -> TrackScore:
    """One evaluation track, driven alone and unpaced."""
    with closing(TrackWorld(ends="stock", max_steps=MAX_STEPS)) as world:
        end = run_episode(
            Start(seed=seed, mode="rollout", paced=False),
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


DriveAll = Callable[[Sequence[int]], Iterator[TrackScore]]


@contextmanager
def _track_driver(make_driver: MakeDriver, workers: int) -> Iterator[DriveAll]:
    """Something that drives tracks, here or in worker processes, one policy a process."""
    if workers <= 1:
        driver = make_driver()
        yield lambda seeds: (drive_track(driver, seed) for seed in seeds)
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, spawn, initializer=_Worker.start, initargs=(make_driver,))

    def drive_all(seeds: Sequence[int]) -> Iterator[TrackScore]:
        with _interrupts_ignored():  # by the workers, which are started here and inherit it: the parent ends them
            return pool.map(_Worker.drive, seeds)

    try:
        yield drive_all
    except BaseException:
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ctrl+C does nothing meanwhile; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Worker:
    """A worker process holds the one policy it was started with."""

    driver: Driver

    @classmethod
    def start(cls, make_driver: MakeDriver) -> None:
        cls.driver = make_driver()

    @classmethod
    def drive(cls, seed: int) -> TrackScore:
        return drive_track(cls.driver, seed)
