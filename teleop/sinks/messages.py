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


def message(why: str, bindings: Bindings, seconds_back: float = 0.0) -> Message:
    """For a tick that was not stepped. `seconds_back`: how far rewinding went since the car was last driven."""
    if why == CRASHED:
        lines = ("The picture holds. What was driven so far is safe.",)
        return Message("Off the playfield", lines, choices(bindings, "go back 1 s"), WARNING)
    leave = (("next track", *bindings.hint(Flow.NEXT)), ("quit", *bindings.hint(Flow.QUIT)))
    hints = choices(bindings, "go back 1 s") + leave
    if why == REWOUND:
        title = f"Rewound {seconds_back:.1f} s"
        return Message(title, (go_on(bindings),), choices(bindings, "one more second back") + leave)
    if why == PAUSED:
        return Message("Paused", (go_on(bindings), "Meanwhile nothing is recorded."), hints)
    remedy = "Click it to come back." if why == FOCUS_LOST else "Plug it in again, or go on with another device."
    return Message(why[0].upper() + why[1:], (remedy, go_on(bindings)), hints, WARNING)


def help_message(bindings: Bindings) -> Message:
    """Everything that can be pressed."""
    return Message("Keys and buttons", (go_on(bindings),), (HEAD, *bindings.help_table()))


def go_on(bindings: Bindings) -> str:
    """How a pause ends."""
    presses = " or ".join(press for press in bindings.hint(Command.PAUSE) if press)
    return f"Touch a control or press {presses} to drive on."


def choices(bindings: Bindings, back: str) -> tuple[Hint, ...]:
    """What can be done with what was driven."""
    return (
        HEAD,
        (back, *bindings.hint(Rewind(1))),
        ("finish: keep it", *bindings.hint(Command.FINISH)),
        ("discard it", *bindings.hint(Command.DISCARD)),
    )
