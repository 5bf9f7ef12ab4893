"""The world behind a screen."""

from __future__ import annotations

import pygame

from teleop.loop import View
from teleop.pen import DARK
from teleop.window import SIZE


def draw_backdrop(canvas: pygame.Surface, view: View) -> None:
    """As large as fits, in its proportions."""
    canvas.fill(DARK)
    view.draw(canvas.subsurface(pygame.Rect((0, 0), SIZE).fit(canvas.get_rect())))
