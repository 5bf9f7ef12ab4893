"""The shift factor: how much more a policy disagrees with one referee where it brings itself than where experts go.

Without the first second, in the mean: the picture zooms in, and nothing is learned from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.drivers.nudge import ZOOM_STEPS
from teleop.frame import HZ
from teleop.shift.bootstrap import percentiles, resampled
from teleop.shift.rollouts import Demonstration, Driving, Rollout

Floats = npt.NDArray[np.float64]

LEAST_FRAMES = 20
"""In a bin, before its mean says anything."""


@dataclass(frozen=True)
class Factor:
    """Mean absolute difference between the policy's action and the referee's, here and there."""

    on_rollouts: float
    """On states that the policy visits: in units of the action, steering [0, 2]."""
    on_demonstrations: float
    """On states of demonstrations that it was not trained on."""
    factor: float | None
    """The first divided by the second: 1 is no shift; None for a policy that agrees exactly on demonstrations."""
    low: float | None
    """2.5th percentile over bootstrapped tracks and demonstrations."""
    high: float | None
    """97.5th percentile."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Disagreement on the steering against where the car is."""

    against: str
    """"time since the start", "distance from the centre line" or "heading error"."""
    unit: str
    """"s", "track units" or "degrees"."""
    edges: Floats
    """(B + 1,): of the bins; the last takes all that lies beyond."""
    on_rollouts: Floats
    """(B,): mean absolute difference; NaN where there are too few frames to say."""
    on_demonstrations: Floats
    """(B,)."""
    rollout_frames: npt.NDArray[np.int64]
    """(B,): frames in each bin."""
    demonstration_frames: npt.NDArray[np.int64]
    """(B,)."""


@dataclass(frozen=True, eq=False)
class Disagreement:
    """How far a policy is from the referee."""

    steering: Factor
    """The one that keeps a car on the road: read this first."""
    pedals: Factor
    """Of gas minus brake, in [0, 2]."""
    profiles: tuple[Profile, ...]
    """Against time since the start, distance from the centre line, heading error."""
    episodes: int
    """Demonstrations that it was not trained on."""
    origin: str
    """Where those are from, for people."""


def disagreement(rollouts: Sequence[Rollout], demonstrations: Sequence[Demonstration], origin: str) -> Disagreement:
    """Of the policy with the referee, here and there; `demonstrations` are those it was not trained on."""
    return Disagreement(
        steering=_factor(_steering, rollouts, demonstrations),
        pedals=_factor(_pedals, rollouts, demonstrations),
        profiles=tuple(_profile(*against, rollouts, demonstrations) for against in _AGAINST),
        episodes=len(demonstrations),
        origin=origin,
    )


Difference = Callable[[Driving], Floats]
"""(T,) absolute differences between the policy and the referee."""


def _steering(driving: Driving) -> Floats:
    return np.abs(driving.learner_action[:, 0].astype(np.float64) - driving.referee_action[:, 0])


def _pedals(driving: Driving) -> Floats:
    learner, referee = driving.learner_action.astype(np.float64), driving.referee_action.astype(np.float64)
    return np.abs((learner[:, 1] - learner[:, 2]) - (referee[:, 1] - referee[:, 2]))


def _factor(difference: Difference, rollouts: Sequence[Rollout], demonstrations: Sequence[Demonstration]) -> Factor:
    here, there = _sums(difference, rollouts), _sums(difference, demonstrations)  # (2, N), (2, M)
    on_rollouts, on_demonstrations = float(_mean(here.sum(axis=1))), float(_mean(there.sum(axis=1)))
    if on_demonstrations == 0:
        return Factor(on_rollouts, on_demonstrations, None, None, None)
    drawn_here = _mean(here @ resampled(len(rollouts)).T)  # (D,)
    drawn_there = _mean(there @ resampled(len(demonstrations), stream=1).T)  # (D,)
    low, high = percentiles(drawn_here / drawn_there)
    return Factor(on_rollouts, on_demonstrations, on_rollouts / on_demonstrations, float(low), float(high))


def _sums(difference: Difference, drives: Sequence[Driving]) -> Floats:
    """(2, N): each drive's sum of differences, and of frames."""
    counted = [difference(drive)[drive.step >= ZOOM_STEPS] for drive in drives]
    return np.array([[values.sum() for values in counted], [len(values) for values in counted]], np.float64)


def _mean(sum_and_frames: Floats) -> Floats:
    return np.asarray(sum_and_frames[0] / np.maximum(sum_and_frames[1], 1))


Place = Callable[[Driving], Floats]
_AGAINST: tuple[tuple[str, str, Place, Floats], ...] = (
    ("time since the start", "s", lambda driving: driving.step / HZ, np.arange(0.0, 21.0, 2.0)),
    (
        "distance from the centre line",
        "track units",
        lambda driving: np.abs(driving.lateral),
        np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 14]),
    ),
    (
        "heading error",
        "degrees",
        lambda driving: np.degrees(np.abs(driving.heading_error)),
        np.array([0.0, 5, 10, 15, 20, 30, 45, 60, 90, 180]),
    ),
)
"""Name, unit, where a drive's frames are, and the edges of the bins."""


def _profile(
    against: str,
    unit: str,
    place: Place,
    edges: Floats,
    rollouts: Sequence[Rollout],
    demonstrations: Sequence[Demonstration],
) -> Profile:
    here, frames_here = _binned(place, edges, rollouts)
    there, frames_there = _binned(place, edges, demonstrations)
    return Profile(against, unit, edges, here, there, frames_here, frames_there)


def _binned(place: Place, edges: Floats, drives: Sequence[Driving]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Mean disagreement on the steering and frames in each bin, (B,) both."""
    places = np.concatenate([place(drive) for drive in drives])
    values = np.concatenate([_steering(drive) for drive in drives])
    bins = np.clip(np.digitize(places, edges) - 1, 0, len(edges) - 2)
    frames = np.bincount(bins, minlength=len(edges) - 1)
    sums = np.bincount(bins, values, minlength=len(edges) - 1)
    return np.where(frames >= LEAST_FRAMES, sums / np.maximum(frames, 1), math.nan), frames
