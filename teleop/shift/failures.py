"""Where a policy fails: every departure with its place, and the worst moments recorded for a later correction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from teleop.evaluate import MAX_STEPS
from teleop.frame import HZ
from teleop.shift.rollouts import Rollout

WORST_MOMENTS = 10


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


def departures(rollout: Rollout) -> Iterator[Departure]:
    """Every run of frames with all four wheels off the road."""
    edges = np.diff(np.concatenate([[False], rollout.departed, [False]]).astype(np.int8))
    for start, stop in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
        came_back = stop < rollout.frames
        before = slice(max(0, start - HZ), start + 1)
        sharpest = before.start + int(np.abs(rollout.curvature[before]).argmax())
        yield Departure(
            policy=rollout.policy,
            seed=rollout.seed,
            frame=start,
            frames_off=(stop if came_back else MAX_STEPS) - start,
            came_back=came_back,
            x=float(rollout.pose[start, 0]),
            y=float(rollout.pose[start, 1]),
            station=float(rollout.station[start]),
            lateral=float(rollout.lateral[start]),
            curvature=float(rollout.curvature[sharpest]),
            speed=float(rollout.speed[sharpest]),
        )


def worst_departures(by_policy: Sequence[Sequence[Rollout]]) -> list[tuple[Rollout, Departure]]:
    """At most ten, one a rollout, longest off the road first; policies take turns, so that each one's are seen."""
    ranked = [_ranked(rollouts) for rollouts in by_policy]
    turns = [worst for turn in zip_longest(*ranked) for worst in turn if worst is not None]
    return turns[:WORST_MOMENTS]


def _ranked(rollouts: Sequence[Rollout]) -> list[tuple[Rollout, Departure]]:
    """Each rollout's worst departure, the worst of all first."""
    worst = [(rollout, max(found, key=_badness)) for rollout in rollouts if (found := list(departures(rollout)))]
    return sorted(worst, key=lambda one: _badness(one[1]), reverse=True)


def _badness(departure: Departure) -> tuple[int, int]:
    """How long it was off the road; of equals, the sooner the worse."""
    return departure.frames_off, -departure.frame
