"""A speed governor: gas and brake for a policy that only steers."""

from __future__ import annotations

import numpy as np

from teleop.frame import Action, Source, Start, Tick
from teleop.loop import Driver

GAS_PER_MPS = 0.224
GAS_PER_M = 0.09
"""Of the difference in speed, and of its sum over time. Udacity's own drive.py: 0.1 a mile an hour, and 0.002 for each
of about 20 frames a second."""
LONGEST_S = 0.2
"""What a frame may add to the sum, however long it took."""


class Governed:
    """Implements `loop.Driver`: the steering of another driver, at a speed that is held."""

    def __init__(self, driver: Driver, speed: float) -> None:
        """`speed` in the units of `pose`, above 0: metres a second in the Udacity simulator."""
        if not speed > 0:
            raise ValueError(f"a governor holds a speed above 0; got {speed}")
        self._driver, self._speed = driver, speed

    def reset(self, start: Start) -> None:
        self._driver.reset(start)
        self._sum_m = 0.0
        self._time_ns = 0

    def act(self, tick: Tick) -> Action:
        """float32 (3,): the driver's steering, our gas and brake."""
        missing = self._speed - float(tick.outcome.pose[3])
        self._add_up(missing, tick)
        pedal = min(max(GAS_PER_MPS * missing + GAS_PER_M * self._sum_m, -1.0), 1.0)
        return np.array([self._driver.act(tick)[0], max(0.0, pedal), max(0.0, -pedal)], np.float32)

    def _add_up(self, missing: float, tick: Tick) -> None:
        """Only what our own pedals left missing, and never more than full gas would mend."""
        passed_s = min((tick.time_ns - self._time_ns) / 1e9, LONGEST_S)
        self._time_ns = tick.time_ns
        if tick.driver is Source.LEARNER:
            self._sum_m = min(max(self._sum_m + missing * passed_s, 0.0), 1.0 / GAS_PER_M)
