"""Shift reports made up of plain numbers, for what draws and tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from teleop.evaluate import TrackScore, summary
from teleop.frame import DIAGNOSIS_SEED, EVALUATION_SEED
from teleop.shift.coverage import EDGES, Coverage
from teleop.shift.disagreement import Disagreement, Factor, Profile
from teleop.shift.failures import Departure, Moment
from teleop.shift.horizon import Horizon
from teleop.shift.report import PolicyShift, ShiftReport
from teleop.shift.rollouts import Demonstration, Rollout
from teleop.shift.survival import Survival

FRAMES = 300
SAMPLE = Path(__file__).parents[1] / "sessions" / "sample.zarr"


def report_of(*policies: PolicyShift, moments: Sequence[Moment] = ()) -> ShiftReport:
    return ShiftReport(
        command="teleop shift a b --sessions c --out d",
        sessions=("c.zarr",),
        seeds=range(EVALUATION_SEED, EVALUATION_SEED + 10),
        diagnosis_seeds=range(DIAGNOSIS_SEED, DIAGNOSIS_SEED + 10),
        policies=policies,
        moments=tuple(moments),
        rollouts=SAMPLE,
        notes=(),
        minutes=1.5,
    )


def drifting(name: str) -> PolicyShift:
    """Nine of ten rollouts are lost, one frame in ten frames, and never found again."""
    time = np.arange(FRAMES + 1)
    share = np.interp(time, [0, 30, 250], [1.0, 1.0, 0.1])
    cost = np.maximum(0, time[1:] - 30.0) ** 2 / 500
    return replace(
        steady(name),
        survival=survival_of(share, departed=9, median=153),
        horizon=Horizon(time[1:], cost, 1.9, 1.7, 2.1, (40, 200), 0.001),
        departures=tuple(departure(name, seed=EVALUATION_SEED + i, frame=40 + 10 * i) for i in range(9)),
    )


def steady(name: str) -> PolicyShift:
    """No rollout ever leaves the road."""
    time = np.arange(FRAMES + 1)
    return PolicyShift(
        name=name,
        evaluation=summary([score_of(seed) for seed in range(3)]),
        survival=survival_of(np.ones(FRAMES + 1), departed=0, median=None),
        horizon=Horizon(time[1:], np.zeros(FRAMES), None, None, None, None, None),
        disagreement=disagreement(),
        coverage=coverage(),
        departures=(),
        rollouts=(rollout(),),
        demonstrations=(demonstration(),),
        trained_on_known=True,
    )


def survival_of(share: np.ndarray[tuple[int], np.dtype[np.float64]], departed: int, median: int | None) -> Survival:
    at_risk = np.round(10 * share).astype(np.int64)
    return Survival(share, share - 0.05, np.minimum(1, share + 0.05), at_risk, 10, departed, median)


def score_of(seed: int) -> TrackScore:
    return TrackScore(seed, 900.0 + seed, "finished", True, 14.0, 290, 0, 0.0, 700)


def disagreement() -> Disagreement:
    factor = Factor(0.3, 0.1, 3.0, 2.0, 4.0)
    edges = np.array([0.0, 2.0, 4.0, 6.0, np.inf])
    profile = Profile(
        "time since the start",
        "s",
        edges,
        np.array([0.1, 0.2, np.nan, 0.5]),
        np.array([0.1, 0.1, np.nan, np.nan]),
        np.array([900, 300, 3, 90]),
        np.array([900, 300, 0, 0]),
    )
    across = replace(profile, against="distance from the centre line", unit="track units")
    along = replace(profile, against="heading error", unit="degrees")
    return Disagreement(factor, factor, (profile, across, along), 5, "laps of the autopilot on diagnosis tracks")


def coverage() -> Coverage:
    shown, driven = np.zeros((8, 8, 8)), np.zeros((8, 8, 8))
    shown[3:5, 3:5, 4:6] = 1 / 8
    driven[2:6, 2:6, 3:6] = 1 / 48
    return Coverage(EDGES, shown, driven, 0.6, (0.5, 0.4, 0.3), 5000, 9000, 5, 1.0, 0.25, 0.1, 0.01)


def departure(policy: str, seed: int, frame: int) -> Departure:
    return Departure(policy, seed, frame, 20, frame % 20 == 0, 10.0, 20.0, 300.0, -6.9, -0.03, 70.0 + frame / 10)


def moment(policy: str, frame: int) -> Moment:
    """In the sample session, whose car never leaves the road."""
    return Moment(departure(policy, DIAGNOSIS_SEED, frame), SAMPLE, "000000", frame, 431.0, "truncated")


def demonstration(frames: int = 200) -> Demonstration:
    return Demonstration(session="c", episode="000000", digest="", **driving(frames, width=1.5))


def rollout(frames: int = 200) -> Rollout:
    return Rollout(track=score_of(0), **driving(frames, width=6.0))


def driving(frames: int, width: float) -> dict[str, Any]:
    """Weaving across the road, `width` track units to either side."""
    time = np.arange(frames)
    actions = np.zeros((frames, 3), np.float32)
    return {
        "policy": "a",
        "seed": 0,
        "step": time.astype(np.int32),
        "pose": np.column_stack([np.zeros((frames, 3)), np.linspace(0, 90, frames)]).astype(np.float32),
        "departed": np.zeros(frames, np.bool_),
        "station": np.linspace(0, 500, frames),
        "lateral": width * np.sin(time / 15),
        "heading_error": width * np.cos(time / 15) / 8,
        "curvature": np.sin(time / 20) * 0.04,
        "learner_action": actions,
        "referee_action": actions,
        "features": None,
    }
