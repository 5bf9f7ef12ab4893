"""What the driver sees: the world, and over it what is recorded, who drives, how fast and how well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pygame

from teleop.bindings import Bindings
from teleop.frame import COAST, HZ, Action, End, Frame, Outcome, Source, Start, Tick
from teleop.loop import View
from teleop.pen import ACCENT, DARK, DIM, INK, RECORDING, WARNING
from teleop.sinks.gauges import HEIGHT, Gauges
from teleop.sinks.messages import help_message, message
from teleop.sinks.pace import Pace
from teleop.track_map import TrackMap
from teleop.window import SIZE, Window

BEHIND_ROWS = 50
"""More rows than a commit's waiting for the disk, and with those in its hands a kill would cost more than the 100 rows
that are promised."""
SHOWN = 1 - HEIGHT / SIZE[1]
"""Of the picture's height: below it the world draws its own dashboard."""
MAP_SIZE = 150
NARROW = 900
"""On a canvas narrower than this a card takes the map's place."""


class Shown(Protocol):
    """A world that can be shown."""

    def view(self) -> View: ...

    def figures(self) -> Mapping[str, float | int | None]: ...


@runtime_checkable
class Tiled(Protocol):
    """What a world adds that notes which tiles of its road were touched."""

    @property
    def visited(self) -> npt.NDArray[np.bool_]: ...


class Rows(Protocol):
    """Where frames go."""

    @property
    def rows_recorded(self) -> int: ...

    @property
    def rows_behind(self) -> int: ...


class AtTheWheel(Protocol):
    """Who is at the wheel, and what their keys mean."""

    @property
    def name(self) -> str: ...

    @property
    def bindings(self) -> Bindings: ...

    @property
    def help_wanted(self) -> bool: ...


class Hud:
    """Implements `loop.Sink`: shows every tick, stepped or not. Without `rows` it says that nothing is recorded."""

    def __init__(self, window: Window, world: Shown, rows: Rows | None, seat: AtTheWheel) -> None:
        self._window, self._world, self._rows, self._seat = window, world, rows, seat
        self._pen = window.pen
        self._gauges = Gauges(window.pen)
        self._pace = Pace()
        self._map: TrackMap | None = None

    def on_start(self, start: Start) -> None:
        self._start = start
        self._pace.clear()
        self._map = None
        self._driver = Source.LEARNER if start.learner else Source.HUMAN
        self._action: Action = COAST
        self._nudge, self._time_scale, self._step = 0.0, 1.0, 0

    def on_frame(self, frame: Frame) -> None:
        self._pace.note(frame)
        self._driver, self._action, self._nudge = frame.driver, frame.action, frame.nudge
        self._time_scale, self._step = frame.time_scale, frame.tick.step + 1
        self._draw(frame.result, recording=True)
        self._draw_map(frame.result)
        self._window.present()

    def on_idle(self, tick: Tick, why: str) -> None:
        self._pace.rest()
        self._draw(tick.outcome, recording=False)
        if self._window.canvas.get_width() >= self._pen.px(NARROW):
            self._draw_map(tick.outcome)
        self._say(why, seconds_back=(self._step - tick.step) / HZ)
        self._window.present()

    def on_end(self, end: End) -> None:
        """Leave the last picture on the canvas, with the light off: the next screen may draw over it."""
        self._draw(end.outcome, recording=False)

    def _draw(self, outcome: Outcome, recording: bool) -> None:
        canvas = self._window.canvas
        self._draw_world(canvas)
        self._gauges.draw(canvas, float(outcome.pose[3]), self._action, self._nudge, self._world.figures(), self._pace)
        light = self._draw_light(canvas, recording)
        self._draw_driver(canvas, canvas.get_width() - light.right)
        self._draw_notices(canvas)

    def _draw_world(self, canvas: pygame.Surface) -> None:
        """As large as fits above the gauges, in its proportions."""
        above = pygame.Rect(0, 0, canvas.get_width(), self._gauges.strip(canvas).top)
        scale = min(above.width / SIZE[0], above.height / (SIZE[1] * SHOWN))
        picture = pygame.Rect(0, 0, int(SIZE[0] * scale), int(SIZE[1] * scale))
        picture.midtop = above.centerx, round((above.height - picture.height * SHOWN) / 2)
        if picture.size != canvas.get_size():
            canvas.fill(DARK)
        self._world.view().draw(canvas.subsurface(picture))
        bottom = picture.top + round(picture.height * SHOWN)
        canvas.fill(DARK, (0, bottom, canvas.get_width(), canvas.get_height() - bottom))

    def _draw_light(self, canvas: pygame.Surface, recording: bool) -> pygame.Rect:
        """The light, and the count that says it tells the truth. Off is a ring, not only another colour."""
        px, pen = self._pen.px, self._pen
        word, count = self._recorded()
        words_width = pen.width(word, 24) + px(18) + pen.width(count, 24)
        plate = pygame.Rect(px(16), px(16), max(px(236), px(56) + words_width), px(40))
        pen.panel(canvas, plate)
        burns = recording and self._rows is not None
        light = (plate.left + px(22), plate.centery)
        pygame.draw.aacircle(canvas, RECORDING if burns else DIM, light, px(8), 0 if burns else 2)
        pen.text(canvas, word, (plate.left + px(40), plate.centery + 1), 24, INK if burns else DIM, "midleft")
        pen.text(canvas, count, (plate.right - px(16), plate.centery + 1), 24, INK, "midright")
        return plate

    def _recorded(self) -> tuple[str, str]:
        """Beside the light."""
        if self._rows is None:
            return "watching" if self._watched else "practice", "not recorded"
        return "REC", f"{self._rows.rows_recorded:,} frames"

    @property
    def _watched(self) -> bool:
        """Nobody's hands are needed."""
        return self._start.learner is not None or self._start.expert != "human"

    def _draw_driver(self, canvas: pygame.Surface, room: int) -> None:
        px = self._pen.px
        text = self._pen.elided(self._who(), 24, room - px(80))
        plate = pygame.Rect(0, px(16), self._pen.width(text, 24) + px(32), px(40))
        plate.right = canvas.get_width() - px(16)
        self._pen.panel(canvas, plate)
        self._pen.text(canvas, text, (plate.centerx, plate.centery + 1), 24, ACCENT, "center")

    def _who(self) -> str:
        """Drives, and what a person has in hand."""
        if self._driver is Source.HUMAN:
            return f"you · {self._seat.name}" if self._start.expert == "human" else f"{self._seat.name} drives"
        learner = self._start.learner if self._driver is Source.LEARNER else None
        return f"{learner['name'] if learner else self._driver.name.lower()} drives · {self._seat.name} in hand"

    def _draw_notices(self, canvas: pygame.Surface) -> None:
        """One under the other, each only while it is true."""
        y = self._pen.px(68)
        if self._time_scale != 1.0:
            self._draw_notice(canvas, y, f"{self._time_scale:g}x slow motion", ACCENT)
            y += self._pen.px(48)
        if self._rows is not None and self._rows.rows_behind > BEHIND_ROWS:
            text = f"The disk is slow: {self._rows.rows_behind:,} frames wait to be written"
            self._draw_notice(canvas, y, text, WARNING)

    def _draw_notice(self, canvas: pygame.Surface, y: int, text: str, colour: str) -> None:
        plate = pygame.Rect(0, y, self._pen.width(text, 24) + self._pen.px(40), self._pen.px(40))
        plate.centerx = canvas.get_width() // 2
        self._pen.panel(canvas, plate)
        self._pen.text(canvas, text, (plate.centerx, plate.centery + 1), 24, colour, "center")

    def _draw_map(self, outcome: Outcome) -> None:
        """In the corner above the gauges, where a world has a road."""
        if self._start.road is None:
            return
        size = self._pen.px(MAP_SIZE)
        if self._map is None or self._map.size != size:
            self._map = TrackMap(self._start.road, size)
        canvas = self._window.canvas
        plate = pygame.Rect(0, 0, size, size + self._pen.px(26))
        plate.bottomright = canvas.get_width() - self._pen.px(16), self._gauges.strip(canvas).top - self._pen.px(16)
        self._pen.panel(canvas, plate)
        visited = self._world.visited if isinstance(self._world, Tiled) else None
        self._map.draw(canvas, plate.topleft, visited=visited, car=outcome.pose)
        text, colour = (f"{self._map.missed} tiles missed", WARNING) if self._map.missed else ("no tile missed", DIM)
        self._pen.text(canvas, text, (plate.centerx, plate.bottom - self._pen.px(18)), 20, colour, "center")

    def _say(self, why: str, seconds_back: float) -> None:
        seat = self._seat
        if seat.help_wanted:
            self._window.canvas.fill(DARK)
        said = help_message(seat.bindings) if seat.help_wanted else message(why, seat.bindings, seconds_back)
        self._pen.card(self._window.canvas, said.title, said.lines, said.hints, said.colour)
