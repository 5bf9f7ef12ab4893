"""A learner that came to rest on the road and stays there: what stand-ins do not leave it alone with.

Imitators of somebody who brakes hard now and then learn to brake where the car stands: from there on they see the same
picture for ever. Nothing is wrong with where the car is, so nobody who only looks at that would take over.
"""

from __future__ import annotations

from teleop.frame import HZ

SLOW = 1.0
"""Slower than this, units/s, a car makes no way..."""
PATIENCE_STEPS = HZ
"""...and a learner is left alone with that for a second. A driver who brakes for a bend is never so slow."""
ZOOM_STEPS = HZ
"""Setting off is not standing still: the first second, in which the camera zooms in, is not counted."""


class Standstill:
    """Notices it, a step at a time. A step that is told again (a pause) counts once, a rewind begins anew."""

    def __init__(self) -> None:
        self._since: int | None = None
        """The first step at which it stood."""

    def noticed(self, step: int, speed: float, learner_drives: bool) -> bool:
        """Whether the learner has stood for so long, `step` steps after the reset, at this speed in units/s."""
        if not learner_drives or speed >= SLOW or step < ZOOM_STEPS:
            self._since = None
        elif self._since is None or step < self._since:
            self._since = step
        return self._since is not None and step - self._since >= PATIENCE_STEPS
