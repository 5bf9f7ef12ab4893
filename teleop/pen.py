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
DRAWN_FOR = (1000, 800)
"""Pixels of the surface that all sizes are given for."""
SMALLEST_SCALE = 0.75
"""On a smaller surface things are left out, not made too small to read."""
SMALLEST_TEXT = 19
"""A font's size; of the bundled font that is an em of 13 pixels."""
ROW = 34
"""Height of a row of hints, where there is room."""
CACHED_TEXTS = 512

Anchor = Literal["topleft", "midleft", "midright", "topright", "center", "midtop", "midbottom"]
Hint = tuple[str, str, str]
"""(what, key, gamepad button)."""


class Pen:
    """Draws with fonts and texts that it keeps: a new font or glyph costs half a millisecond.

    Sizes of text, and lengths given to `px`, are those on a 1000 x 800 surface; positions are real pixels.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        """Of every size: 1 on a 1000 x 800 surface."""
        self._fonts: dict[int, pygame.Font] = {}
        self._texts: dict[tuple[str, int, str], pygame.Surface] = {}
        self._panels: dict[tuple[int, int], pygame.Surface] = {}

    def fit(self, size: tuple[int, int]) -> None:
        """Draw for a surface of `size` pixels from now on."""
        scale = max(SMALLEST_SCALE, min(size[0] / DRAWN_FOR[0], size[1] / DRAWN_FOR[1]))
        if scale != self.scale:
            self.scale = scale
            self._texts.clear()
            self._panels.clear()

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
        return self._font(size).size(string)[0]

    def elided(self, string: str, size: int, width: int) -> str:
        """As much of `string` as `width` pixels hold."""
        if self.width(string, size) <= width:
            return string
        kept = next((end for end in range(len(string), 0, -1) if self.width(f"{string[:end]}...", size) <= width), 0)
        return f"{string[:kept]}..."

    def panel(self, surface: pygame.Surface, rect: pygame.Rect) -> None:
        """A dark see-through plate."""
        if rect.size not in self._panels:
            plate = pygame.Surface(rect.size, pygame.SRCALPHA)
            pygame.draw.rect(plate, SHADE, plate.get_rect(), border_radius=self.px(12))
            self._panels[rect.size] = plate
        surface.blit(self._panels[rect.size], rect)

    def lamp(self, surface: pygame.Surface, centre: tuple[int, int], colour: str, burns: bool) -> None:
        """Full while it burns; out it is a ring, not only another colour."""
        pygame.draw.aacircle(surface, colour, centre, self.px(8), 0 if burns else max(2, self.px(2)))

    def card(
        self, surface: pygame.Surface, title: str, lines: Sequence[str], hints: Sequence[Hint], colour: str = INK
    ) -> None:
        """A plate in the middle: a title, lines under it, and what to press. As wide and high as it needs to be."""
        px = self.px
        head = px(84) + px(30) * len(lines)
        room = surface.get_rect().inflate(-px(32), -px(24))
        rect = pygame.Rect(0, 0, self._card_width(title, lines, hints, room.width), head)
        rect.height += min(px(24) + px(ROW) * len(hints), room.height - head) if hints else px(12)
        rect.midtop = room.centerx, room.top + (room.height - rect.height) // 3  # a car stands below the middle
        self.panel(surface, rect)
        size = 40 if self.width(title, 40) < rect.width - px(40) else 26  # a gamepad's name may be long
        title = self.elided(title, size, rect.width - px(40))
        self.text(surface, title, (rect.centerx, rect.top + px(46)), size, colour, "center")
        for row, line in enumerate(lines):
            self.text(surface, line, (rect.centerx, rect.top + px(88) + px(30) * row), 22, INK, "center")
        table = pygame.Rect(rect.left, rect.top + head, rect.width, rect.bottom - px(12) - rect.top - head)
        self.hints(surface, hints, table.inflate(-px(100), 0))

    def _card_width(self, title: str, lines: Sequence[str], hints: Sequence[Hint], room: int) -> int:
        lines_width = max((self.width(line, 22) for line in lines), default=0) + self.px(60)
        hints_width = sum(self._columns(hints)) + 2 * self.px(30) + self.px(100)
        return min(max(self.px(560), self.width(title, 40) + self.px(60), lines_width, hints_width), room)

    def hints(self, surface: pygame.Surface, hints: Sequence[Hint], rect: pygame.Rect) -> None:
        """What to press, a row each, spread over the width of `rect`: what it does, the key, the gamepad's button.

        Rows close up where `rect` is lower than they would like; its height is no limit when it is 0.
        """
        columns = self._columns(hints)
        gap = max(self.px(10), (rect.width - sum(columns)) / 2)
        room = round(rect.width - columns[0] - columns[2] - 2 * gap)
        pitch = min(self.px(ROW), rect.height / len(hints)) if rect.height and hints else self.px(ROW)
        for row, (what, key, button) in enumerate(hints):
            y = rect.top + pitch * (row + 0.5)
            self.text(surface, what, (rect.left, y), 22, INK, "midleft")
            self.text(surface, self.elided(key, 22, room), (rect.left + columns[0] + gap, y), 22, ACCENT, "midleft")
            self.text(surface, button, (rect.right - columns[2], y), 22, DIM, "midleft")

    def _columns(self, hints: Sequence[Hint]) -> list[int]:
        """Their widths in pixels."""
        return [max((self.width(row[column], 22) for row in hints), default=0) for column in range(3)]

    def _text(self, string: str, size: int, colour: str) -> pygame.Surface:
        key = (string, size, colour)
        if key not in self._texts:
            if len(self._texts) >= CACHED_TEXTS:  # a running count never repeats
                self._texts.clear()
            self._texts[key] = self._font(size).render(string, True, colour)
        return self._texts[key]

    def _font(self, size: int) -> pygame.Font:
        pixels = max(SMALLEST_TEXT, self.px(size))
        if pixels not in self._fonts:
            self._fonts[pixels] = pygame.Font(None, pixels)  # the bundled one: the same everywhere
        return self._fonts[pixels]
