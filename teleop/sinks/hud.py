"""What the driver sees: the world, and over it what is recorded, who drives, how fast and how well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pygame

from teleop.bindings import Bindings
from teleop.frame import COAST, HZ, Action, End, Frame, Outcome, Source, Start, Tick
from teleop.loop import REWOUND, Live, View
from teleop.pen import ACCENT, DARK, DIM, RECORDING, WARNING
from teleop.road import Floats
from teleop.sinks.gauges import Gauges
from teleop.sinks.ghost import draw_ghost, learners_next_second
from teleop.sinks.messages import Situation, help_message, message
from teleop.sinks.pace import Pace
from teleop.sinks.picture import draw_picture
from teleop.sinks.plates import draw_border, draw_driver, draw_light, draw_notices
from teleop.track_map import TrackMap
from teleop.window import Window

BEHIND_ROWS = 50
"""More rows than a commit's waiting for the disk, and with those in its hands a kill would cost more than the 100 rows
that are promised."""
MAP_SIZE = 150
NEWS_STEPS = 5 * HZ
"""News is shown in the first five seconds of an episode."""
JUMP_STEPS = HZ
"""For a second of driving it is told that somebody else went back."""
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


@runtime_checkable
class Metered(Protocol):
    """What a world adds whose speed people know in another unit than that of its pose."""

    @property
    def speedometer(self) -> tuple[str, float]:
        """(unit, how many make one of the pose's)."""


class Rows(Protocol):
    """Where frames go."""

    @property
    def rows_recorded(self) -> int: ...

    @property
    def rows_behind(self) -> int: ...


class Seated(Protocol):
    """Who is at the wheel, and what their keys mean."""

    @property
    def name(self) -> str: ...

    @property
    def person(self) -> bool: ...

    @property
    def bindings(self) -> Bindings: ...

    @property
    def help_wanted(self) -> bool: ...

    @property
    def ghost_wanted(self) -> bool: ...


class Hud:
    """Implements `loop.Sink`: shows every tick, stepped or not. Without `rows` it says that nothing is recorded.

    `news` is (what, how it is), told when an episode begins.
    """

    def __init__(
        self, window: Window, world: Shown, rows: Rows | None, seat: Seated, news: tuple[str, str] | None = None
    ) -> None:
        self._window, self._world, self._rows, self._seat, self._news = window, world, rows, seat, news
        self._pen = window.pen
        self._gauges = Gauges(window.pen)
        self._pace = Pace()
        self._unit, self._per_unit = world.speedometer if isinstance(world, Metered) else ("speed", 1.0)
        self._map: TrackMap | None = None

    def on_start(self, start: Start) -> None:
        self._start = start
        self._pace.clear()
        # Now, and not on the first tick: drawing a whole road takes 2 ms.
        self._map = TrackMap(start.road, self._pen.px(MAP_SIZE)) if start.road else None
        self._nobody_drove()
        self._action: Action = COAST
        self._nudge, self._time_scale, self._step = 0.0, 1.0, 0
        self._jump_s, self._jump_told = 0.0, range(0)

    def _nobody_drove(self) -> None:
        """Yet, or to where the car stands now."""
        self._driver = Source.LEARNER if self._start.learner else Source.HUMAN
        self._wishes: tuple[float, float] | None = None
        self._next_second: Floats | None = None
        self._kept_off_road = False

    def on_frame(self, frame: Frame) -> None:
        self._pace.note(frame)
        self._driver, self._action, self._nudge = frame.driver, frame.action, frame.nudge
        self._notice_a_jump(frame.tick.step)
        self._time_scale, self._step = frame.tick.time_scale, frame.tick.step + 1
        self._wishes = wishes(frame)
        self._next_second = learners_next_second(frame)
        self._kept_off_road = kept_off_road(frame)
        self._draw(frame.result, recording=True)
        self._draw_map(frame.result)
        draw_notices(self._window.canvas, self._pen, self._notices())
        self._window.present()

    def _notice_a_jump(self, step: int) -> None:
        """A stand-in goes back and drives on in one tick, where a person would see where they wait."""
        if step < self._step and not self._seat.person:
            self._jump_s, self._jump_told = (self._step - step) / HZ, range(step, step + JUMP_STEPS)

    def on_idle(self, tick: Tick, why: str) -> None:
        self._pace.rest()
        if why == REWOUND:
            self._nobody_drove()
        self._draw(tick.outcome, recording=False)
        if self._window.canvas.get_width() >= self._pen.px(NARROW):
            self._draw_map(tick.outcome)
        self._say(why, tick)
        self._window.present()

    def on_end(self, end: End) -> None:
        """Leave the last picture on the canvas, with the light off: the next screen may draw over it."""
        self._draw(end.outcome, recording=False)

    def _draw(self, outcome: Outcome, recording: bool) -> None:
        canvas, pen = self._window.canvas, self._pen
        picture = draw_picture(canvas, self._world.view(), bottom=self._gauges.strip(canvas).top)
        if self._next_second is not None and self._start.road and self._seat.ghost_wanted:
            draw_ghost(canvas, pen, picture, self._world.view(), self._start.road, self._next_second)
        speed = float(outcome.pose[3]) * self._per_unit, self._unit
        self._gauges.draw(canvas, speed, self._action, self._nudge, self._world.figures(), self._pace, self._wishes)
        colour = self._colour()
        if self._start.mode == "dagger":
            draw_border(canvas, pen, colour, bottom=self._gauges.strip(canvas).top)
        light = draw_light(canvas, pen, recording and self._rows is not None, *self._recorded())
        draw_driver(canvas, pen, self._who(), left=light.right, colour=colour)

    def _recorded(self) -> tuple[str, str]:
        """Beside the light."""
        if self._rows is not None:
            of_round = "" if self._start.round is None else f", round {self._start.round}"
            return "REC", f"{self._rows.rows_recorded:,} frames{of_round}"
        watched = self._start.learner is not None or self._start.expert != "human"
        return "watching" if watched else "practice", "not recorded"

    def _colour(self) -> str:
        """Beside a learner, of who drives: red is the person, amber the learner while hands steer along."""
        if self._start.mode != "dagger":
            return ACCENT
        if self._driver is Source.HUMAN:
            return RECORDING
        return WARNING if self._wishes else ACCENT

    def _who(self) -> str:
        """Drives, and what a person has in hand."""
        if self._driver is Source.HUMAN:
            you = "you drive" if self._start.learner else "you"
            return f"{you} · {self._seat.name}" if self._start.expert == "human" else f"{self._seat.name} drives"
        learner = self._start.learner if self._driver is Source.LEARNER else None
        drives = f"{learner['name'] if learner else self._driver.name.lower()} drives"
        if self._wishes:
            return f"{drives} · {'you steer' if self._seat.person else self._seat.name + ' steers'} along"
        return f"{drives} · {self._seat.name} in hand" if self._seat.person else drives

    def _notices(self) -> list[tuple[str, str]]:
        """(text, colour), each only while it is true."""
        notices = []
        if self._news is not None and self._step <= NEWS_STEPS:
            notices.append((": ".join(self._news), ACCENT))
        if self._start.mode == "dagger" and self._seat.person and self._kept_off_road:
            notices.append(("Off the road: yours until a wheel is back on it", WARNING))
        if self._step - 1 in self._jump_told:
            notices.append((f"{self._seat.name} went back {self._jump_s:g} s", ACCENT))
        if self._time_scale != 1.0:
            notices.append((f"{self._time_scale:g}x slow motion", ACCENT))
        if self._rows is not None and self._rows.rows_behind > BEHIND_ROWS:
            notices.append((f"The disk is slow: {self._rows.rows_behind:,} frames wait to be written", WARNING))
        return notices

    def _draw_map(self, outcome: Outcome) -> None:
        """In the corner above the gauges, where a world has a road."""
        road, size = self._start.road, self._pen.px(MAP_SIZE)
        if road is None:
            return
        if self._map is None or self._map.size != size:  # the window was resized
            self._map = TrackMap(road, size)
        canvas = self._window.canvas
        plate = pygame.Rect(0, 0, size, size + self._pen.px(26))
        plate.bottomright = canvas.get_width() - self._pen.px(16), self._gauges.strip(canvas).top - self._pen.px(16)
        self._pen.panel(canvas, plate)
        visited = self._world.visited if isinstance(self._world, Tiled) else None
        self._map.draw(canvas, plate.topleft, visited=visited, car=outcome.pose)
        foot = plate.centerx, plate.bottom - self._pen.px(18)
        colour = WARNING if self._map.missed else DIM
        self._pen.text(canvas, f"tiles missed: {self._map.missed}", foot, 20, colour, "center")

    def _say(self, why: str, tick: Tick) -> None:
        seat = self._seat
        now = Situation(
            seat.bindings,
            person=seat.person,
            recorded=self._rows is not None,
            seconds_back=(self._step - tick.step) / HZ,
            time_scale=tick.time_scale,
            focused=self._window.focused,
            live=isinstance(self._world, Live),
            learner=self._start.mode == "dagger",
            takes_over=self._start.gate != "shadow",
            repeatable=tick.drove_here is Source.LEARNER,
        )
        if seat.help_wanted:
            self._window.canvas.fill(DARK)
        said = help_message(why, now) if seat.help_wanted else message(why, now)
        self._pen.card(self._window.canvas, said.title, said.lines, said.hints, said.colour)


def kept_off_road(frame: Frame) -> bool:
    """Hands are off and yet the person drives, where no gate gives back (see `gates.TakeOver`)."""
    return frame.driver is Source.HUMAN and not frame.hands_on and frame.result.wheels_on_road == 0


def wishes(frame: Frame) -> tuple[float, float] | None:
    """How the person and the learner would steer, [-1, 1] each; None unless both say so."""
    human, learner = (frame.proposals.get(source) for source in (Source.HUMAN, Source.LEARNER))
    if not frame.hands_on or human is None or learner is None:
        return None
    return float(human[0]), float(learner[0])
