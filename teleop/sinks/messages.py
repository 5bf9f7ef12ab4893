"""What is said over the picture while nothing is stepped, in a person's words."""

from __future__ import annotations

from dataclasses import dataclass

from teleop.bindings import Bindings, Flow, Rewind
from teleop.frame import Command
from teleop.loop import CRASHED, PAUSED, REWOUND
from teleop.pen import INK, WARNING, Hint
from teleop.window import FOCUS_LOST

HEAD = ("", "keyboard", "gamepad")
"""Of the columns that say what to press."""


@dataclass(frozen=True, slots=True)
class Message:
    """A card's text."""

    title: str
    lines: tuple[str, ...]
    hints: tuple[Hint, ...]
    colour: str = INK
    """Of the title."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a message depends on, beside why nothing is stepped."""

    bindings: Bindings
    person: bool = True
    """Somebody's hands drive: touching a control ends a pause."""
    recorded: bool = True
    """While driving, frames are kept."""
    seconds_back: float = 0.0
    """How far rewinding went since the car was last driven."""
    time_scale: float = 1.0
    """At which driving goes on."""
    focused: bool = True
    """The window has the focus, again."""
    learner: bool = False
    """A learner drives, and..."""
    takes_over: bool = True
    """...a touch takes over; otherwise hands steer along."""
    repeatable: bool = False
    """From here it drove by itself."""
    live: bool = False
    """The car rolls on meanwhile, and there is no going back."""


def message(why: str, now: Situation) -> Message:
    """For a tick that was not stepped."""
    answers = choices(now, "one more second back" if why == REWOUND else "go back 1 s")
    if why == CRASHED:
        safe = ("What was driven so far is safe.",) if now.recorded else ()
        return Message("Off the playfield", ("The picture holds.", *safe), answers, WARNING)
    hints = answers + ways_out(now)
    if now.repeatable:
        again = ("let it happen again, steer along", *now.bindings.hint(Command.RELABEL))
        hints = (HEAD, again, *hints[1:])
    if why == REWOUND:
        title = f"Rewound {now.seconds_back:.1f} s" if now.seconds_back else "Back at the start"
        return Message(title, (go_on(now),), hints)
    if why == PAUSED:
        rolls = ("The car rolls on without gas.",) if now.live else ()
        recorded = ("Meanwhile nothing is recorded.",) if now.recorded else ()
        return Message("Paused", (go_on(now), *rolls, *recorded), hints)
    remedy = "Plug it in again, or go on with another device."
    if why == FOCUS_LOST:
        remedy = "It is back." if now.focused else "Click it to come back."
    return Message(why[0].upper() + why[1:], (remedy, go_on(now)), hints, WARNING)


def help_message(why: str, now: Situation) -> Message:
    """Everything that can be pressed, for a tick that was not stepped."""
    back = f"Back: {now.bindings.said(Flow.HELP)}" if why == CRASHED else go_on(now)
    return Message("Keys and buttons", (back,), (HEAD, *now.bindings.help_table()))


def go_on(now: Situation) -> str:
    """How a pause ends."""
    presses = now.bindings.said(Command.PAUSE)
    pace = "" if now.time_scale == 1.0 else f" at {now.time_scale:g}x"
    if now.learner and now.person:
        touch = "take over" if now.takes_over else "steer along"
        return f"Touch a control to {touch}{pace}, or press {presses} to let the learner drive on."
    return (
        f"Touch a control or press {presses} to drive on{pace}." if now.person else f"Press {presses} to go on{pace}."
    )


def choices(now: Situation, back: str) -> tuple[Hint, ...]:
    """What can be done with what was driven."""
    rewind = () if now.live else ((back, *now.bindings.hint(Rewind(1))),)
    if not now.recorded:
        again = () if now.live else (("same track again", *now.bindings.hint(Flow.AGAIN)),)
        return HEAD, *rewind, *again
    finish = ("finish: keep it", *now.bindings.hint(Command.FINISH))
    return HEAD, *rewind, finish, ("discard it", *now.bindings.hint(Command.DISCARD))


def ways_out(now: Situation) -> tuple[Hint, ...]:
    """Of this drive, and of not knowing what to press."""
    leave, more = (now.bindings.hint(flow) for flow in (Flow.QUIT, Flow.HELP))
    onward = () if now.live else (("next track", *now.bindings.hint(Flow.NEXT)),)
    return *onward, ("quit", *leave), ("every key and button", *more)
