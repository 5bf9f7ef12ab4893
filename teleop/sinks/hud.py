"""What the driver sees: the world, and over it what is recorded, who drives, how fast and how well."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Protocol

import pygame

from teleop.bindings import Bindings, Flow, Rewind
from teleop.frame import COAST, HZ, Action, Command, End, Frame, Source, Start, Tick
from teleop.loop import CRASHED, PAUSED, REWOUND, View
from teleop.pen import ACCENT, DARK, DIM, INK, RECORDING, TRACK, WARNING, Hint
from teleop.window import FOCUS_LOST, SIZE, Window

DASHBOARD = pygame.Rect(0, 700, SIZE[0], 100)
"""Over the world's own dashboard, which shows the same less clearly."""
BEHIND_ROWS = 50
"""More rows than a commit's waiting for the disk, and with those in its hands a kill would cost more than the 100 rows
that are promised."""
LATE_MS = 20.0
"""Lateness worth a colour: a whole tick. Less is felt by nobody, and recorded anyway."""


class Shown(Protocol):
    """A world that can be shown."""

    def view(self) -> View: ...

    def figures(self) -> Mapping[str, float | int | None]: ...


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


class Hud:
    """Implements `loop.Sink`: shows every tick, stepped or not."""

    def __init__(self, window: Window, world: Shown, rows: Rows, seat: AtTheWheel) -> None:
        self._window, self._world, self._rows, self._seat = window, world, rows, seat
        self._pen = window.pen
        self._expert = "human"
        self._late_ms: deque[float] = deque(maxlen=HZ)
        self._times_ns: deque[int] = deque(maxlen=HZ + 1)
        self._driver = Source.HUMAN
        self._action: Action = COAST

    def on_start(self, start: Start) -> None:
        self._expert = start.expert
        self._late_ms.clear()
        self._times_ns.clear()
        self._driver, self._action = Source.HUMAN, COAST

    def on_frame(self, frame: Frame) -> None:
        self._late_ms.append(frame.late_ns / 1e6)
        self._times_ns.append(frame.tick.time_ns)
        self._driver, self._action = frame.driver, frame.action
        self._draw(float(frame.result.pose[3]), recording=True)
        self._window.present()

    def on_idle(self, tick: Tick, why: str) -> None:
        # A pause is no tick: counting it would make the cadence look slow.
        self._times_ns.clear()
        self._draw(float(tick.outcome.pose[3]), recording=False)
        self._pen.card(self._window.canvas, *message(why, self._seat.bindings))
        self._window.present()

    def on_end(self, end: End) -> None:
        """Leave the last picture on the canvas, with the light off: `screens.over` draws on it."""
        self._times_ns.clear()
        self._draw(float(end.outcome.pose[3]), recording=False)

    def _draw(self, speed: float, recording: bool) -> None:
        canvas = self._window.canvas
        self._world.view().draw(canvas)
        pygame.draw.rect(canvas, DARK, DASHBOARD)
        self._draw_recording(canvas, recording)
        self._draw_driver(canvas)
        self._draw_speed(canvas, speed)
        self._draw_controls(canvas)
        self._draw_score(canvas)
        if self._rows.rows_behind > BEHIND_ROWS:
            self._draw_behind(canvas)

    def _draw_recording(self, canvas: pygame.Surface, recording: bool) -> None:
        """The light, and the count that says it tells the truth. Off is a ring, not only another colour."""
        plate = pygame.Rect(16, 16, 236, 40)
        self._pen.panel(canvas, plate)
        pygame.draw.circle(
            canvas, RECORDING if recording else DIM, (plate.left + 22, plate.centery), 8, 0 if recording else 2
        )
        self._pen.text(canvas, "REC", (plate.left + 40, plate.centery + 1), 26, INK if recording else DIM, "midleft")
        count = f"{self._rows.rows_recorded:,} frames"
        self._pen.text(canvas, count, (plate.right - 16, plate.centery + 1), 24, INK, "midright")

    def _draw_driver(self, canvas: pygame.Surface) -> None:
        text = self._driver.name.lower()
        if self._driver is Source.HUMAN:
            text = f"you · {self._seat.name}" if self._expert == "human" else self._seat.name
        plate = pygame.Rect(0, 16, self._pen.width(text, 24) + 32, 40)
        plate.right = SIZE[0] - 16
        self._pen.panel(canvas, plate)
        self._pen.text(canvas, text, (plate.centerx, plate.centery + 1), 24, ACCENT, "center")

    def _draw_speed(self, canvas: pygame.Surface, speed: float) -> None:
        self._pen.text(canvas, f"{speed:.0f}", (96, DASHBOARD.centery - 8), 60, INK, "midright")
        self._pen.text(canvas, "speed", (106, DASHBOARD.centery + 2), 22, DIM, "midleft")
        self._draw_cadence(canvas)

    def _draw_cadence(self, canvas: pygame.Surface) -> None:
        """Over the last second; nothing while the car stands."""
        elapsed_ns = self._times_ns[-1] - self._times_ns[0] if self._times_ns else 0
        if not elapsed_ns:
            return
        hz = (len(self._times_ns) - 1) * 1e9 / elapsed_ns
        late = max(self._late_ms)
        text = f"{hz:.1f} Hz" if late < LATE_MS else f"{hz:.1f} Hz, {late:.0f} ms late"
        self._pen.text(canvas, text, (28, DASHBOARD.bottom - 16), 20, DIM if late < LATE_MS else WARNING, "midleft")

    def _draw_controls(self, canvas: pygame.Surface) -> None:
        steering, gas, brake = (float(value) for value in self._action)
        left, width = 270, 400
        self._gauge(canvas, "steering", (left, 720), width, steering, signed=True)
        self._gauge(canvas, "gas", (left, 748), width, gas)
        self._gauge(canvas, "brake", (left, 776), width, brake, colour=WARNING)

    def _gauge(
        self,
        canvas: pygame.Surface,
        name: str,
        xy: tuple[int, int],
        width: int,
        value: float,
        colour: str = ACCENT,
        signed: bool = False,
    ) -> None:
        """A bar from its left end, or from its middle where the value is signed."""
        self._pen.text(canvas, name, (xy[0], xy[1]), 20, DIM, "midleft")
        bar = pygame.Rect(xy[0] + 72, xy[1] - 7, width - 72, 14)
        pygame.draw.rect(canvas, TRACK, bar, border_radius=4)
        origin = bar.centerx if signed else bar.left
        length = round(value * (bar.width / 2 if signed else bar.width))
        pygame.draw.rect(canvas, colour, (min(origin, origin + length), bar.top, abs(length), bar.height))
        if signed:
            pygame.draw.line(canvas, INK, (bar.centerx, bar.top - 3), (bar.centerx, bar.bottom + 2), 2)

    def _draw_score(self, canvas: pygame.Surface) -> None:
        figures = self._world.figures()
        self._pen.text(canvas, f"{figures['score']:.0f}", (870, DASHBOARD.centery - 8), 60, INK, "midright")
        self._pen.text(canvas, "score", (880, DASHBOARD.centery + 2), 22, DIM, "midleft")
        steps = figures.get("steps")
        lap = f"lap {lap_text((steps or 0) / HZ)}"
        self._pen.text(canvas, lap, (740, DASHBOARD.bottom - 16), 20, DIM, "midleft")

    def _draw_behind(self, canvas: pygame.Surface) -> None:
        text = f"The disk is slow: {self._rows.rows_behind:,} frames wait to be written"
        plate = pygame.Rect(0, 68, self._pen.width(text, 24) + 40, 40)
        plate.centerx = SIZE[0] // 2
        self._pen.panel(canvas, plate)
        self._pen.text(canvas, text, plate.center, 24, WARNING, "center")


def lap_text(seconds: float) -> str:
    """1:07.3"""
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def message(why: str, bindings: Bindings) -> tuple[str, list[str], list[Hint], str]:
    """Title, lines, hints and colour for a tick that was not stepped."""
    choices = [
        ("go back 1 s", *bindings.hint(Rewind(1))),
        ("finish: keep it", *bindings.hint(Command.FINISH)),
        ("discard it", *bindings.hint(Command.DISCARD)),
    ]
    if why == CRASHED:
        return "Off the playfield", ["The picture holds. What was driven so far is safe."], choices, WARNING
    hints = [
        ("go on", *bindings.hint(Command.PAUSE)),
        *choices,
        ("next track", *bindings.hint(Flow.NEXT)),
        ("quit", *bindings.hint(Flow.QUIT)),
    ]
    if why == REWOUND:
        return "Rewound", ["Touch a control to drive on from here."], hints, INK
    if why == PAUSED:
        return "Paused", ["Nothing is recorded while the car stands still here."], hints, INK
    remedy = "Click it to come back." if why == FOCUS_LOST else "Plug it in again, or go on with the keyboard."
    return why[0].upper() + why[1:], [remedy, "Nothing was recorded meanwhile."], hints, WARNING
