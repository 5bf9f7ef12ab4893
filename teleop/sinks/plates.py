"""The plates along the top: what is recorded, who drives, and what is out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from teleop.pen import ACCENT, DIM, INK, RECORDING, Pen

HEIGHT = 40
BORDER = 8
MARGIN = 16
"""To the canvas's edge, and inside a plate."""
TEXT = 24


def draw_light(canvas: pygame.Surface, pen: Pen, burns: bool, word: str, count: str) -> pygame.Rect:
    """The light, and the count that says it tells the truth; returns where."""
    px = pen.px
    words_width = pen.width(word, TEXT) + px(18) + pen.width(count, TEXT)
    plate = pygame.Rect(px(MARGIN), px(MARGIN), max(px(236), px(56) + words_width), px(HEIGHT))
    pen.panel(canvas, plate)
    pen.lamp(canvas, (plate.left + px(22), plate.centery), RECORDING if burns else DIM, burns)
    pen.text(canvas, word, (plate.left + px(40), plate.centery + 1), TEXT, INK if burns else DIM, "midleft")
    pen.text(canvas, count, (plate.right - px(MARGIN), plate.centery + 1), TEXT, INK, "midright")
    return plate


def draw_border(canvas: pygame.Surface, pen: Pen, colour: str, bottom: int) -> None:
    """Round the picture, down to `bottom`: seen from the corner of an eye."""
    pygame.draw.rect(canvas, colour, (0, 0, canvas.get_width(), bottom), pen.px(BORDER))


def draw_driver(canvas: pygame.Surface, pen: Pen, who: str, left: int, colour: str = ACCENT) -> None:
    """At the right, no further left than `left`."""
    margin = pen.px(MARGIN)
    right = canvas.get_width() - margin
    text = pen.elided(who, TEXT, right - left - 3 * margin)
    plate = pygame.Rect(0, margin, pen.width(text, TEXT) + 2 * margin, pen.px(HEIGHT))
    plate.right = right
    draw_plate(canvas, pen, plate, text, colour)


def draw_notices(canvas: pygame.Surface, pen: Pen, notices: Sequence[tuple[str, str]]) -> None:
    """(text, colour) each, one under the other in the middle."""
    for row, (text, colour) in enumerate(notices):
        plate = pygame.Rect(0, 0, pen.width(text, TEXT) + 2 * pen.px(MARGIN), pen.px(HEIGHT))
        plate.midtop = canvas.get_width() // 2, pen.px(68) + row * pen.px(HEIGHT + 8)
        draw_plate(canvas, pen, plate, text, colour)


def draw_plate(canvas: pygame.Surface, pen: Pen, plate: pygame.Rect, text: str, colour: str) -> None:
    """With its text in the middle."""
    pen.panel(canvas, plate)
    pen.text(canvas, text, (plate.centerx, plate.centery + 1), TEXT, colour, "center")
