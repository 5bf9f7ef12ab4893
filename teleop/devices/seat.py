"""The driving seat: every device within reach, and the keys that talk to the loop and the flow around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import pygame

from teleop.bindings import Bindings, Flow, Meaning, Rewind
from teleop.devices.joysticks import by_hand
from teleop.frame import Command, Controls, Start, Tick
from teleop.loop import Device
from teleop.window import FOCUS_LOST, Window

LEAVING = (Flow.NEXT, Flow.AGAIN, Flow.QUIT)
"""In mid-drive these finish the episode."""
TEMPO = (Command.SLOWER, Command.FASTER)
"""Pressed while the car drives on, perhaps with the hand that is free: the wheel stays with the other one."""


class NamedDevice(Device, Protocol):
    """A device that can take the seat."""

    @property
    def name(self) -> str:
        """For people, and for the episode's `device`."""


class HandDevice(NamedDevice, Protocol):
    """A device that hears the window's events."""

    @property
    def plugged(self) -> tuple[str, ...]:
        """Names of all that are there."""

    def feed(self, event: pygame.Event) -> bool:
        """Note an event; True when it was a touch of this device."""

    def meaning(self, event: pygame.Event) -> Meaning | None:
        """What a key or button of this device going down means; None for anything else."""

    def rumble(self, strength: float, duration_ms: int) -> None:
        """Shake it, `strength` in [0, 1]; nothing where it has no motor."""


class Seat:
    """Of several hand devices, the one last touched drives; unless an `expert` is seated, who then always does.

    Keys and buttons become the loop's commands, whoever drives; `wants` remembers what they ask of the flow.
    """

    def __init__(
        self, window: Window, hands: Sequence[HandDevice], bindings: Bindings, expert: NamedDevice | None = None
    ) -> None:
        self._window = window
        self._hands = hands
        self._expert = expert
        self.bindings = bindings
        self._touched = hands[0]
        self.wants: Flow | None = None
        self.help_wanted = False
        """Every key and button is to be shown instead of the pause: from the press of HELP that pauses, until HELP is
        pressed again or the car drives on."""
        self.ghost_wanted = True
        """The learner's next second is to be shown: until GHOST is pressed, and again when it is pressed once more."""
        self._last_step: int | None = None

    @property
    def person(self) -> bool:
        return self._in_hand.person

    @property
    def name(self) -> str:
        """Of the device in hand."""
        return self._in_hand.name

    @property
    def plugged(self) -> list[str]:
        """Names of everything within reach."""
        return [name for device in self._hands for name in device.plugged]

    def reset(self, start: Start) -> None:
        self.wants, self.help_wanted, self._last_step = None, False, None
        for device in dict.fromkeys([*self._hands, self._in_hand]):
            device.reset(start)

    def listen(self) -> list[Meaning]:
        """Pump the window's events through every device; returns what was pressed, in order."""
        pressed: list[Meaning] = []
        for event in by_hand(self._window.pump()):
            for device in self._hands:
                meaning = device.meaning(event)
                if device.feed(event) and meaning not in TEMPO:
                    self._touched = device
                if meaning:
                    pressed.append(meaning)
        if not self._window.focused:
            # Gamepads are heard without focus: their buttons may be meant for another window.
            pressed = []
        return [*pressed, Flow.QUIT] if self._window.closed else pressed

    def rumble(self, strength: float, duration_ms: int) -> None:
        """Shake the device in hand, `strength` in [0, 1]; nothing where it has no motor."""
        if self._expert is None:
            self._touched.rumble(strength, duration_ms)

    def read(self, tick: Tick) -> Controls:
        """What the device in hand says, and what was pressed."""
        driving = self._last_step is None or tick.step == self._last_step + 1
        self._last_step = tick.step
        self.help_wanted = self.help_wanted and not driving
        commands = tuple(command for meaning in self.listen() for command in self._commands(meaning, driving))
        controls = self._in_hand.read(tick)
        controls = replace(controls, commands=(*controls.commands, *commands), device=self.name)
        if self.person and not self._window.focused:
            return replace(controls, interruption=FOCUS_LOST)
        return controls

    @property
    def _in_hand(self) -> NamedDevice:
        return self._expert or self._touched

    def _commands(self, meaning: Meaning, driving: bool) -> tuple[Command, ...]:
        if isinstance(meaning, Command):
            return (meaning,)
        if isinstance(meaning, Rewind):
            return (Command.REWIND,) * meaning.seconds
        if meaning is Flow.QUIT and self.help_wanted and not self._window.closed:
            self.help_wanted = False  # the way out of help, as between tracks
            return ()
        if isinstance(meaning, Flow) and meaning in LEAVING:
            self.wants = meaning
            return (Command.FINISH,)
        if meaning is Flow.GHOST:
            self.ghost_wanted = not self.ghost_wanted
        if meaning is Flow.HELP:
            self.help_wanted = not self.help_wanted
            return (Command.PAUSE,) if driving else ()
        return ()
