"""No expert at all: a policy drives alone."""

from __future__ import annotations

from teleop.frame import NO_CONTROLS, Controls, Start, Tick


class Nobody:
    """A device that nobody holds: no action, no opinion, no commands."""

    person = False
    name = ""

    def reset(self, start: Start) -> None:
        pass

    def read(self, tick: Tick) -> Controls:
        return NO_CONTROLS
