"""How it went, and what is next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pygame

from teleop.best import Best
from teleop.bindings import Flow, Meaning
from teleop.frame import Command, End
from teleop.loop import View
from teleop.pen import ACCENT, DARK, DIM, INK, WARNING, Hint, Pen
from teleop.road import Road
from teleop.screens.facts import PITCH, Fact, best_text, write_facts
from teleop.screens.light import draw_light
from teleop.screens.stage import Stage
from teleop.sinks.gauges import lap_text
from teleop.sinks.picture import SHOWN, draw_picture
from teleop.track_map import TrackMap
from teleop.words import counted

TITLES = {
    "finished": "Lap finished",
    "stopped": "Stopped here",
    "crashed": "Off the playfield",
    "truncated": "Out of time",
    "discarded": "Discarded",
}
GLANCE_S = 2.0
"""Where nobody is asked, somebody may still look."""
MAP = 330


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """An episode that is over."""

    track: int
    end: End
    recorded: bool
    road: Road
    visited: npt.NDArray[np.bool_]
    """(tiles,): those that a wheel touched."""
    line: npt.NDArray[np.float32]
    """(T, 2) world units: where the car went, without what a rewind took back."""
    before: Best | None = None
    """The best until then; None where nothing is ever recorded."""
    news: Fact | None = None
    """What else is to be known by now."""

    @property
    def best(self) -> Best:
        """With this episode, where it counts."""
        before = self.before or Best()
        return before.after_episode(self.end) if self.recorded else before


def summarise(stage: Stage, driven: Driven, view: View, next_track: int | None, practice: bool) -> Meaning | None:
    """Show it over the last picture; NEXT, AGAIN, PRACTICE (change between practice and recording) or QUIT.

    None when nobody answered: where no person drives, nobody is asked.
    """
    pen, hints = stage.window.pen, choices(stage, driven, next_track, practice)
    track_map = lru_cache(maxsize=1)(partial(TrackMap, driven.road))  # anew only when the window is resized

    def paint(canvas: pygame.Surface) -> None:
        draw_picture(canvas, view, round(canvas.get_height() * SHOWN))
        body = _draw_plate(pen, canvas)
        _paint_result(pen, canvas, driven, body)
        picture = track_map(pen.px(MAP))
        picture.draw(canvas, (body.right - picture.size, body.top), driven.visited, driven.line)
        if stage.seat.person:
            below_map = body.right - picture.size // 2, body.top + pen.px(MAP + 36)
            draw_light(pen, canvas, below_map, recording=not practice)
        height = pen.px(PITCH) * len(hints)
        pen.hints(canvas, hints, pygame.Rect(body.left + pen.px(80), body.bottom - height, pen.px(580), height))

    answer = stage.ask(paint, *answers(stage), seconds=math.inf if stage.seat.person else GLANCE_S)
    return Flow.NEXT if answer is Command.PAUSE else answer


def answers(stage: Stage) -> tuple[Meaning, ...]:
    """Who only watches does not change what is recorded."""
    onward = (Command.PAUSE, Flow.NEXT, Flow.AGAIN)
    return (*onward, Flow.PRACTICE) if stage.seat.person else onward


def choices(stage: Stage, driven: Driven, next_track: int | None, practice: bool) -> list[Hint]:
    """What can be answered, and how."""
    onward = "leave: it was the last" if next_track is None else f"next: track {next_track}"
    hints = [stage.hint(onward, Flow.NEXT), stage.hint(f"track {driven.track} again", Flow.AGAIN)]
    if stage.seat.person:
        hints.append(stage.hint("record again" if practice else "practise, unrecorded", Flow.PRACTICE))
    return [*hints, stage.hint("quit", Flow.QUIT)]


def headline(driven: Driven) -> str:
    """ "Track 7: new best score and lap time"."""
    new = [what for what, is_best in _new_best(driven).items() if is_best]
    return f"Track {driven.track}" + (f": new best {' and '.join(new)}" if new else "")


def _new_best(driven: Driven) -> dict[str, bool]:
    before, best = driven.before or Best(), driven.best
    return {"score": best.score != before.score, "lap time": best.lap_time_s != before.lap_time_s}


def result(driven: Driven) -> list[Fact]:
    """Lap, tiles, what became of the frames, news, and the best so far."""
    lap_time_s = driven.end.figures["lap_time_s"]
    tiles, touched = len(driven.visited), int(driven.visited.sum())
    # Of a lap that was not finished, most tiles were not missed but only not reached.
    tiles_text = f"{touched} of {tiles} touched" if lap_time_s is None else f"{tiles - touched} of {tiles} missed"
    facts = [
        ("lap", "not finished" if lap_time_s is None else lap_text(lap_time_s)),
        ("tiles", tiles_text),
        ("frames", frames_text(driven)),
        *corrections(driven),
        *([driven.news] if driven.news else []),
    ]
    return facts if driven.before is None else [*facts, ("best", best_text(driven.best))]


def corrections(driven: Driven) -> list[Fact]:
    """ "3 takeovers, 120 frames labelled", where a learner drove."""
    figures = driven.end.figures
    if "takeover_rows" not in figures:
        return []
    labelled = int(figures["takeover_rows"] or 0) + int(figures["shadow_rows"] or 0)
    rows = 0 if driven.end.why == "discarded" else labelled
    takeovers = counted(int(figures["interventions"] or 0), "takeover")
    return [("corrected", f"{takeovers}, {counted(rows, 'frame')} labelled")]


def frames_text(driven: Driven) -> str:
    """ "1,065 kept, 50 rewound"."""
    end = driven.end
    if not driven.recorded:
        return "not recorded"
    if end.why == "discarded":
        return f"{end.steps:,} marked as bad"
    rewound = f", {end.steps - end.step:,} rewound" if end.steps > end.step else ""
    return f"{end.step:,} kept{rewound}"


def _draw_plate(pen: Pen, canvas: pygame.Surface) -> pygame.Rect:
    """Where to write on it."""
    plate = pygame.Rect(0, 0, pen.px(810), pen.px(600))
    plate.center = canvas.get_rect().center
    pygame.draw.rect(canvas, DARK, plate, border_radius=pen.px(12))
    return plate.inflate(-pen.px(64), -pen.px(56))


def _paint_result(pen: Pen, canvas: pygame.Surface, driven: Driven, rect: pygame.Rect) -> None:
    why = driven.end.why
    colour = WARNING if why in ("crashed", "discarded") else INK
    pen.text(canvas, TITLES[why], (rect.left, rect.top + pen.px(20)), 48, colour, "midleft")
    pen.text(canvas, headline(driven), (rect.left, rect.top + pen.px(64)), 24, ACCENT, "midleft")
    score = f"{driven.end.figures['score']:.0f}"
    number = pen.text(canvas, score, (rect.left, rect.top + pen.px(132)), 92, INK, "midleft")
    pen.text(canvas, "score", (number.right + pen.px(14), number.bottom - pen.px(18)), 24, DIM, "midleft")
    facts = pygame.Rect(rect.left, rect.top + pen.px(190), rect.width - pen.px(MAP + 20), 0)
    write_facts(pen, canvas, result(driven), facts)
