"""Ready to drive, or to correct: what is about to happen, with what in hand, and which keys to press."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pygame

from teleop.best import Best
from teleop.bindings import Drive, Flow, Meaning, Rewind
from teleop.disk import free_minutes
from teleop.frame import Command
from teleop.pen import ACCENT, DARK, DIM, INK, WARNING, Hint, Pen
from teleop.screens.facts import Fact, best_text, write_facts
from teleop.screens.light import draw_light
from teleop.screens.stage import Stage
from teleop.sinks.messages import HEAD

ESSENTIAL = (
    Drive.LEFT,
    Drive.RIGHT,
    Drive.GAS,
    Drive.BRAKE,
    Command.PAUSE,
    Rewind(1),
    Command.FINISH,
    Command.DISCARD,
)
"""What one has to know to drive; help shows the rest."""
BESIDE_A_LEARNER = (
    Command.RELEASE,
    Command.PAUSE,
    Rewind(1),
    Command.RELABEL,
    Command.SLOWER,
    Command.FINISH,
    Command.DISCARD,
)
"""What one has to know to correct a learner; how to drive they know."""
HEIGHT = 306
"""Of the keys, a row each and one above them."""
WIDEST = 960
"""Lines longer than this are no longer read at a glance."""
LINE = 82
"""Characters of a problem that fit on the smallest window."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A learner that is to be corrected."""

    learner: str
    """Its name."""
    touch: str
    """What a person's touch does while it drives."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is about to be driven."""

    track: int
    session: Path
    operator: str
    best: Best
    problems: Sequence[str] = ()
    """Of the settings."""
    beside: Beside | None = None
    """None where the person drives."""


def ready(stage: Stage, prospect: Prospect, practice: bool) -> Meaning | None:
    """Wait for PAUSE (start), PRACTICE (change between practice and recording) or QUIT."""
    pen = stage.window.pen
    facts = [*about(prospect), ("disk", room_text(free_minutes(prospect.session)))]

    def paint(canvas: pygame.Surface) -> None:
        canvas.fill(DARK)
        body = pygame.Rect(0, 0, min(canvas.get_width() - pen.px(84), pen.px(WIDEST)), canvas.get_height())
        body.centerx = canvas.get_rect().centerx
        title = "Ready to correct" if prospect.beside else "Ready to drive"
        pen.text(canvas, title, (body.centerx, pen.px(54)), 60, INK, "center")
        draw_light(pen, canvas, (body.centerx, pen.px(102)), recording=not practice)
        left, right = _columns(pen, body)
        write_facts(pen, canvas, [*facts, *at_hand(stage)], left)
        stage.window.pen.hints(canvas, [HEAD, *keys(stage, prospect)], right)
        _paint_problems(pen, canvas, prospect.problems, body)
        _paint_answers(stage, canvas, prospect, practice)

    return stage.ask(paint, Command.PAUSE, Flow.PRACTICE)


def about(prospect: Prospect) -> list[Fact]:
    """Where this will be recorded, by whom, and what there is to beat."""
    return [
        ("track", str(prospect.track)),
        ("session", prospect.session.stem),
        *_who(prospect),
        ("best", best_text(prospect.best)),
    ]


def _who(prospect: Prospect) -> list[Fact]:
    """Drives, and corrects."""
    you = prospect.operator or "you"
    if prospect.beside is None:
        return [("driver", you)]
    return [("driver", prospect.beside.learner), (you, f"{prospect.beside.touch} by a touch")]


def at_hand(stage: Stage) -> list[Fact]:
    """What is held now, and what else is within reach."""
    seat = stage.seat
    held = Counter(seat.name.split(" + "))  # a wheel, and pedals of another maker
    others = (Counter(seat.plugged) - held).elements()
    return [("in hand", seat.name), ("also here", ", ".join(others) or "no gamepad or wheel yet")]


def room_text(minutes: float) -> str:
    """ "room for 95 minutes"."""
    return f"room for {minutes:.0f} minutes" if minutes < 120 else f"room for {minutes / 60:,.0f} hours"


def _columns(pen: Pen, body: pygame.Rect) -> tuple[pygame.Rect, pygame.Rect]:
    """For the facts, and for the keys, which take a little more."""
    top = (body.height - pen.px(70 + HEIGHT)) // 2
    middle = body.centerx - pen.px(20)
    left = pygame.Rect(body.left, top, middle - pen.px(20) - body.left, 0)
    return left, pygame.Rect(middle, top, body.right - middle, 0)


def keys(stage: Stage, prospect: Prospect) -> list[Hint]:
    """What to press."""
    names = {binding.meaning: binding.what.split(",")[0] for binding in stage.seat.bindings.table}
    if prospect.beside is None:
        return [stage.hint(names[meaning], meaning) for meaning in ESSENTIAL]
    known = [stage.hint(names[meaning], meaning) for meaning in BESIDE_A_LEARNER if meaning in names]
    return [(prospect.beside.touch, "any driving key", "stick, trigger"), *known]


def _paint_problems(pen: Pen, canvas: pygame.Surface, problems: Sequence[str], body: pygame.Rect) -> None:
    """The first one; the console has said them all."""
    more = f"{len(problems)} problems, see the console: " if len(problems) > 1 else ""
    lines = textwrap.wrap(more + problems[0], LINE, max_lines=2, placeholder=" ...") if problems else []
    for row, line in enumerate(lines):
        y = body.bottom - pen.px(172 - 26 * row)
        pen.text(canvas, pen.elided(line, 22, body.width), (body.centerx, y), 22, WARNING, "center")


def _paint_answers(stage: Stage, canvas: pygame.Surface, prospect: Prospect, practice: bool) -> None:
    pen, middle, bottom = stage.window.pen, canvas.get_rect().centerx, canvas.get_height()
    begin = f"Press {stage.said(Command.PAUSE)} to {'begin' if prospect.beside else 'drive'}"
    pen.text(canvas, begin, (middle, bottom - pen.px(94)), 44, ACCENT, "center")
    others = {"record" if practice else "practise": Flow.PRACTICE, "every key": Flow.HELP, "quit": Flow.QUIT}
    text = "      ".join(f"{what}: {stage.said(meaning)}" for what, meaning in others.items())
    pen.text(canvas, text, (middle, bottom - pen.px(42)), 22, DIM, "center")
