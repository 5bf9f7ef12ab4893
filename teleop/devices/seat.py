"""The driving seat: every device within reach, and the keys that talk to the loop and the flow around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import pygame

from teleop.bindings import Drive, Flow, Meaning, meaning_of
from teleop.frame import Command, Controls, Start, Tick
from teleop.loop import Device
from teleop.window import FOCUS_LOST, Window


class HandDevice(Device, Protocol):
    """A device that hears the window's events."""

    @property
    def name(self) -> str:
        """For people, and for the episode's `device`."""

    @property
    def plugged(self) -> tuple[str, ...]:
        """Names of all that are there."""

    def feed(self, event: pygame.Event) -> bool:
        """Note an event; True when it was a touch of this device."""


class Seat:
    """Of several devices, the one last touched drives.

    Keys and buttons become the loop's commands; `wants` remembers what they ask of the flow.
    """

    def __init__(self, window: Window, devices: Sequence[HandDevice]) -> None:
        self._window = window
        self._devices = devices
        self.in_hand = devices[0]
        self.wants: Flow | None = None

    @property
    def person(self) -> bool:
        return self.in_hand.person

    @property
    def name(self) -> str:
        """Of the device in hand."""
        return self.in_hand.name

    @property
    def plugged(self) -> list[str]:
        """Names of everything within reach."""
        return [name for device in self._devices for name in device.plugged]

    def reset(self, start: Start) -> None:
        self.wants = None
        for device in self._devices:
            device.reset(start)

    def listen(self) -> list[Meaning]:
        """Pump the window's events through every device; returns what was pressed, in order."""
        pressed = []
        for event in self._window.pump():
            for device in self._devices:
                if device.feed(event):
                    self.in_hand = device
            if meaning := meaning_of(event):
                pressed.append(meaning)
        if not self._window.focused:
            # Gamepads are heard without focus: their buttons may be meant for another window.
            pressed = []
        return [*pressed, Flow.QUIT] if self._window.closed else pressed

    def read(self, tick: Tick) -> Controls:
        """What the device in hand says, and what was pressed."""
        commands = tuple(self._command(meaning) for meaning in self.listen() if not isinstance(meaning, Drive))
        controls = replace(self.in_hand.read(tick), commands=commands, device=self.name)
        if self.person and not self._window.focused:
            return replace(controls, interruption=FOCUS_LOST)
        return controls

    def _command(self, meaning: Command | Flow) -> Command:
        if isinstance(meaning, Command):
            return meaning
        self.wants = meaning
        return Command.FINISH
