"""Where experts drive and where the policy drives: two histograms, their distance, and novelty in its own features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AXES = ("lateral offset", "heading error", "speed")


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
    policy's features; None for a policy without features."""
    outside: float | None
    """Share of rollout frames with no demonstration frame within `radius`, [0, 1]: 0.01 is no novelty."""
