"""What every key and button means: the one table; pressing, help and on-screen hints all read it."""

from __future__ import annotations

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
    """What a person can tell the flow around the loop; in mid-drive both finish the episode first."""

    NEXT = "next"
    QUIT = "quit"


Meaning = Drive | Command | Flow


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
    Binding(Command.REWIND, "rewind 1 s", (pygame.K_BACKSPACE,), (pygame.CONTROLLER_BUTTON_B,)),
    Binding(Command.FINISH, "finish", (pygame.K_RETURN,), (pygame.CONTROLLER_BUTTON_Y,)),
    Binding(Command.DISCARD, "discard", (pygame.K_DELETE, pygame.K_F8), (pygame.CONTROLLER_BUTTON_X,)),
    Binding(Flow.NEXT, "next track", (pygame.K_n,), (pygame.CONTROLLER_BUTTON_RIGHTSHOULDER,)),
    # Nothing next to the driving keys quits.
    Binding(Flow.QUIT, "quit", (pygame.K_ESCAPE,), (pygame.CONTROLLER_BUTTON_BACK,)),
)

KEYS = {key: binding.meaning for binding in BINDINGS for key in binding.keys}
BUTTONS = {button: binding.meaning for binding in BINDINGS for button in binding.buttons}

BUTTON_NAMES = {
    pygame.CONTROLLER_BUTTON_A: "A",
    pygame.CONTROLLER_BUTTON_B: "B",
    pygame.CONTROLLER_BUTTON_X: "X",
    pygame.CONTROLLER_BUTTON_Y: "Y",
    pygame.CONTROLLER_BUTTON_BACK: "Back",
    pygame.CONTROLLER_BUTTON_START: "Start",
    pygame.CONTROLLER_BUTTON_RIGHTSHOULDER: "RB",
}
KEY_NAMES = {pygame.K_RETURN: "Enter", pygame.K_ESCAPE: "Esc"}


def meaning_of(event: pygame.Event) -> Meaning | None:
    """What a key or button going down means; None for anything else."""
    if event.type == pygame.KEYDOWN:
        return KEYS.get(event.key)
    if event.type == pygame.CONTROLLERBUTTONDOWN:
        return BUTTONS.get(event.button)
    return None


def keys_text(binding: Binding) -> str:
    """ "Space or P"."""
    return " or ".join(KEY_NAMES.get(key, pygame.key.name(key).title()) for key in binding.keys)


def pad_text(binding: Binding) -> str:
    """ "Start or A", "left stick"; empty where a gamepad can't say it."""
    return binding.axis or " or ".join(BUTTON_NAMES[button] for button in binding.buttons)


def help_table() -> list[tuple[str, str, str]]:
    """(what, keys, gamepad) a row, in the table's order."""
    return [(binding.what, keys_text(binding), pad_text(binding)) for binding in BINDINGS]


def hint(meaning: Meaning) -> tuple[str, str]:
    """The shortest way to say `meaning`: (key, gamepad button)."""
    binding = next(binding for binding in BINDINGS if binding.meaning is meaning)
    return keys_text(binding).split(" or ")[0], pad_text(binding).split(" or ")[0]
