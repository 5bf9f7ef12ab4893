"""How keys become steering and pedals: they say where to go, ramps say how fast.

Bang-bang steering makes bad demonstrations: in a curve most rows say "straight" and a few say "full lock".
"""

from __future__ import annotations

import numpy as np

from teleop.bindings import Drive
from teleop.frame import HZ, Action

STEER_PER_S = 2.5
"""Straight to full lock in 0.4 s: a tap is a small correction."""
CENTRE_PER_S = 5.0
"""The wheel springs back twice as fast as it is turned."""
GAS_PER_S = 2.0
BRAKE_PER_S = 4.0
RELEASE_PER_S = 8.0
"""A lifted foot is off the pedal in an eighth of a second."""
FULL_BRAKE = 0.8
"""As far as a key brakes: CarRacing-v3 locks the wheels from 0.9 up, and its own keyboard stops here too."""


def key_target(held: set[Drive]) -> tuple[float, float, float]:
    """Where the held keys point: steering, gas, brake."""
    steering = (Drive.RIGHT in held) - (Drive.LEFT in held)
    return float(steering), float(Drive.GAS in held), FULL_BRAKE * (Drive.BRAKE in held)


def ramped(action: Action, target: tuple[float, float, float], hz: float = HZ) -> Action:
    """`action` one tick, of `hz` a second, nearer to `target`."""
    steering, gas, brake = (float(value) for value in action)
    return np.array(
        [
            _moved(steering, target[0], STEER_PER_S / hz, CENTRE_PER_S / hz),
            _moved(gas, target[1], GAS_PER_S / hz, RELEASE_PER_S / hz),
            _moved(brake, target[2], BRAKE_PER_S / hz, RELEASE_PER_S / hz),
        ],
        np.float32,
    )


def _moved(value: float, target: float, press: float, release: float) -> float:
    """One tick from `value` to `target`: away from zero at one rate, back to zero at the other."""
    if value * target < 0:
        target = 0.0  # back through the middle first
    most = press if abs(target) > abs(value) else release
    return value + min(max(target - value, -most), most)
