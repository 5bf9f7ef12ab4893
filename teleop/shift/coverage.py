"""Where experts drive and where the policy drives: two histograms, their distance, and novelty in its own features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from teleop.drivers.nudge import ZOOM_STEPS
from teleop.frame import HZ
from teleop.shift.rollouts import FEATURES_EVERY, Demonstration, Driving, Rollout

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Value = TypeVar("Value", bound=np.generic)

AXES = ("lateral offset", "heading error", "speed")
EDGES = (np.linspace(-10.0, 10.0, 9), np.radians(np.linspace(-60.0, 60.0, 9)), np.linspace(0.0, 100.0, 9))
"""Coarse, because one lap has but 700 frames: finer bins would be empty by chance, and chance is no distance."""
RADIUS_SHARE = 99.0
"""Percent of the demonstrations' frames within the radius of another one."""
NEIGHBOUR_STEPS = 2 * HZ
"""In a single lap, frames closer in time than this don't count as each other's neighbours."""
LEAST_DEVIATION = 0.1
"""Of the features' mean standard deviation, added to each one's: a feature that demonstrations hardly move is no
microscope."""
MANY_FRAMES = 1024
"""Compared at once: bounds the memory of all distances."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """Distribution of (lateral offset, heading error, speed) over the policy's demonstrations and its rollouts."""

    edges: tuple[Floats, Floats, Floats]
    """(A + 1,), (B + 1,), (C + 1,): of the bins, in track units, radians, track units a second. The outer bins take
    all that lies beyond."""
    demonstrations: Floats
    """(A, B, C): share of frames, sums to 1. Of the demonstrations that it was trained on, where they are known."""
    rollouts: Floats
    """(A, B, C): share of frames, sums to 1."""
    distance: float
    """Jensen and Shannon's, to base 2, between the two: 0 the same, 1 nothing in common."""
    axis_distances: tuple[float, float, float]
    """The same for each of `AXES` alone."""
    demonstration_frames: int
    rollout_frames: int
    episodes: int
    """Demonstrations compared with."""
    radius: float | None
    """Within which 99% of demonstration frames have their nearest neighbour among the other demonstrations, in the
    policy's features; None for a policy without features, or with too little driving."""
    outside: float | None
    """Share of rollout frames with no demonstration frame within `radius`, [0, 1]: 0.01 is no novelty."""
    held_out_distance: float | None
    """As `distance`, between those demonstrations and others that no policy was trained on: what so few laps leave to
    chance, without any shift. None where it is not known what the policy was trained on."""
    held_out_outside: float | None
    """As `outside`, of those others."""


def coverage(
    rollouts: Sequence[Rollout], demonstrations: Sequence[Demonstration], held_out: Sequence[Demonstration]
) -> Coverage:
    """Where the policy drives against where `demonstrations` are; `held_out` are others, as far as there are any."""
    shown, driven = _histogram(demonstrations), _histogram(rollouts)
    near = Neighbourhood.of(demonstrations)
    return Coverage(
        edges=EDGES,
        demonstrations=shown,
        rollouts=driven,
        distance=jensen_shannon(shown, driven),
        axis_distances=(
            jensen_shannon(shown.sum(axis=(1, 2)), driven.sum(axis=(1, 2))),
            jensen_shannon(shown.sum(axis=(0, 2)), driven.sum(axis=(0, 2))),
            jensen_shannon(shown.sum(axis=(0, 1)), driven.sum(axis=(0, 1))),
        ),
        demonstration_frames=sum(drive.frames for drive in demonstrations),
        rollout_frames=sum(drive.frames for drive in rollouts),
        episodes=len(demonstrations),
        radius=near.radius if near else None,
        outside=near.outside(rollouts) if near else None,
        held_out_distance=jensen_shannon(shown, _histogram(held_out)) if held_out else None,
        held_out_outside=near.outside(held_out) if near and held_out else None,
    )


def _histogram(drives: Sequence[Driving]) -> Floats:
    """(A, B, C): share of frames over `AXES`."""
    places = np.concatenate([np.stack([d.lateral, d.heading_error, d.speed], axis=1) for d in drives])  # (T, 3)
    within = [np.clip(places[:, i], edges[0], edges[-1]) for i, edges in enumerate(EDGES)]
    counts, _ = np.histogramdd(np.stack(within, axis=1), bins=EDGES)
    return np.asarray(counts / counts.sum())


def jensen_shannon(first: Floats, second: Floats) -> float:
    """The distance between two distributions of one shape, each summing to 1: in [0, 1], a metric.

    The square root of the divergence to base 2 (Lin 1991; Endres and Schindelin 2003).
    """
    middle = (first + second) / 2
    divergence = (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2
    return float(np.sqrt(np.clip(divergence, 0.0, 1.0)))


def _relative_entropy(of: Floats, to: Floats) -> float:
    """Kullback and Leibler's, bits."""
    there = of > 0
    return float((of[there] * np.log2(of[there] / to[there])).sum())


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Frames of demonstrations in a policy's features, and the radius around them that counts as known.

    Without the first second: it is like nothing that follows, and nothing is learned from it. Each feature is
    measured in its own standard deviations, or a few large ones would hide what is novel in the rest.
    """

    features: Features
    """(N, F): scaled."""
    scale: Features
    """(F,)."""
    radius: float
    """In standard deviations, Euclidean over all features."""

    @classmethod
    def of(cls, demonstrations: Sequence[Demonstration]) -> Neighbourhood | None:
        """None for a policy without features, or where so little was driven that no frame has a neighbour.

        A frame's neighbours are those of other laps, as they are for a rollout; in a single lap, those of other times.
        """
        features = _features(demonstrations)
        if features is None or not len(features):
            return None
        scale = features.std(axis=0) + LEAST_DEVIATION * features.std(axis=0).mean()
        scale[scale == 0] = 1
        steps = [_learned_from(drive, drive.step[::FEATURES_EVERY]) for drive in demonstrations]
        lap = np.repeat(np.arange(len(steps)), [len(one) for one in steps])  # (N,)
        time = np.concatenate(steps)  # (N,)
        if len(steps) > 1:
            time = np.zeros_like(time)
        scaled = features / scale
        radius = float(np.percentile(_nearest(scaled, scaled, (lap, time)), RADIUS_SHARE))
        return cls(scaled, scale, radius) if np.isfinite(radius) else None

    def outside(self, drives: Sequence[Driving]) -> float | None:
        """Share of their frames farther than the radius from every demonstration."""
        features = _features(drives)
        if features is None or not len(features):
            return None
        return float((_nearest(features / self.scale, self.features) > self.radius).mean())


def _features(drives: Sequence[Driving]) -> Features | None:
    """(N, F) of all drives, one after another, without each one's first second."""
    features = [_learned_from(drive, drive.features) for drive in drives if drive.features is not None]
    return np.concatenate(features) if features else None


def _learned_from(drive: Driving, kept: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """Those of every `FEATURES_EVERY`th row that are past the first second."""
    return kept[drive.step[::FEATURES_EVERY] >= ZOOM_STEPS]


def _nearest(
    features: Features, among: Features, own: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]] | None = None
) -> Floats:
    """(M,): Euclidean distance of each of (M, F) to the nearest of (N, F).

    `own`: (lap, time) of both, which are then the same; those of one lap and about one time are left out.
    """
    nearest = np.empty(len(features))
    for first in range(0, len(features), MANY_FRAMES):
        rows = slice(first, first + MANY_FRAMES)
        squared = _squared_distances(features[rows], among)
        if own is not None:
            lap, time = own
            same = (lap[rows, None] == lap) & (np.abs(time[rows, None] - time) < NEIGHBOUR_STEPS)
            squared[same] = np.inf
        nearest[rows] = np.sqrt(squared.min(axis=1))
    return nearest


def _squared_distances(first: Features, second: Features) -> Floats:
    """(M, N), in float64: in float32 the difference of large squares is noise."""
    one, other = first.astype(np.float64), second.astype(np.float64)
    squared = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.maximum(squared, 0.0))
