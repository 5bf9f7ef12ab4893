"""One row as it is shown: its picture, who drove it, what is to be said of it, and the seconds around it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pygame

from teleop.frame import Source
from teleop.ghost import predicted
from teleop.loop import View
from teleop.pen import ACCENT, DARK, DIM, INK, RECORDING, WARNING, Pen
from teleop.replay import strips
from teleop.replay.colours import LEARNER, PERSON
from teleop.replay.projector import Projector
from teleop.replay.reel import Reel
from teleop.replay.strips import Strips
from teleop.sinks.gauges import lap_text
from teleop.sinks.ghost import draw_ghost
from teleop.sinks.picture import draw_picture
from teleop.sinks.plates import HEIGHT, MARGIN, TEXT, draw_border, draw_notices, draw_plate
from teleop.track_map import TrackMap

FOOT = 32
"""Height of the line of numbers, on a 1000 x 800 surface."""
BLOCK = 8 + strips.HEIGHT + FOOT
"""Of everything below the picture."""
MAP_SIZE = 150


class Scene:
    """Of one reel."""

    def __init__(self, pen: Pen, reel: Reel, projector: Projector) -> None:
        self._pen, self._reel, self._projector = pen, reel, projector
        self.strips = Strips(pen, reel)
        self._beside_a_learner = bool((reel.driver == Source.LEARNER).any())
        self._map: TrackMap | None = None

    def draw(
        self,
        canvas: pygame.Surface,
        row: int,
        bottom: int,
        marked: tuple[int, int] | None = None,
        ghost: bool = True,
        said: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Down to the canvas's row `bottom`; `said` (text, colour) below what there is to say of the row."""
        pen, area = self._pen, self.strips_rect(canvas, bottom)
        view = self._projector.show(row)
        picture = draw_picture(canvas, view, bottom=area.top - pen.px(8))
        seen = canvas.get_rect(height=area.top - pen.px(8))
        canvas.set_clip(seen)
        if ghost:
            self._draw_ghost(canvas, picture, view, row)
        self._draw_map(canvas, seen, row)
        canvas.set_clip(None)
        if self._beside_a_learner:
            draw_border(canvas, pen, self._colour(row), bottom=seen.bottom)
        self._write_plates(canvas, seen, row)
        draw_notices(canvas, pen, [*self.notices(row), *said])
        self.strips.draw(canvas, area, row, marked)
        self._write_foot(canvas, pygame.Rect(0, area.bottom, canvas.get_width(), pen.px(FOOT)), row)

    def strips_rect(self, canvas: pygame.Surface, bottom: int) -> pygame.Rect:
        """Where they are."""
        height = self._pen.px(strips.HEIGHT)
        return pygame.Rect(0, bottom - self._pen.px(FOOT) - height, canvas.get_width(), height)

    def _colour(self, row: int) -> str:
        if not self._beside_a_learner:
            return ACCENT
        return LEARNER if self._reel.driver[row] == Source.LEARNER else PERSON

    def _draw_ghost(self, canvas: pygame.Surface, picture: pygame.Rect, view: View, row: int) -> None:
        """Where the camera is known, and a learner said what it would do."""
        reel, playback = self._reel, self._projector.again(row)
        before, action = reel.before[row], reel.learner[row]
        if playback and before >= 0 and not math.isnan(action[0]):
            path = predicted(reel.pose[before], reel.pose[row], action)
            draw_ghost(canvas, self._pen, picture, view, playback.road, path)

    def _draw_map(self, canvas: pygame.Surface, seen: pygame.Rect, row: int) -> None:
        """In the corner, where the road is known."""
        playback, size = self._projector.again(row), self._pen.px(MAP_SIZE)
        if playback is None:
            return
        if self._map is None or self._map.size != size:
            self._map = TrackMap(playback.road, size)
        plate = pygame.Rect(0, 0, size, size)
        plate.bottomright = seen.right - self._pen.px(MARGIN), seen.bottom - self._pen.px(MARGIN)
        self._pen.panel(canvas, plate)
        self._map.draw(canvas, plate.topleft, visited=playback.touched(row), car=self._reel.pose[row])

    def _write_plates(self, canvas: pygame.Surface, seen: pygame.Rect, row: int) -> None:
        """Above: which episode, and who drives. Below: what one sees."""
        pen, px, reel = self._pen, self._pen.px, self._reel
        title = self._plate(canvas, reel.title, px(MARGIN), px(MARGIN), INK)
        who = pen.elided(reel.who(row), TEXT, seen.width - title.right - 4 * px(MARGIN))
        width = pen.width(who, TEXT) + 2 * px(MARGIN)
        self._plate(canvas, who, seen.right - px(MARGIN) - width, px(MARGIN), self._colour(row))
        room = seen.width - px(MAP_SIZE + 5 * MARGIN)
        origin = pen.elided(self._projector.origin(row), TEXT, room)
        colour = DIM if self._projector.again(row) else WARNING
        self._plate(canvas, origin, px(MARGIN), seen.bottom - px(MARGIN + HEIGHT), colour)

    def notices(self, row: int) -> list[tuple[str, str]]:
        """(text, colour), each only where it is true."""
        reel = self._reel
        said = [
            (reel.discarded, "the episode is discarded", RECORDING),
            (not reel.kept[row], "abandoned: a rewind took this back", INK),
            (bool(reel.excluded[row]), "excluded: not learned from", WARNING),
        ]
        return [(text, colour) for true, text, colour in said if true]

    def _plate(self, canvas: pygame.Surface, text: str, left: int, top: int, colour: str) -> pygame.Rect:
        pen = self._pen
        plate = pygame.Rect(left, top, pen.width(text, TEXT) + 2 * pen.px(MARGIN), pen.px(HEIGHT))
        draw_plate(canvas, pen, plate, text, colour)
        return plate

    def _write_foot(self, canvas: pygame.Surface, foot: pygame.Rect, row: int) -> None:
        canvas.fill(DARK, foot)
        self._pen.text(canvas, self.numbers(row), (self._pen.px(MARGIN), foot.centery), 20, DIM, "midleft")

    def numbers(self, row: int) -> str:
        """ "0:08.6 · row 430 of 714 · speed 47 · score 512" """
        reel = self._reel
        score = "" if math.isnan(reel.score[row]) else f" · score {reel.score[row]:.0f}"
        at = f"{lap_text(reel.step[row] / reel.hz)} · row {row:,} of {reel.rows - 1:,}"
        return f"{at} · speed {reel.pose[row, 3]:.0f}{score}"
