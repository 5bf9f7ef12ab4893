"""Hatching: rows that don't count stay visible, and are seen not to."""

from __future__ import annotations

import pygame

PITCH = 8
"""Pixels between two lines."""


def hatch(canvas: pygame.Surface, rect: pygame.Rect, colour: str) -> None:
    """Lines from the lower left to the upper right; where they are does not depend on the rect, which may scroll."""
    clip = canvas.get_clip()
    canvas.set_clip(rect.clip(clip))
    first = rect.left - rect.height
    for x in range(first - first % PITCH, rect.right, PITCH):
        pygame.draw.line(canvas, colour, (x, rect.bottom), (x + rect.height, rect.top), 2)
    canvas.set_clip(clip)
