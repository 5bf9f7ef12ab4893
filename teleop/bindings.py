"""What every key and button means: the one table; pressing, help and on-screen hints all read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import pygame

from teleop.frame import Command


class Drive(Enum):
    """What a key does to the car while it is held."""

    LEFT = "left"
    RIGHT = "right"
    GAS = "gas"
    BRAKE = "brake"


class Flow(Enum):
    """What a person can tell the flow around the loop; in mid-drive NEXT, AGAIN and QUIT finish the episode first."""

    NEXT = "next"
    AGAIN = "again"
    """The same track once more."""
    PRACTICE = "practice"
    """Drive without recording, or record again; asked for between episodes."""
    GHOST = "ghost"
    """Show where the learner is in the next second, or don't."""
    HELP = "help"
    """Pause and show every key and button."""
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Rewind:
    """Go back, in one press."""

    seconds: int
    """1 to 5."""


Meaning = Drive | Command | Rewind | Flow


@dataclass(frozen=True, slots=True)
class Binding:
    """One meaning, and everything that says it."""

    meaning: Meaning
    what: str
    """For the help text."""
    keys: tuple[int, ...]
    """pygame.K_..."""
    buttons: tuple[int, ...] = ()
    """pygame.CONTROLLER_BUTTON_..."""
    axis: str = ""
    """For the help text, where a gamepad says it by an axis."""


BINDINGS = (
    Binding(Drive.LEFT, "steer left", (pygame.K_LEFT, pygame.K_a), axis="left stick"),
    Binding(Drive.RIGHT, "steer right", (pygame.K_RIGHT, pygame.K_d), axis="left stick"),
    Binding(Drive.GAS, "gas", (pygame.K_UP, pygame.K_w), axis="right trigger"),
    Binding(Drive.BRAKE, "brake", (pygame.K_DOWN, pygame.K_s), axis="left trigger"),
    Binding(
        Command.PAUSE,
        "pause, go on",
        (pygame.K_SPACE, pygame.K_p),
        (pygame.CONTROLLER_BUTTON_START, pygame.CONTROLLER_BUTTON_A),
    ),
    Binding(Rewind(1), "rewind 1 s, and 1 s more", (pygame.K_BACKSPACE, pygame.K_1), (pygame.CONTROLLER_BUTTON_B,)),
    Binding(Rewind(2), "rewind 2 s", (pygame.K_2,)),
    Binding(Rewind(3), "rewind 3 s", (pygame.K_3,)),
    Binding(Rewind(4), "rewind 4 s", (pygame.K_4,)),
    Binding(Rewind(5), "rewind 5 s", (pygame.K_5,)),
    Binding(Command.SLOWER, "slow motion", (pygame.K_COMMA,), (pygame.CONTROLLER_BUTTON_DPAD_DOWN,)),
    Binding(Command.FASTER, "faster again", (pygame.K_PERIOD,), (pygame.CONTROLLER_BUTTON_DPAD_UP,)),
    Binding(
        Command.RELEASE,
        "let the learner drive",
        (pygame.K_g, pygame.K_e),
        (pygame.CONTROLLER_BUTTON_RIGHTSTICK, pygame.CONTROLLER_BUTTON_GUIDE),
    ),
    Binding(
        Command.RELABEL, "after a rewind: steer along", (pygame.K_l, pygame.K_v), (pygame.CONTROLLER_BUTTON_LEFTSTICK,)
    ),
    Binding(Command.FINISH, "finish", (pygame.K_RETURN,), (pygame.CONTROLLER_BUTTON_Y,)),
    Binding(Command.DISCARD, "discard", (pygame.K_DELETE, pygame.K_F8), (pygame.CONTROLLER_BUTTON_X,)),
    Binding(Flow.NEXT, "next track", (pygame.K_n,), (pygame.CONTROLLER_BUTTON_RIGHTSHOULDER,)),
    Binding(Flow.AGAIN, "same track again", (pygame.K_r,), (pygame.CONTROLLER_BUTTON_LEFTSHOULDER,)),
    Binding(Flow.PRACTICE, "practice, record", (pygame.K_t,), (pygame.CONTROLLER_BUTTON_DPAD_LEFT,)),
    Binding(Flow.GHOST, "the learner's next second", (pygame.K_o,)),
    Binding(Flow.HELP, "help", (pygame.K_F1, pygame.K_h), (pygame.CONTROLLER_BUTTON_DPAD_RIGHT,)),
    # Nothing next to the driving keys quits.
    Binding(Flow.QUIT, "quit", (pygame.K_ESCAPE,), (pygame.CONTROLLER_BUTTON_BACK,)),
)

CORRECTING = (Command.RELEASE, Command.RELABEL)
"""These need a learner that drives, and hands that correct it."""
BESIDE_A_LEARNER = (*CORRECTING, Flow.GHOST)
"""These need a learner."""

BUTTON_NAMES = {
    pygame.CONTROLLER_BUTTON_A: "A",
    pygame.CONTROLLER_BUTTON_B: "B",
    pygame.CONTROLLER_BUTTON_X: "X",
    pygame.CONTROLLER_BUTTON_Y: "Y",
    pygame.CONTROLLER_BUTTON_BACK: "Back",
    pygame.CONTROLLER_BUTTON_START: "Start",
    pygame.CONTROLLER_BUTTON_LEFTSHOULDER: "LB",
    pygame.CONTROLLER_BUTTON_RIGHTSHOULDER: "RB",
    pygame.CONTROLLER_BUTTON_LEFTSTICK: "LS",
    pygame.CONTROLLER_BUTTON_RIGHTSTICK: "RS",
    pygame.CONTROLLER_BUTTON_GUIDE: "Guide",
    pygame.CONTROLLER_BUTTON_DPAD_UP: "D-pad up",
    pygame.CONTROLLER_BUTTON_DPAD_DOWN: "D-pad down",
    pygame.CONTROLLER_BUTTON_DPAD_LEFT: "D-pad left",
    pygame.CONTROLLER_BUTTON_DPAD_RIGHT: "D-pad right",
}
KEY_NAMES = {
    pygame.K_RETURN: "Enter",
    pygame.K_ESCAPE: "Esc",
    pygame.K_COMMA: "Comma",
    pygame.K_PERIOD: "Full stop",
}


@dataclass(frozen=True, slots=True)
class PadAxis:
    """A gamepad's axis, or half of one, that steers or is a pedal."""

    axis: int
    """pygame.CONTROLLER_AXIS_..."""
    sign: int = 1
    """-1 where it is pushed to its negative end."""


STICKS = {
    "left stick": PadAxis(pygame.CONTROLLER_AXIS_LEFTX),
    "right stick": PadAxis(pygame.CONTROLLER_AXIS_RIGHTX),
}
"""What can steer, left to right."""
TRIGGERS = {
    "left trigger": PadAxis(pygame.CONTROLLER_AXIS_TRIGGERLEFT),
    "right trigger": PadAxis(pygame.CONTROLLER_AXIS_TRIGGERRIGHT),
    "left stick up": PadAxis(pygame.CONTROLLER_AXIS_LEFTY, -1),
    "left stick down": PadAxis(pygame.CONTROLLER_AXIS_LEFTY),
    "right stick up": PadAxis(pygame.CONTROLLER_AXIS_RIGHTY, -1),
    "right stick down": PadAxis(pygame.CONTROLLER_AXIS_RIGHTY),
}
"""What can be a pedal; some pads' triggers are mere buttons, hence the sticks."""


class Bindings:
    """The table in use: what a key or button means, and how each meaning is said."""

    def __init__(self, table: Sequence[Binding] = BINDINGS, joystick: Mapping[Meaning, str] | None = None) -> None:
        """`joystick` says how a person's own wheel says a meaning: "button 9", "wheel", "pedal"."""
        self.table = tuple(table)
        self._joystick = joystick or {}
        self.keys: dict[int, Meaning] = {key: binding.meaning for binding in table for key in binding.keys}
        """pygame.K_... to what it means."""
        self.buttons: dict[int, Meaning] = {button: binding.meaning for binding in table for button in binding.buttons}
        """pygame.CONTROLLER_BUTTON_... to what it means."""
        self.steering = STICKS[self._binding(Drive.RIGHT).axis]
        self.gas = TRIGGERS[self._binding(Drive.GAS).axis]
        self.brake = TRIGGERS[self._binding(Drive.BRAKE).axis]

    def without(self, *meanings: Meaning) -> Bindings:
        """For people who can't use these."""
        return Bindings([binding for binding in self.table if binding.meaning not in meanings], self._joystick)

    def help_table(self) -> list[tuple[str, str, str]]:
        """(what, keys, gamepad and wheel) a row, in the table's order."""
        return [(binding.what, keys_text(binding), self._hand_text(binding)) for binding in self.table]

    def hint(self, meaning: Meaning) -> tuple[str, str]:
        """The shortest way to say `meaning`: (key, gamepad button and wheel button)."""
        binding = self._binding(meaning)
        button = pad_text(binding).split(" or ")[0]
        return keys_text(binding).split(" or ")[0], _either(button, self._joystick.get(meaning, ""))

    def said(self, meaning: Meaning) -> str:
        """ "Space or Start"."""
        return _either(*self.hint(meaning))

    def _hand_text(self, binding: Binding) -> str:
        return _either(pad_text(binding), self._joystick.get(binding.meaning, ""))

    def _binding(self, meaning: Meaning) -> Binding:
        return next(binding for binding in self.table if binding.meaning == meaning)


def keys_text(binding: Binding) -> str:
    """ "Space or P"."""
    return " or ".join(KEY_NAMES.get(key, pygame.key.name(key).title()) for key in binding.keys)


def pad_text(binding: Binding) -> str:
    """ "Start or A", "left stick"; empty where a gamepad can't say it."""
    return binding.axis or " or ".join(BUTTON_NAMES[button] for button in binding.buttons)


def meaning_name(meaning: Meaning) -> str:
    """As the settings file says it: "gas", "pause", "rewind_2"."""
    return f"rewind_{meaning.seconds}" if isinstance(meaning, Rewind) else meaning.value


def _either(*texts: str) -> str:
    return " or ".join(text for text in texts if text)
