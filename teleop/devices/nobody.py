"""No expert at all: a policy drives alone."""

from __future__ import annotations

import pygame

from teleop.bindings import Meaning
from teleop.frame import NO_CONTROLS, Controls, Start, Tick


class Nobody:
    """A device that nobody holds: no action, no opinion, no commands."""

    person = False
    name = ""
    plugged = ()

    def reset(self, start: Start) -> None:
        pass

    def feed(self, event: pygame.Event) -> bool:
        return False

    def meaning(self, event: pygame.Event) -> Meaning | None:
        return None

    def rumble(self, strength: float, duration_ms: int) -> None:
        pass

    def read(self, tick: Tick) -> Controls:
        return NO_CONTROLS
