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


def message(
    why: str, bindings: Bindings, seconds_back: float = 0.0, person: bool = True, recorded: bool = True
) -> Message:
    """For a tick that was not stepped. `seconds_back`: how far rewinding went since the car was last driven; `person`:
    somebody holds a control; `recorded`: what is driven is kept."""
    back, drive_on = choices(bindings, "go back 1 s", recorded), go_on(bindings, person)
    if why == CRASHED:
        safe = ("The picture holds. What was driven so far is safe.",) if recorded else ("The picture holds.",)
        return Message("Off the playfield", safe, back, WARNING)
    leave = (("next track", *bindings.hint(Flow.NEXT)), ("quit", *bindings.hint(Flow.QUIT)))
    if why == REWOUND:
        title = f"Rewound {seconds_back:.1f} s"
        return Message(title, (drive_on,), choices(bindings, "one more second back", recorded) + leave)
    if why == PAUSED:
        lines = (drive_on, "Meanwhile nothing is recorded.") if recorded else (drive_on,)
        return Message("Paused", lines, back + leave)
    remedy = "Click it to come back." if why == FOCUS_LOST else "Plug it in again, or go on with another device."
    return Message(why[0].upper() + why[1:], (remedy, drive_on), back + leave, WARNING)


def help_message(bindings: Bindings, person: bool = True) -> Message:
    """Everything that can be pressed."""
    return Message("Keys and buttons", (go_on(bindings, person),), (HEAD, *bindings.help_table()))


def go_on(bindings: Bindings, person: bool = True) -> str:
    """How a pause ends."""
    presses = " or ".join(press for press in bindings.hint(Command.PAUSE) if press)
    return f"Touch a control or press {presses} to drive on." if person else f"Press {presses} to drive on."


def choices(bindings: Bindings, back: str, recorded: bool = True) -> tuple[Hint, ...]:
    """What can be done with what was driven."""
    rewind = (back, *bindings.hint(Rewind(1)))
    if not recorded:
        return HEAD, rewind, ("same track again", *bindings.hint(Flow.AGAIN))
    finish = ("finish: keep it", *bindings.hint(Command.FINISH))
    return HEAD, rewind, finish, ("discard it", *bindings.hint(Command.DISCARD))
