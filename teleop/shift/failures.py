"""Where a policy fails: every departure with its place, and the worst moments recorded for a later correction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Departure:
    """All four wheels went off the road."""

    policy: str
    seed: int
    frame: int
    """The first with all wheels off."""
    frames_off: int
    """Until a wheel was back on the road; to frame 1000 when none ever was."""
    came_back: bool
    x: float
    """Track units."""
    y: float
    station: float
    """Track units along the centre line."""
    lateral: float
    """Track units, positive to the left: the side on which it left."""
    curvature: float
    """1 / track units, positive to the left: the sharpest of the road in the second before."""
    speed: float
    """Track units a second, at that sharpest place."""


@dataclass(frozen=True)
class Moment:
    """One of the worst moments, recorded: rows of an episode that a correction can open."""

    departure: Departure
    session: Path
    """The session of rollouts."""
    episode: str
    """Six digits: the episode's name there."""
    frame: int
    """Row (and step) of that episode on which all four wheels were off."""
    score: float
    """Of the whole rollout."""
    why: str
    """How the rollout ended: finished, truncated or crashed."""
