"""Gamepads, through SDL's controller mapping: every known pad has the same stick, triggers and buttons."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import pygame
from pygame._sdl2.controller import Controller

from teleop.bindings import Bindings, Meaning, PadAxis
from teleop.devices.feel import TOUCH, Feel, Hands, is_touch
from teleop.frame import Controls, Start, Tick

FULL = 32767
"""An SDL axis at its end; a stick's other end is -32768."""


class Gamepads:
    """Every gamepad that is plugged in; the one last touched drives. Pads may come and go at any time."""

    person = True

    def __init__(
        self, bindings: Bindings | None = None, feel: Feel | None = None, left_alone: Container[str] = ()
    ) -> None:
        """`left_alone` are GUIDs of pads that drive as joysticks, by a map that the person has saved."""
        bindings = bindings or Bindings()
        self._buttons = bindings.buttons
        self._axes = (bindings.steering, bindings.gas, bindings.brake)
        self._feel = feel or Feel()
        self._hands = Hands()
        self._left_alone = left_alone
        self._pads: dict[int, Controller] = {}
        self._touched: dict[tuple[int, int], float] = {}
        self._in_hand: int | None = None
        self._lost = ""

    @property
    def name(self) -> str:
        """Of the pad in hand, or of the one that was until it was unplugged."""
        return self._lost or (self._pads[self._in_hand].name if self._in_hand is not None else "gamepad")

    @property
    def plugged(self) -> tuple[str, ...]:
        """Names of all that are there."""
        return tuple(pad.name for pad in self._pads.values())

    def reset(self, start: Start) -> None:
        pass

    def feed(self, event: pygame.Event) -> bool:
        """Note an event; True when it was a touch of a pad."""
        if event.type == pygame.CONTROLLERDEVICEADDED:
            self._add(event.device_index)
        elif event.type == pygame.CONTROLLERDEVICEREMOVED:
            self._remove(event.instance_id)
        elif self._is_touch(event):
            self._in_hand, self._lost = event.instance_id, ""
            return True
        return False

    def meaning(self, event: pygame.Event) -> Meaning | None:
        """What a button going down means; None for anything else."""
        return self._buttons.get(event.button) if event.type == pygame.CONTROLLERBUTTONDOWN else None

    def rumble(self, strength: float, duration_ms: int) -> None:
        """Shake the pad in hand, `strength` in [0, 1]; nothing where it has no motor."""
        if self._in_hand is not None:
            self._pads[self._in_hand].rumble(strength, strength, duration_ms)

    def read(self, tick: Tick) -> Controls:
        """The stick and triggers of the pad in hand; hands are on from a clear move until all are at rest."""
        if self._in_hand is None:
            return Controls(action=None, hands_on=False, interruption=f"{self.name} was unplugged")
        pad = self._pads[self._in_hand]
        steering, gas, brake = (_position(pad, axis) for axis in self._axes)
        feel = self._feel
        action = np.array([feel.stick(steering), feel.pedal(gas), feel.pedal(brake)], np.float32)
        return Controls(action, hands_on=self._hands.on(action))

    def _add(self, device_index: int) -> None:
        try:
            pad = Controller(device_index)
            joystick = pad.as_joystick()  # by the index, too
        except pygame.error:
            # A loose cable: it is gone again before its arrival was read.
            return
        if joystick.get_guid() in self._left_alone:
            pad.quit()
            return
        identity = joystick.get_instance_id()
        self._pads[identity] = pad
        for axis in self._axes:
            self._touched[identity, axis.axis] = pad.get_axis(axis.axis) / FULL

    def _remove(self, identity: int) -> None:
        pad = self._pads.pop(identity, None)
        if identity == self._in_hand and pad is not None:
            self._in_hand, self._lost = None, pad.name

    def _is_touch(self, event: pygame.Event) -> bool:
        # SDL may still deliver what a pad said before it was unplugged.
        if getattr(event, "instance_id", None) not in self._pads:
            return False
        if event.type == pygame.CONTROLLERBUTTONDOWN:
            return True
        if event.type != pygame.CONTROLLERAXISMOTION or (event.instance_id, event.axis) not in self._touched:
            return False
        value: float = event.value / FULL
        before = self._touched[event.instance_id, event.axis]
        if abs(value - before) < TOUCH:
            return False
        self._touched[event.instance_id, event.axis] = value
        return is_touch(value, before) and abs(value) > self._feel.dead_zone


def _position(pad: Controller, axis: PadAxis) -> float:
    """[-1, 1] along the axis as it is bound."""
    value: float = axis.sign * pad.get_axis(axis.axis) / FULL
    return value
