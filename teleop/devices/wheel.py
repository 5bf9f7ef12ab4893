"""Wheels, pedals, flight sticks: any raw joystick whose axes the person has taught, by the maps they saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pygame

from teleop.bindings import Meaning
from teleop.devices.feel import TOUCH, Feel, Hands, is_touch
from teleop.devices.joystick_map import JoystickMap
from teleop.devices.joysticks import UNKNOWN, opened
from teleop.frame import Controls, Start, Tick

JITTER = 0.02
"""Of an axis's [-1, 1]: SDL may announce an axis's first value a second time, never this far off."""
CONTROLS = ("steering", "gas", "brake")


@dataclass(slots=True)
class _Joystick:
    """One that is plugged in, and what its axes have said."""

    joystick: pygame.joystick.JoystickType
    """Kept: SDL closes what nobody holds."""
    map: JoystickMap
    unmoved: dict[int, float] = field(init=False)
    """Axis to what it said on arrival. Some drivers say 0 until an axis first moves: a pedal half pressed."""
    positions: dict[str, float] = field(default_factory=dict)
    """Control to where it is now; nothing while its axis has not moved: it is at rest."""
    touched: dict[str, float] = field(default_factory=dict)
    """Control to where it was last touched or let go."""

    def __post_init__(self) -> None:
        there = range(self.joystick.get_numaxes())
        axes = [axis.axis for axis in self.map.axes.values() if axis.axis in there]
        self.unmoved = {axis: self.joystick.get_axis(axis) for axis in axes}

    def move(self, axis: int, raw: float) -> list[str]:
        """Note an axis's new value; returns the controls that a hand has thereby touched."""
        if abs(raw - self.unmoved.get(axis, np.inf)) <= JITTER:
            return []
        self.unmoved.pop(axis, None)
        moved = {control: by for control, by in self.map.axes.items() if by.axis == axis}
        self.positions.update({control: by.position(raw) for control, by in moved.items()})
        return [control for control in moved if self._is_touch(control)]

    def _is_touch(self, control: str) -> bool:
        position, before = self.positions[control], self.touched.get(control, 0.0)
        if abs(position - before) < TOUCH:
            return False
        self.touched[control] = position
        return is_touch(position, before)


class Wheel:
    """Every taught joystick as one device: a wheel and pedals of another maker drive together.

    Where two have the same control, the one last touched has it. They may come and go at any time.
    """

    person = True

    def __init__(self, maps: Mapping[str, JoystickMap], feel: Feel | None = None) -> None:
        """`maps` by the joysticks' GUIDs."""
        self._maps = maps
        self._feel = feel or Feel()
        self._hands = Hands()
        self._joysticks: dict[int, _Joystick] = {}
        self._unknown: dict[int, str] = {}
        self._holders: dict[str, int] = {}
        """Control to the joystick that was last touched for it."""
        self._lost: dict[str, str] = {}
        """Control to the name of the joystick that held it until it was unplugged."""

    @property
    def name(self) -> str:
        """Of those in hand, or of the one that was until it was unplugged."""
        held = [self._joysticks[self._holders[control]].map.name for control in CONTROLS if control in self._holders]
        return " + ".join(dict.fromkeys([*self._lost.values()] or held)) or "wheel"

    @property
    def plugged(self) -> tuple[str, ...]:
        """Names of all that are there; those that nobody taught say so."""
        unknown = (f"{name} ({UNKNOWN})" for name in self._unknown.values())
        return (*(joystick.map.name for joystick in self._joysticks.values()), *unknown)

    def reset(self, start: Start) -> None:
        pass

    def feed(self, event: pygame.Event) -> bool:
        """Note an event; True when it was a touch of one of them."""
        if event.type == pygame.JOYDEVICEADDED:
            self._add(event.device_index)
        elif event.type == pygame.JOYDEVICEREMOVED:
            self._remove(event.instance_id)
        elif (identity := getattr(event, "instance_id", None)) in self._joysticks:
            return self._touched(identity, event)
        return False

    def meaning(self, event: pygame.Event) -> Meaning | None:
        """What a button going down means; None for anything else."""
        if event.type != pygame.JOYBUTTONDOWN or event.instance_id not in self._joysticks:
            return None
        return self._joysticks[event.instance_id].map.buttons.get(event.button)

    def rumble(self, strength: float, duration_ms: int) -> None:
        """Shake what steers, `strength` in [0, 1]; nothing where it has no motor."""
        if joystick := self._holder("steering"):
            joystick.joystick.rumble(strength, strength, duration_ms)

    def read(self, tick: Tick) -> Controls:
        """Steering, gas and brake; hands are on from a clear move until all are at rest."""
        if self._lost:
            return Controls(action=None, hands_on=False, interruption=f"{self.name} was unplugged")
        steering, gas, brake = (self._position(control) for control in CONTROLS)
        feel = self._feel
        action = np.array([feel.wheel(steering), feel.pedal(gas), feel.pedal(brake)], np.float32)
        return Controls(action, hands_on=self._hands.on(action))

    def _add(self, device_index: int) -> None:
        device = opened(device_index, self._maps)
        if device is None:
            return
        identity = device.joystick.get_instance_id()
        if map_ := self._maps.get(device.joystick.get_guid()):
            self._joysticks[identity] = _Joystick(device.joystick, map_)
        elif not device.drives:
            self._unknown[identity] = device.joystick.get_name()

    def _remove(self, identity: int) -> None:
        self._unknown.pop(identity, None)
        joystick = self._joysticks.pop(identity, None)
        for control in [control for control, holder in self._holders.items() if holder == identity]:
            del self._holders[control]
            if joystick is not None:
                self._lost[control] = joystick.map.name

    def _touched(self, identity: int, event: pygame.Event) -> bool:
        controls: list[str] = []
        if event.type == pygame.JOYAXISMOTION:
            controls = self._joysticks[identity].move(event.axis, event.value)
        is_touch = bool(controls) or event.type == pygame.JOYBUTTONDOWN
        if is_touch:
            self._take(identity, controls)
        return is_touch and not self._lost  # what is left of it must not snatch the wheel from another device

    def _take(self, identity: int, touched: list[str]) -> None:
        """It holds what was touched, and everything it has that no other one holds."""
        for control in self._joysticks[identity].map.axes:
            if control in touched or control not in self._holders:
                self._holders[control] = identity
                self._lost.pop(control, None)

    def _position(self, control: str) -> float:
        joystick = self._holder(control)
        return joystick.positions.get(control, 0.0) if joystick else 0.0

    def _holder(self, control: str) -> _Joystick | None:
        """Before any was touched, the first that has it: a foot may rest lightly on pedals of their own."""
        if control in self._holders:
            return self._joysticks[self._holders[control]]
        return next(self._having(control), None)

    def _having(self, control: str) -> Iterator[_Joystick]:
        return (joystick for joystick in self._joysticks.values() if control in joystick.map.axes)
