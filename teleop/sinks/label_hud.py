"""What somebody sees who labels a recorded drive: the drive, what was wanted then, and what their hands say now."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pygame

from teleop.bindings import Flow, Rewind
from teleop.frame import HZ, Action, Command, End, Frame, Outcome, Source, Start, Tick
from teleop.loop import CRASHED, PAUSED, REWOUND
from teleop.pen import ACCENT, DARK, DIM, INK, RECORDING, TRACK, WARNING, Hint
from teleop.sinks.gauges import CONTROLS, FIGURES, HEIGHT, fill
from teleop.sinks.hud import Seated, Shown
from teleop.sinks.messages import HEAD
from teleop.sinks.pace import Pace
from teleop.sinks.picture import draw_picture
from teleop.sinks.plates import draw_border, draw_driver, draw_light, draw_notices
from teleop.window import Window

BARS = (("steering", 0.26), ("gas", 0.53), ("brake", 0.8))
"""Of an action's numbers, and how far down the strip."""
NOW, BEFORE = RECORDING, ACCENT


class Labelled(Protocol):
    """Where labels go."""

    @property
    def name(self) -> str:
        """Of the layer."""

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """(K,): which steps have a label by now."""


def labelled_words(labels: Labelled) -> str:
    """ "312 of 1,042 frames have a label in layer careful"."""
    return f"{labels.labelled.sum():,} of {len(labels.labelled):,} frames have a label in layer {labels.name}."


class LabelHud:
    """Implements `loop.Sink`: shows every tick, played or not.

    Every control has two bars: above what hands say now, below what was said before.
    """

    def __init__(
        self,
        window: Window,
        world: Shown,
        seat: Seated,
        labels: Labelled,
        name: str,
        before: npt.NDArray[np.float32],
        hz: float = HZ,
    ) -> None:
        """`name` of what is played; `before` (K, 3): the label of each step until now; `hz` steps a second."""
        self._window, self._world, self._seat, self._labels = window, world, seat, labels
        self._name, self._before, self._hz = name, before, hz
        self._pen, self._pace = window.pen, Pace()

    def on_start(self, start: Start) -> None:
        self._pace.clear()
        self._now: Action | None = None
        self._step = self._played_to = 0
        """What is shown, and how far it had played before a rewind."""
        self._time_scale = 1.0

    def on_frame(self, frame: Frame) -> None:
        self._pace.note(frame)
        self._step, self._time_scale = frame.tick.step, frame.tick.time_scale
        self._played_to = self._step + 1
        self._now = frame.proposals[Source.HUMAN] if frame.hands_on else None
        self._draw(frame.result)
        if self._time_scale != 1.0:
            draw_notices(self._window.canvas, self._pen, [(f"{self._time_scale:g}x slow motion", ACCENT)])
        self._window.present()

    def on_idle(self, tick: Tick, why: str) -> None:
        self._pace.rest()
        self._step, self._now = tick.step, None
        self._draw(tick.outcome)
        self._say(why)
        self._window.present()

    def on_end(self, end: End) -> None:
        """Leave the last picture on the canvas: the next screen may draw over it."""
        self._now = None
        self._draw(end.outcome)

    def _draw(self, outcome: Outcome) -> None:
        canvas, pen = self._window.canvas, self._pen
        strip = pygame.Rect(0, canvas.get_height() - pen.px(HEIGHT), canvas.get_width(), pen.px(HEIGHT))
        draw_picture(canvas, self._world.view(), bottom=strip.top)
        pygame.draw.rect(canvas, DARK, strip)
        self._draw_timeline(canvas, strip)
        self._draw_bars(canvas, strip)
        self._draw_place(canvas, strip, float(outcome.pose[3]))
        on = self._now is not None
        draw_border(canvas, pen, NOW if on else BEFORE, bottom=strip.top)
        light = draw_light(canvas, pen, on, "LABEL", f"{self._labels.labelled.sum():,} frames")
        draw_driver(canvas, pen, self._who(on), left=light.right, colour=NOW if on else BEFORE)

    def _who(self, on: bool) -> str:
        who = f"you · {self._seat.name}" if self._seat.person else self._seat.name
        return f"{who}: labelling" if on else f"{who}: hands off, nothing is labelled"

    def _draw_timeline(self, canvas: pygame.Surface, strip: pygame.Rect) -> None:
        """Along the strip's top: what is labelled of all of it, and where it plays."""
        line = pygame.Rect(strip.left, strip.top, strip.width, self._pen.px(6))
        pygame.draw.rect(canvas, TRACK, line)
        edges = np.flatnonzero(np.diff(self._labels.labelled, prepend=False, append=False)).reshape(-1, 2)
        for begin, end in edges / len(self._before):
            fill(canvas, line, begin, end, NOW)
        x = line.left + round(line.width * self._step / len(self._before))
        pygame.draw.rect(canvas, INK, (x - 1, line.top, 3, line.height))

    def _draw_bars(self, canvas: pygame.Surface, strip: pygame.Rect) -> None:
        pen, left, width = self._pen, round(strip.width * CONTROLS[0]), round(strip.width * CONTROLS[1])
        before = self._before[min(self._step, len(self._before) - 1)]
        label = pen.width("steering", 20) + pen.px(12)
        for index, (name, down) in enumerate(BARS):
            y = strip.top + round(strip.height * down)
            pen.text(canvas, name, (left, y), 20, DIM, "midleft")
            bar = pygame.Rect(left + label, y - pen.px(9), width - label, pen.px(18))
            pygame.draw.rect(canvas, TRACK, bar)
            upper, lower = bar.copy(), bar.copy()
            upper.height = lower.height = bar.height // 2 - 1
            lower.bottom = bar.bottom
            for half, action, colour in ((upper, self._now, NOW), (lower, before, BEFORE)):
                if action is not None and np.isfinite(action[index]):
                    value, zero = float(action[index]), 0.5 if index == 0 else 0.0
                    fill(canvas, half, zero, zero + value * (1 - zero), colour)
            if index == 0:
                pygame.draw.rect(canvas, INK, (bar.centerx - 1, bar.top - 3, 2, bar.height + 6))

    def _draw_place(self, canvas: pygame.Surface, strip: pygame.Rect, speed: float) -> None:
        """Speed and pace at the left; at the right how far it has played, and which bar is which."""
        pen, left, right = self._pen, self._pen.px(24), round(strip.width * FIGURES)
        head, foot = (strip.top + round(strip.height * part) for part in (0.4, 0.84))
        end = left + pen.width("0000", 60)
        pen.text(canvas, f"{speed:.0f}", (end, head), 60, INK, "midright")
        pen.text(canvas, "speed", (end + pen.px(10), head + pen.px(10)), 22, DIM, "midleft")
        pen.text(canvas, str(self._pace), (left, foot), 20, WARNING if self._pace.late else DIM, "midleft")
        played, all_of_it = self._step / self._hz, len(self._before) / self._hz
        pen.text(canvas, f"{played:.1f} of {all_of_it:.1f} s", (right, head - pen.px(8)), 34, INK, "midleft")
        pen.text(canvas, self._name, (right, head + pen.px(18)), 20, DIM, "midleft")
        now = pen.text(canvas, "above now", (right, foot), 20, NOW, "midleft")
        pen.text(canvas, "below before", (now.right + pen.px(10), foot), 20, BEFORE, "midleft")

    # What is said while nothing plays ---------------------------------------------------------------------------------

    def _say(self, why: str) -> None:
        bindings, canvas = self._seat.bindings, self._window.canvas
        if self._seat.help_wanted:
            canvas.fill(DARK)
            self._pen.card(canvas, "Keys and buttons", [self._go_on(why)], (HEAD, *bindings.help_table()))
            return
        colour = INK if why in (PAUSED, REWOUND) else WARNING
        self._pen.card(
            canvas, self._title(why), [self._go_on(why), labelled_words(self._labels)], self._hints(), colour
        )

    def _title(self, why: str) -> str:
        if why == REWOUND:
            return f"Rewound {(self._played_to - self._step) / self._hz:.1f} s"
        if why == PAUSED:
            return self._name[0].upper() + self._name[1:] if self._step == 0 else "Paused"
        if why == CRASHED:
            return "Off the playfield"
        return why[0].upper() + why[1:]

    def _go_on(self, why: str) -> str:
        if why == CRASHED:
            return "There it ends: go back, or be done with it."
        presses = self._seat.bindings.said(Command.PAUSE)
        if not self._seat.person:
            return f"Press {presses} to go on."
        return f"Steer, or press {presses}, and it plays on; while hands are on, they label."

    def _hints(self) -> tuple[Hint, ...]:
        hint = self._seat.bindings.hint
        return (
            HEAD,
            ("go back 1 s", *hint(Rewind(1))),
            ("slower", *hint(Command.SLOWER)),
            ("done: keep the labels", *hint(Command.FINISH)),
            ("take back what was labelled now", *hint(Command.DISCARD)),
            ("next episode", *hint(Flow.NEXT)),
            ("quit", *hint(Flow.QUIT)),
            ("every key and button", *hint(Flow.HELP)),
        )
