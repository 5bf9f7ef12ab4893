"""The world's picture, as large as the window allows."""

from __future__ import annotations

import pygame

from teleop.loop import View
from teleop.pen import DARK
from teleop.window import SIZE

SHOWN = 7 / 8
"""Of the picture's height: below it the world draws its own dashboard, which shows what the gauges show better."""


def draw_picture(canvas: pygame.Surface, view: View, bottom: int) -> pygame.Rect:
    """The picture in its proportions, its road above the canvas's row `bottom`; dark around it. Returns where."""
    scale = min(canvas.get_width() / SIZE[0], bottom / (SIZE[1] * SHOWN))
    rect = pygame.Rect(0, 0, int(SIZE[0] * scale), int(SIZE[1] * scale))
    rect.midtop = canvas.get_width() // 2, round((bottom - rect.height * SHOWN) / 2)
    if rect.size != canvas.get_size():
        canvas.fill(DARK)
    view.draw(canvas.subsurface(rect.clip(canvas.get_rect())))
    canvas.fill(DARK, canvas.get_rect(top=rect.top + round(rect.height * SHOWN)))
    return rect
