"""Who is recorded: drives along the middle, weaving a little, as people do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.udacity_sim.car import LOCK_RAD, WHEEL_BASE_M, Car
from tests.udacity_sim.road import SPACING_M, Road

LOOK_AHEAD_M = 6.0
WEAVE_M = (37.0, 61.0)
"""Lengths of two waves, each of up to WEAVE_SIZE_M to either side."""
WEAVE_SIZE_M = 0.25
FULL_GAS_BELOW_M_S = 3.0
"""So much too slow, the throttle is full."""


@dataclass(frozen=True)
class Driver:
    """Pure pursuit of a point ahead that wanders about the centre line."""

    road: Road
    speed_m_s: float
    phase: tuple[float, float]
    """Of the two waves, radians."""

    @classmethod
    def of_seed(cls, road: Road, seed: int) -> Driver:
        rng = np.random.default_rng([seed, 2])
        first, second = rng.uniform(0.0, 2 * np.pi, 2)
        return cls(road, rng.uniform(6.0, 8.0), (first, second))

    def act(self, car: Car) -> tuple[float, float]:
        """Steering in [-1, 1] and throttle in [-1, 1]."""
        along, (x, y) = self.road.ahead(self.road.place(car.x, car.y).along, LOOK_AHEAD_M)
        aside, towards = self._weave(along), self.road.heading[along]
        x, y = x + aside * math.sin(towards) - car.x, y - aside * math.cos(towards) - car.y
        right = x * math.sin(car.heading) - y * math.cos(car.heading)
        wheel = math.atan(2 * WHEEL_BASE_M * right / (x**2 + y**2))  # the arc through that point
        throttle = (self.speed_m_s - car.speed_m_s) / FULL_GAS_BELOW_M_S
        return clipped(wheel / LOCK_RAD), clipped(throttle)

    def _weave(self, along: int) -> float:
        waves = zip(WEAVE_M, self.phase, strict=True)
        return sum(WEAVE_SIZE_M * math.sin(2 * math.pi * along * SPACING_M / long + phase) for long, phase in waves)


def clipped(value: float) -> float:
    return min(max(value, -1.0), 1.0)
