"""How the cost of errors grows with the horizon: in proportion where a policy recovers, with the square where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.frame import HZ
from teleop.shift.bootstrap import percentiles, resampled
from teleop.shift.rollouts import Rollout

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SATURATED = 0.3
"""Of all frames off the road: from there on the cost can hardly grow faster than the horizon, whoever drives."""
LEAST_DEPARTED = 5
"""Rollouts that have left the road before a cost is believed."""
LEAST_STRETCH = 2.0
"""Between the shortest and the longest horizon of a fit."""
FITTED_POINTS = 50
LAUNCH_STEPS = 2 * HZ
"""Horizons begin after them: a car that starts from rest can't yet leave the road, and so late a first chance would
make any slope look steeper."""

CAVEATS = (
    "The slope is an indicator, not a proof: about 1 when a policy errs and recovers at once, about 2 when it errs and "
    "never recovers. Ross and Bagnell's bounds (2010; 2011) are upper bounds, and a policy may do better.",
    "Behavioral cloning can be free of the horizon when its class holds the expert and it learns by log loss (Foster "
    "and others, 2024); smooth policies with continuous actions can be exponentially bad even where the dynamics are "
    "stable (Simchowitz and others, 2025).",
    "With human labels, which are inconsistent, more demonstrations may help as much as corrections (Laskey and "
    "others, 2017): compare at equal cost before believing either.",
)


@dataclass(frozen=True, eq=False)
class Horizon:
    """Expected frames off the road within the first T frames after the launch, and the slope of its logarithm."""

    frames: npt.NDArray[np.int64]
    """(L,): T = 1, 2, ... L frames after the first two seconds, as long as at least half of the rollouts count."""
    cost: Floats
    """(L,): C(T), mean frames off the road. A finished lap counts no further; one that ended off the playfield stays
    off."""
    slope: float | None
    """Of log C over log T, where C(T) / T < 0.3; None where too few rollouts ever leave the road."""
    low: float | None
    """2.5th percentile over bootstrapped tracks."""
    high: float | None
    """97.5th percentile."""
    fitted: tuple[int, int] | None
    """The first and the last T that the slope was fitted to."""
    scale: float | None
    """The fitted line is scale * T ** slope."""


def horizon(rollouts: Sequence[Rollout]) -> Horizon:
    """Cost against horizon over these rollouts."""
    off, counted = _frames_off(rollouts)  # (N, L) both
    enough = counted.mean(axis=0) >= 0.5
    length = len(enough) if enough.all() else int(enough.argmin())
    off, counted = off[:, :length], counted[:, :length]
    cost = _cost(np.ones((1, len(rollouts))), off, counted)[0]
    frames = np.arange(1, length + 1)
    fitted = _range_to_fit(cost, off)
    if fitted is None:
        return Horizon(frames, cost, None, None, None, None, None)
    slope, scale = _fit(cost[None], fitted)
    low, high = percentiles(_fit(_cost(resampled(len(rollouts)), off, counted), fitted)[0])
    return Horizon(frames, cost, float(slope[0]), float(low), float(high), fitted, float(scale[0]))


def _frames_off(rollouts: Sequence[Rollout]) -> tuple[Flags, Flags]:
    """Which frames after the launch were off the road, and which count at all: (N, L) both, L the longest rollout's."""
    departed = [rollout.departed[rollout.step >= LAUNCH_STEPS] for rollout in rollouts]
    off, counted = np.zeros((2, len(rollouts), max(map(len, departed))), np.bool_)
    for row, (rollout, flags) in enumerate(zip(rollouts, departed, strict=True)):
        off[row, : len(flags)] = flags
        counted[row, : len(flags)] = True
        if rollout.track.why == "crashed":  # off the playfield, from where nothing comes back
            off[row, len(flags) :] = counted[row, len(flags) :] = True
    return off, counted


def _cost(weights: Floats, off: Flags, counted: Flags) -> Floats:
    """(D, L): C(T) for (D, N) weights of the rollouts, each frame's share among those that still count."""
    return np.asarray(np.cumsum((weights @ off) / np.maximum(weights @ counted, 1), axis=1))


def _range_to_fit(cost: Floats, off: Flags) -> tuple[int, int] | None:
    """The first and the last T: enough have left the road by the first, and the cost is not saturated by the last."""
    departed = np.logical_or.accumulate(off, axis=1).sum(axis=0)  # (L,)
    if departed[-1] < LEAST_DEPARTED:
        return None
    first = int(np.argmax(departed >= LEAST_DEPARTED)) + 1
    saturated = cost / np.arange(1, len(cost) + 1) >= SATURATED
    last = int(saturated.argmax()) if saturated.any() else len(cost)
    return (first, last) if last >= LEAST_STRETCH * first else None


def _fit(cost: Floats, fitted: tuple[int, int]) -> tuple[Floats, Floats]:
    """Slope and scale (D,) of log C (D, L) over log T by least squares, at points evenly spaced in log T."""
    points = np.unique(np.geomspace(*fitted, FITTED_POINTS).round().astype(int))
    x = np.log(points)
    with np.errstate(divide="ignore"):
        y = np.log(cost[:, points - 1])
    y = y[np.isfinite(y).all(axis=1)]  # a draw may hold no early departure
    slope = ((x - x.mean()) * (y - y.mean(axis=1, keepdims=True))).sum(axis=1) / ((x - x.mean()) ** 2).sum()
    return slope, np.exp(y.mean(axis=1) - slope * x.mean())
