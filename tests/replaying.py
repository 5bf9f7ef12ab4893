"""A person at the viewer: presses keys, drags the mouse, lets time pass."""

from __future__ import annotations

import pygame

from teleop.replay import timeline
from teleop.replay.viewer import Viewer


def ticks(viewer: Viewer, count: int, seconds: float = 0.02) -> None:
    """So many ticks, each so long for the player."""
    for _ in range(count):
        viewer.tick(seconds)


def press(viewer: Viewer, *keys: int) -> None:
    """One after another, a tick of no time each."""
    for key in keys:
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))
        pygame.event.post(pygame.Event(pygame.KEYUP, key=key))
        viewer.tick(0.0)


def at(share: float) -> tuple[int, int]:
    """A place on the time line of the whole episode."""
    canvas = pygame.display.get_surface()
    assert canvas is not None
    width, height = canvas.get_size()
    scale = max(0.75, min(width / 1000, height / 800))
    margin = round(timeline.MARGIN * scale)
    return margin + round(share * (width - 2 * margin)), height - round(20 * scale)


def drag(viewer: Viewer, start: float, stop: float, button: int = 1) -> None:
    """From one place on the time line to another."""
    pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=at(start), button=button))
    pygame.event.post(pygame.Event(pygame.MOUSEMOTION, pos=at(stop), rel=(1, 0), buttons=(1, 0, 0)))
    viewer.tick(0.0)
    pygame.event.post(pygame.Event(pygame.MOUSEBUTTONUP, pos=at(stop), button=button))
    viewer.tick(0.0)
