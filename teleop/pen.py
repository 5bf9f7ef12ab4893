"""Text and panels on a surface: the look of everything that is drawn over the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pygame

INK = "#f4f4f0"
DIM = "#a9adb3"
ACCENT = "#5cc8ff"
"""Blue and amber stay apart for colour-blind eyes; red and green never carry a meaning alone."""
WARNING = "#ffb454"
RECORDING = "#ff4d4d"
TRACK = "#3a3f47"
"""The empty part of a gauge."""
DARK = "#15181d"
SHADE = (16, 18, 22, 205)
"""A panel over the picture: dark enough to read on grass, clear enough to see it."""
CACHED_TEXTS = 512

Anchor = Literal["topleft", "midleft", "midright", "topright", "center", "midtop", "midbottom"]
Hint = tuple[str, str, str]
"""(what, key, gamepad button)."""


class Pen:
    """Draws with fonts and texts that it keeps: a new font or glyph costs half a millisecond."""

    def __init__(self) -> None:
        self.scale = 1.0
        """Of every size below: 1 on a 1000 x 800 surface."""
        self._fonts: dict[int, pygame.Font] = {}
        self._texts: dict[tuple[str, int, str], pygame.Surface] = {}
        self._panels: dict[tuple[int, int], pygame.Surface] = {}

    def px(self, size: float) -> int:
        """Pixels of a length that is `size` on a 1000 x 800 surface."""
        return round(size * self.scale)

    def text(
        self,
        surface: pygame.Surface,
        string: str,
        xy: tuple[float, float],
        size: int,
        colour: str = INK,
        anchor: Anchor = "topleft",
    ) -> pygame.Rect:
        """Write one line, and say where it went."""
        picture = self._text(string, size, colour)
        rect = picture.get_rect()
        setattr(rect, anchor, (round(xy[0]), round(xy[1])))
        surface.blit(picture, rect)
        return rect

    def width(self, string: str, size: int) -> int:
        """Pixels that `string` takes."""
        return self._text(string, size, INK).get_width()

    def panel(self, surface: pygame.Surface, rect: pygame.Rect) -> None:
        """A dark see-through plate."""
        if rect.size not in self._panels:
            plate = pygame.Surface(rect.size, pygame.SRCALPHA)
            pygame.draw.rect(plate, SHADE, plate.get_rect(), border_radius=12)
            self._panels[rect.size] = plate
        surface.blit(self._panels[rect.size], rect)

    def card(
        self, surface: pygame.Surface, title: str, lines: Sequence[str], hints: Sequence[Hint], colour: str = INK
    ) -> None:
        """A plate in the middle: a title, lines under it, and what to press."""
        height = 96 + 30 * len(lines) + (20 + 34 * len(hints) if hints else 0)
        rect = pygame.Rect(0, 0, 620, height)
        rect.center = (surface.get_width() // 2, (surface.get_height() - 100) // 2)
        self.panel(surface, rect)
        y = rect.top + 46
        size = 40 if self.width(title, 40) < rect.width - 40 else 26  # a gamepad's name may be long
        self.text(surface, title, (rect.centerx, y), size, colour, "center")
        for line in lines:
            y += 36 if line is lines[0] else 30
            self.text(surface, line, (rect.centerx, y + 8), 22, DIM, "center")
        self.hints(surface, hints, pygame.Rect(rect.left + 90, y + 50, rect.width - 180, 0))

    def hints(self, surface: pygame.Surface, hints: Sequence[Hint], rect: pygame.Rect) -> None:
        """What to press, a row each: what it does, the key, the gamepad's button."""
        for row, (what, key, button) in enumerate(hints):
            y = rect.top + 34 * row
            self.text(surface, what, (rect.left, y), 22, INK, "midleft")
            self.text(surface, key, (rect.left + rect.width * 0.4, y), 22, ACCENT, "midleft")
            self.text(surface, button, (rect.left + rect.width * 0.74, y), 22, DIM, "midleft")

    def _text(self, string: str, size: int, colour: str) -> pygame.Surface:
        key = (string, size, colour)
        if key not in self._texts:
            if len(self._texts) >= CACHED_TEXTS:  # a running count never repeats
                self._texts.clear()
            self._texts[key] = self._font(size).render(string, True, colour)
        return self._texts[key]

    def _font(self, size: int) -> pygame.Font:
        if size not in self._fonts:
            self._fonts[size] = pygame.Font(None, size)  # the bundled one: the same everywhere
        return self._fonts[size]
