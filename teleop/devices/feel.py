"""How a device's travel becomes steering and pedals: dead zones, response curve, steering scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from teleop.frame import Action

TOUCH = 0.1
"""Of a control's way, since it was last touched or let go: a worn stick that trembles must not take the wheel."""
CLEAR = 0.05
"""Of a control's way: no sensor trembles that far outside its dead zone."""


@dataclass(frozen=True, slots=True)
class Feel:
    """A person's taste; the defaults leave everything but worn sticks' trembling as it is."""

    dead_zone: float = 0.12
    """Of a stick's way, [0, 0.5]: worn sticks rest up to a tenth off centre."""
    wheel_dead_zone: float = 0.02
    """Of a wheel's or flight stick's way, [0, 0.5]."""
    trigger_dead_zone: float = 0.04
    """Of a trigger's or pedal's way, [0, 0.5]."""
    curve: float = 1.0
    """Exponent of the steering, [1, 5]: 1 is straight, more is finer around the middle."""
    steering_scale: float = 1.0
    """Of the steering, [0.1, 4]: below 1 full lock is never reached, above 1 it is reached early."""

    def stick(self, value: float) -> float:
        """Steering [-1, 1] from a stick's position, [-1, 1]."""
        return self._steering(rescaled(value, self.dead_zone))

    def wheel(self, value: float) -> float:
        """Steering [-1, 1] from a wheel's position, [-1, 1]."""
        return self._steering(rescaled(value, self.wheel_dead_zone))

    def pedal(self, value: float) -> float:
        """Gas or brake [0, 1] from a trigger's or pedal's position; a stick pulled the other way is no pedal."""
        return max(0.0, rescaled(value, self.trigger_dead_zone))

    def _steering(self, value: float) -> float:
        size = min(1.0, self.steering_scale * abs(value) ** self.curve)
        return float(np.copysign(size, value)) if size else 0.0


class Hands:
    """Whether hands are on: from the first clear move until everything is at rest.

    A sensor that trembles at the edge of its dead zone is no hand; it would end every pause.
    """

    def __init__(self) -> None:
        self._on = False

    def on(self, action: Action) -> bool:
        """With the device at `action` now."""
        furthest = float(np.abs(action).max())
        self._on = furthest > CLEAR or (self._on and furthest > 0)
        return self._on


def is_touch(position: float, before: float) -> bool:
    """Whether a control that has moved by `TOUCH` to `position` was pushed there; letting go is no touch.

    SDL, too, lets go of everything when a device is unplugged.
    """
    return abs(position) > TOUCH and (abs(position) > abs(before) or position * before < 0)


def rescaled(value: float, dead_zone: float) -> float:
    """`value` in [-1, 1] with nothing inside the dead zone, and no jump at its edge."""
    size = min(abs(value), 1.0)
    if size <= dead_zone:
        return 0.0
    return float(np.copysign((size - dead_zone) / (1 - dead_zone), value))
