"""Where a car that goes on as it does will be in a moment: what somebody who watches a learner answers to.

Where the car is now tells too little. A good line leads to the edge of the road and along it, several times a lap, and
somebody who takes over there corrects what they do themselves. A car that will be over the edge is another matter, and
by the time that it is, it is often too late.
"""

from __future__ import annotations

import numpy as np

from teleop.frame import COAST, Tick
from teleop.ghost import EVERY_S, predicted
from teleop.road import Road


class Foresight:
    """How far a car is about to be from the middle of the road. A step that is told again (a pause) counts once."""

    def __init__(self, ahead_s: float) -> None:
        """How many seconds it looks ahead, [0, 1]."""
        self._points = round(ahead_s / EVERY_S)
        self._before: Tick | None = None
        self._now: Tick | None = None

    def furthest(self, road: Road, tick: Tick) -> float:
        """Track units, never negative: now, and soon, while its driver does what it did last."""
        if self._now is None or tick.step != self._now.step:
            follows = self._now is not None and tick.step == self._now.step + 1
            self._before, self._now = (self._now if follows else None), tick
        pose = tick.outcome.pose
        before = pose if self._before is None else self._before.outcome.pose
        path = predicted(before, pose, COAST if tick.proposal is None else tick.proposal)
        places = np.vstack([pose[:2], path[: self._points]])
        return float(np.abs(road.locate(places).lateral).max())
