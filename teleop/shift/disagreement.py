"""The shift factor: how much more a policy disagrees with one referee where it brings itself than where experts go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """Mean absolute difference between the policy's action and the referee's, here and there."""

    on_rollouts: float
    """On states that the policy visits: in units of the action, steering [0, 2]."""
    on_demonstrations: float
    """On states of demonstrations that it was not trained on."""
    factor: float
    """The first divided by the second: 1 is no shift."""
    low: float
    """2.5th percentile over bootstrapped tracks and demonstrations."""
    high: float
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
