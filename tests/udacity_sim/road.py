"""Closed roads without crossings, smooth, different for every seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""(N, 2): x, y in metres."""

SPACING_M = 0.5
"""Between points of the centre line."""
TIGHTEST_M = 18.0
"""Radius of the tightest curve."""
HARMONICS = np.arange(2, 7)
"""Bends a round: so many of each, with random sizes and places."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a point is, seen from the road."""

    along: int
    """The nearest point of the centre line."""
    offset_m: float
    """From the centre line; positive to the right."""


@dataclass(frozen=True, eq=False)
class Road:
    """A closed centre line, driven in the order of its points."""

    centre: Points
    """(N, 2), SPACING_M apart; the first follows the last."""
    heading: npt.NDArray[np.float64]
    """(N,): radians, counter-clockwise from +x."""

    @classmethod
    def of_seed(cls, seed: int, radius_m: float = 90.0) -> Road:
        """Either way round; `radius_m` is the mean distance from the middle, and so decides the length."""
        rng = np.random.default_rng(seed)
        while tightest_m(round_trip := wavy_circle(rng, radius_m)) < TIGHTEST_M:
            pass
        return cls.through(round_trip[:: rng.choice([-1, 1])])

    @classmethod
    def through(cls, points: Points) -> Road:
        """The road through these dense points of a closed line."""
        closed = np.vstack([points, points[:1]])
        along_m = np.append(0.0, np.cumsum(np.hypot(*np.diff(closed, axis=0).T)))
        at = np.linspace(0.0, along_m[-1], round(along_m[-1] / SPACING_M), endpoint=False)
        centre = np.column_stack([np.interp(at, along_m, closed[:, axis]) for axis in (0, 1)])
        ahead = np.roll(centre, -1, axis=0) - np.roll(centre, 1, axis=0)
        return cls(centre, np.arctan2(ahead[:, 1], ahead[:, 0]))

    def place(self, x: float, y: float) -> Place:
        from_centre = np.array([x, y]) - self.centre  # (N, 2)
        along = int(np.argmin((from_centre**2).sum(axis=1)))
        right = np.array([np.sin(self.heading[along]), -np.cos(self.heading[along])])
        return Place(along, float(from_centre[along] @ right))

    def ahead(self, along: int, metres: float) -> tuple[int, Points]:
        """The point of the centre line so many metres on: its place in it, and itself (2,)."""
        on = (along + round(metres / SPACING_M)) % len(self.centre)
        return on, self.centre[on]


def wavy_circle(rng: np.random.Generator, radius_m: float) -> Points:
    """A circle whose radius swings: every direction from the middle is met once, so it can't cross itself."""
    angle = np.linspace(0.0, 2 * np.pi, 4000, endpoint=False)
    size, phase = rng.normal(0.0, 0.5, len(HARMONICS)) / HARMONICS, rng.uniform(0.0, 2 * np.pi, len(HARMONICS))
    swing = (size * np.cos(angle[:, None] * HARMONICS + phase)).sum(axis=1)
    radius = radius_m * np.exp(swing)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def tightest_m(points: Points) -> float:
    """The smallest radius of curvature of a closed line."""
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turn = np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1))
    return float(1.0 / np.abs(turn / np.hypot(*before.T)).max())
