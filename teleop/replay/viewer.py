"""The viewer: an episode in the window, and everything that can be asked of it.

with closing(Window("teleop replay")) as window:
    Viewer(window, session, versions()).look()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pygame

from teleop.clock import Metronome, PacedMetronome
from teleop.errors import SessionError
from teleop.frame import HZ
from teleop.pen import ACCENT, DARK, INK, WARNING
from teleop.replay import scene, timeline
from teleop.replay.keys import HELD, MEANINGS, ROWS, Do, GoTo, Meaning, key_of
from teleop.replay.marking import MARKS, NO_RANGE, Marking
from teleop.replay.player import Player
from teleop.replay.projector import Projector
from teleop.replay.reel import Reel
from teleop.replay.scene import Scene
from teleop.replay.stops import Stop, neighbour, stops
from teleop.replay.timeline import Timeline
from teleop.session import Session
from teleop.sinks.plates import MARGIN, TEXT
from teleop.window import Window

DRIVEN_AGAIN_S = 0.008
"""Of each tick's 20 ms, until everything was."""
SAID_S = 4.0
"""As long as a sentence stays."""
HELD_AFTER, HELD_EVERY = 20, 3
"""Ticks until a key that is held goes on, and between two times."""
LEFT, RIGHT = 1, 3
"""Mouse buttons."""


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """An episode that is looked at."""

    reel: Reel
    player: Player
    projector: Projector
    scene: Scene
    timeline: Timeline
    stops: Mapping[Stop, list[int]]
    marking: Marking


class Viewer:
    """Looks at a session, an episode at a time."""

    def __init__(
        self,
        window: Window,
        session: Session,
        versions: Mapping[str, str],
        index: int = 0,
        metronome: Metronome | None = None,
    ) -> None:
        """`versions` of the libraries here; `index` into the session's episodes. SessionError when that is damaged."""
        self._window, self._session, self._versions = window, session, versions
        self._metronome = metronome or PacedMetronome(HZ)
        self._index, self._open = index, self._opened(index)
        self._ghost, self._help, self.left = True, False, False
        self._said, self._said_ticks, self._said_colour = "", 0, INK
        self._held: tuple[Meaning, int] | None = None
        self._drag: Callable[[int], None] | None = None
        self._do = self._actions()
        pygame.mouse.set_visible(True)

    def _actions(self) -> Mapping[Do, Callable[[], object]]:
        """What is asked for by a key, but for marks; always of the episode that is open then."""
        return {
            Do.PLAY: lambda: self.player.pause_or_play(),
            Do.BACKWARDS: lambda: self.player.play(-1),
            Do.FORWARDS: lambda: self.player.play(1),
            Do.SLOWER: lambda: self.player.change_speed(-1),
            Do.FASTER: lambda: self.player.change_speed(1),
            Do.ROW_BACK: lambda: self._go(-1),
            Do.ROW_ON: lambda: self._go(1),
            Do.SECOND_BACK: lambda: self._go(-round(self.reel.hz)),
            Do.SECOND_ON: lambda: self._go(round(self.reel.hz)),
            Do.FIRST: lambda: self.player.go(0),
            Do.LAST: lambda: self.player.go(self.reel.rows),
            Do.PREVIOUS_EPISODE: lambda: self._turn_to(self._index - 1),
            Do.NEXT_EPISODE: lambda: self._turn_to(self._index + 1),
            Do.MARK_IN: lambda: self._open.marking.begin(self.player.row),
            Do.MARK_OUT: lambda: self._open.marking.end(self.player.row),
            Do.GHOST: self._turn_ghost,
            Do.HELP: self._turn_help,
            Do.QUIT: self._leave,
        }

    @property
    def reel(self) -> Reel:
        """The episode that is looked at."""
        return self._open.reel

    @property
    def player(self) -> Player:
        """Where it is looked at."""
        return self._open.player

    def look(self) -> None:
        """Until the person has had enough."""
        self._metronome.start()
        before_ns = 0
        try:
            while not self.left:
                now_ns = self._metronome.wait(1.0).time_ns
                self.tick((now_ns - before_ns) / 1e9)
                before_ns = now_ns
        finally:
            self._open.projector.close()

    def tick(self, seconds: float) -> None:
        """Hear, go on by so much time, drive a little more of it again, and show it."""
        happened = self._window.pump()
        for event in happened:
            self._hear(event)
        self._go_on_while_held()
        self.player.tick(seconds)
        busy = not self._open.projector.ready or self.player.direction or self._said
        self._open.projector.drive_on(DRIVEN_AGAIN_S)
        self.left = self.left or self._window.closed
        if happened or busy or self._held:
            self.draw()
            self._window.present()

    def draw(self) -> None:
        """The row that is looked at, on the window's canvas."""
        canvas, row, marked = self._window.canvas, self.player.row, self._open.marking.range
        if self._help:
            self._draw_help(canvas)
            return
        line = self._timeline_rect(canvas)
        bottom = line.top - self._window.pen.px(4)
        canvas.fill(DARK)
        self._open.scene.draw(canvas, row, bottom, marked, self._ghost, self._said_lines(canvas))
        self._open.timeline.draw(canvas, line, row, marked)
        self._write_foot(canvas, bottom)

    def _opened(self, index: int) -> Open:
        reel = Reel(self._session, self._session.episodes[index])
        projector, there = Projector(reel, self._versions), stops(reel)
        pen = self._window.pen
        return Open(
            reel,
            Player(reel.rows, reel.hz),
            projector,
            Scene(pen, reel, projector),
            Timeline(pen, reel, there),
            there,
            Marking(reel),
        )

    def _hear(self, event: pygame.Event) -> None:
        match event.type:
            case pygame.KEYDOWN:
                self._press(MEANINGS.get(event.key))
            case pygame.KEYUP:
                self._held = None
            case pygame.MOUSEBUTTONDOWN if not self._help:
                self._touch(event.pos, event.button)
            case pygame.MOUSEMOTION if self._drag:
                self._drag(event.pos[0])
            case pygame.MOUSEBUTTONUP:
                self._drag = None
            case pygame.MOUSEWHEEL:
                self._go(-event.y)

    def _press(self, meaning: Meaning | None) -> None:
        if meaning is None or (self._help and meaning not in (Do.HELP, Do.QUIT)):
            return
        if meaning in HELD:
            self._held = meaning, 0
        if isinstance(meaning, GoTo):
            self._go_to(meaning)
        elif meaning in MARKS:
            self._mark(meaning)
        else:
            self._do[meaning]()

    def _go_on_while_held(self) -> None:
        if self._held is None:
            return
        meaning, ticks = self._held
        self._held = meaning, ticks + 1
        if isinstance(meaning, Do) and ticks >= HELD_AFTER and ticks % HELD_EVERY == 0:
            self._do[meaning]()

    def _go(self, rows: int) -> None:
        self.player.go(self.player.row + rows)

    def _go_to(self, there: GoTo) -> None:
        row = neighbour(self._open.stops[there.stop], self.player.row, there.forwards)
        if row is None:
            where = "after" if there.forwards else "before"
            self._say(f"no {there.stop.value} {where} this row", INK)
        else:
            self.player.go(row)

    def _mark(self, what: Do) -> None:
        """What can't be marked, because the session is being recorded for example, is said."""
        try:
            said = self._open.marking.do(what)
        except SessionError as error:
            self._say(str(error), WARNING)
            return
        self._open.timeline.read_marks()
        self._say(said, WARNING if said == NO_RANGE else ACCENT)

    def _turn_to(self, index: int) -> None:
        if not 0 <= index < len(self._session.episodes):
            self._say(f"this is the {'first' if index < 0 else 'last'} episode", INK)
            return
        try:
            opened = self._opened(index)
        except SessionError as error:
            self._say(str(error), WARNING)
            return
        self._open.projector.close()
        self._index, self._open = index, opened

    def _turn_ghost(self) -> None:
        self._ghost = not self._ghost

    def _turn_help(self) -> None:
        self._help = not self._help
        self.player.direction = 0

    def _leave(self) -> None:
        """Help first, then the viewer."""
        self.left, self._help = not self._help, False

    def _touch(self, at: tuple[int, int], button: int) -> None:
        """The time lines go where they are touched, and follow; the right button marks; the picture plays."""
        canvas = self._window.canvas
        line, area = self._timeline_rect(canvas), self._strips_rect(canvas)
        if button == LEFT and at[1] >= line.top:
            self._drag = lambda x: self.player.go(self._open.timeline.row_at(x, line))
        elif button == RIGHT and at[1] >= line.top:
            start = self._open.timeline.row_at(at[0], line)
            self._drag = lambda x: self._open.marking.drag(start, self._open.timeline.row_at(x, line))
        elif button == LEFT and at[1] >= area.top:
            row = self.player.row
            self._drag = lambda x: self.player.go(self._open.scene.strips.row_at(x, area, row))
        elif button == LEFT:
            self.player.pause_or_play()
        if self._drag:
            self._drag(at[0])

    def _timeline_rect(self, canvas: pygame.Surface) -> pygame.Rect:
        height = self._window.pen.px(timeline.HEIGHT)
        return pygame.Rect(0, canvas.get_height() - height - self._window.pen.px(10), canvas.get_width(), height)

    def _strips_rect(self, canvas: pygame.Surface) -> pygame.Rect:
        bottom = self._timeline_rect(canvas).top - self._window.pen.px(4)
        return self._open.scene.strips_rect(canvas, bottom)

    def _write_foot(self, canvas: pygame.Surface, bottom: int) -> None:
        pen = self._window.pen
        at = canvas.get_width() - pen.px(timeline.MARGIN), bottom - pen.px(scene.FOOT) / 2
        told = pen.text(canvas, f"{key_of(Do.HELP)}: every key", at, 20, ACCENT, "midright")
        pen.text(canvas, str(self.player), (told.left - pen.px(24), at[1]), 20, INK, "midright")

    def _say(self, what: str, colour: str) -> None:
        self._said, self._said_ticks, self._said_colour = what, round(SAID_S * HZ), colour

    def _said_lines(self, canvas: pygame.Surface) -> list[tuple[str, str]]:
        """(text, colour), as many lines as it takes, until it was there for long enough."""
        pen = self._window.pen
        self._said_ticks -= 1
        if self._said_ticks <= 0:
            self._said = ""
        room = canvas.get_width() - 6 * pen.px(MARGIN)
        lines = wrapped(self._said, lambda line: pen.width(line, TEXT), room) if self._said else []
        return [(line, self._said_colour) for line in lines]

    def _draw_help(self, canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        hints = [(row.what, row.said, "") for row in ROWS]
        self._window.pen.card(canvas, "Keys and mouse", [f"Back: {key_of(Do.HELP)}"], hints)


def wrapped(text: str, width: Callable[[str], int], room: int) -> list[str]:
    """Lines of whole words, each no wider than `room` where its words allow."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
