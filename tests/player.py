"""A person at a real window, played from inside the game: `python -m tests.player SCRIPT COMMAND...`.

It runs `teleop COMMAND...` in this process, where SDL's virtual joysticks have to live. SCRIPT, a generator function
named as module:function, moves them: it goes on by one `yield` before every pump of the window's events, and a pump is
a tick. What is driven can therefore be told to the row, however busy the machine is.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from importlib import import_module
from typing import Any

import pygame

from teleop.cli import run
from tests.virtual_joystick import VirtualPad, VirtualWheel

PATIENCE_S = 60.0
"""For a busy machine; nothing here is timed."""

Moves = Generator[None]
"""What a person does, tick by tick."""


def main() -> None:
    module, script = sys.argv[1].split(":")
    sys.exit(play(getattr(import_module(module), script)(), sys.argv[2:]))


def play(moves: Moves, command: Sequence[str]) -> int:
    """Run the command while `moves` are made; its exit code. AssertionError unless both are over at the same time."""
    pump = pygame.event.get

    def move_and_pump(*arguments: Any) -> list[pygame.Event]:
        assert goes_on(moves), "the script is over, and the game goes on"
        return pump(*arguments)

    pygame.event.get = move_and_pump  # type: ignore[assignment]
    with closing(moves):
        code = run(command)
        assert not goes_on(moves), f"the game is over, and the script goes on; exit code {code}"
    return code


def goes_on(moves: Moves) -> bool:
    """Make the next move; False when there is none."""
    return next(moves, moves) is not moves


def ticks(count: int) -> Moves:
    """Let them pass."""
    for _ in range(count):
        yield


def until(happened: Callable[[], bool], what: str) -> Moves:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}"
        yield


def press(joystick: VirtualPad | VirtualWheel, *buttons: int) -> Moves:
    """Each for a tick, one after the other; the same one twice is heard once. What follows finds the last let go."""
    for button in buttons:
        joystick.press(button)
        yield
        joystick.release(button)


def focus() -> Moves:
    """Wait for the window to have it; at least a tick, for what was just plugged in to be noticed."""
    yield
    yield from until(pygame.key.get_focused, "the window's focus")


def hold_key(name: str, key: int) -> Moves:
    """Press a key of the screen's real keyboard by its X name, until the window has heard it, by its pygame.K_...

    What follows happens one tick after that.
    """
    xdotool("keydown", name)
    yield from until(lambda: not pygame.display.get_init() or pygame.key.get_pressed()[key], f"{name} to be heard")


def xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True)


if __name__ == "__main__":
    main()
