"""What is plugged in, and how far it is known."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pygame
from pygame._sdl2 import controller

TAUGHT = "your saved map"
UNKNOWN = "unknown: run teleop devices"
UNPLUGGED = (pygame.JOYDEVICEREMOVED, pygame.CONTROLLERDEVICEREMOVED)


@dataclass(frozen=True, slots=True)
class Plugged:
    """One joystick or gamepad."""

    joystick: pygame.joystick.JoystickType
    known: str
    """In a person's words: by which map it drives, or that it is unknown."""

    @property
    def drives(self) -> bool:
        return self.known != UNKNOWN


def opened(device_index: int, maps: Container[str]) -> Plugged | None:
    """The device that has just arrived there; None when it is gone again: a loose cable.

    `maps` holds the GUIDs of the joysticks that the person has taught.
    """
    try:
        joystick = pygame.joystick.Joystick(device_index)
        return Plugged(joystick, _known(device_index, joystick.get_guid(), maps))
    except pygame.error:
        return None


@contextmanager
def all_plugged(maps: Container[str]) -> Iterator[list[Plugged]]:
    """Everything that is plugged in now, without a window; SDL is left as it was found."""
    pygame.display.init()
    controller.init()
    try:
        pygame.event.pump()  # some systems tell of devices only then
        there = (opened(index, maps) for index in range(pygame.joystick.get_count()))
        yield [device for device in there if device]
    finally:
        controller.quit()
        pygame.display.quit()


def by_hand(events: Sequence[pygame.Event]) -> list[pygame.Event]:
    """Without what unplugged devices say at the end: SDL centres every axis, which to many a pedal is half pressed."""
    gone = {event.instance_id for event in events if event.type in UNPLUGGED}
    return [event for event in events if event.type in UNPLUGGED or getattr(event, "instance_id", None) not in gone]


def _known(device_index: int, guid: str, maps: Container[str]) -> str:
    if guid in maps:
        return TAUGHT
    return "SDL's gamepad mapping" if controller.is_controller(device_index) else UNKNOWN
