"""The simulator's car, without its tyres: a kinematic bicycle with its wheel base, lock, units and top speed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.udacity_sim.road import Road

WHEEL_BASE_M = 2.87
LOCK_RAD = math.radians(25.0)
"""Of the front wheels, at steering 1."""
MPH_A_M_S = 2.23693629
"""As the simulator has it."""
TOP_SPEED_M_S = 30.0 / MPH_A_M_S
REVERSE_BELOW_M_S = 5.0 / MPH_A_M_S
"""Below it a negative throttle is no brake but reverse gear."""
GAS_M_S2, BRAKE_M_S2, DRAG_A_S = 4.0, 8.0, 0.1
"""Full gas, full brake, and what coasting costs: plausible, not measured."""


@dataclass
class Car:
    """Where it stands: the middle between its axles, in metres and radians counter-clockwise from +x."""

    x: float
    y: float
    heading: float
    speed_m_s: float = 0.0
    """Negative in reverse."""

    @classmethod
    def at(cls, road: Road, along: int = 0, speed_m_s: float = 0.0) -> Car:
        """On the centre line, along the road."""
        x, y = road.centre[along]
        return cls(float(x), float(y), float(road.heading[along]), speed_m_s)

    @property
    def speed_mph(self) -> float:
        return abs(self.speed_m_s) * MPH_A_M_S

    def drive(self, steering: float, throttle: float, seconds: float) -> None:
        """Hold steering (-1 left, 1 right) and throttle (1 gas, -1 brake) for so long."""
        braking = throttle < 0 and self.speed_m_s > REVERSE_BELOW_M_S
        push = throttle * (BRAKE_M_S2 if braking else GAS_M_S2)
        speed = self.speed_m_s + (push - DRAG_A_S * self.speed_m_s) * seconds
        self.speed_m_s = min(max(speed, -TOP_SPEED_M_S), TOP_SPEED_M_S)
        wheel = -steering * LOCK_RAD  # to the left is positive here
        slip = math.atan(math.tan(wheel) / 2)  # of the middle, half a wheel base before the rear axle
        turned = self.speed_m_s * seconds * math.cos(slip) * math.tan(wheel) / WHEEL_BASE_M
        course = self.heading + turned / 2 + slip
        self.x += self.speed_m_s * seconds * math.cos(course)
        self.y += self.speed_m_s * seconds * math.sin(course)
        self.heading += turned
