"""Driving as it is measured: the states in order, and what two drivers would do in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.evaluate import TrackScore

FEATURES_EVERY = 10
"""Frames between those whose features are kept: neighbours are nearly the same picture."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Driving:
    """T states on one track, in order. Row t is what stood before action t."""

    policy: str
    """Whose `learner_action` and `features` these are."""
    seed: int
    """The track's."""
    step: npt.NDArray[np.int32]
    """(T,): frames since the start of the episode."""
    pose: npt.NDArray[np.float32]
    """(T, 4): x, y in track units; heading in radians; speed in track units a second."""
    departed: npt.NDArray[np.bool_]
    """(T,): all four wheels are off the road."""
    station: Floats
    """(T,): track units from the start line along the centre line."""
    lateral: Floats
    """(T,): track units from the centre line, positive to the left; the road ends at 6.67."""
    heading_error: Floats
    """(T,): how far the nose points left of the direction of travel, radians in (-pi, pi]."""
    curvature: Floats
    """(T,): of the road there, 1 / track units, positive in a left bend."""
    learner_action: npt.NDArray[np.float32]
    """(T, 3): what the policy would do."""
    referee_action: npt.NDArray[np.float32]
    """(T, 3): what the autopilot would do: it sees the road itself, drives none of this, and is never learned from."""
    features: npt.NDArray[np.float32] | None
    """(ceil(T / 10), F): what the policy makes of the picture of rows 0, 10, 20...; None for one without features."""

    @property
    def speed(self) -> npt.NDArray[np.float32]:
        """(T,): track units a second."""
        return self.pose[:, 3]

    @property
    def frames(self) -> int:
        """T."""
        return len(self.step)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rollout(Driving):
    """A track that the policy drove alone: T is at most 1000, `step` counts up from 0."""

    track: TrackScore
    """How it went: score, why it ended..."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstration(Driving):
    """An expert's episode without what was taken back or excluded, and what the policy would do in its states."""

    session: str
    """The session's folder name; empty for a lap that the autopilot drove for this comparison alone."""
    episode: str
    """Six digits."""
    digest: str
    """sha256, hex, of the recording."""
