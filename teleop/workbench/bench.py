"""The bench on which devices are looked at and taught: what is plugged in, which one is chosen, and the wizard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pygame

from teleop.devices.joystick_map import JoystickMap
from teleop.devices.joysticks import TAUGHT, Plugged, by_hand, opened
from teleop.errors import UserError
from teleop.workbench.wizard import Wizard

ENTER = (pygame.K_RETURN, pygame.K_KP_ENTER)

Save = Callable[[Mapping[str, JoystickMap]], None]
"""Keeps maps by GUID; UserError where it can't."""


@dataclass(frozen=True, slots=True)
class Said:
    """The last thing there was to say."""

    text: str = ""
    warns: bool = False


class Bench:
    """Hears the window's events; the time is in seconds of any monotonic clock."""

    def __init__(self, maps: Mapping[str, JoystickMap], save: Save) -> None:
        self.devices: dict[int, Plugged] = {}
        """By SDL's instance id, in the order in which they came."""
        self.chosen = 0
        """Of the devices, counted from 0."""
        self.wizard: Wizard | None = None
        self.said = Said()
        self.left = False
        """The person has had enough."""
        self.maps = dict(maps)
        self._save = save

    def feed(self, events: Sequence[pygame.Event], now: float) -> None:
        """Note what happened, and see what the wizard makes of it."""
        for event in by_hand(events):
            self._note(event, now)
        if self.wizard:
            self.wizard.look(now)

    def guid(self, identity: int) -> str:
        return self.devices[identity].joystick.get_guid()

    def names(self) -> dict[str, str]:
        """By GUID."""
        return {self.guid(identity): device.joystick.get_name() for identity, device in self.devices.items()}

    def _note(self, event: pygame.Event, now: float) -> None:
        if event.type == pygame.JOYDEVICEADDED:
            self._add(event.device_index, now)
        elif event.type == pygame.JOYDEVICEREMOVED:
            self.devices.pop(event.instance_id, None)
            self._choose(self.chosen)
        elif event.type == pygame.KEYDOWN:
            self._press_key(event.key, now)
        elif event.type == pygame.JOYAXISMOTION and event.instance_id in self.devices and self.wizard:
            self.wizard.axis(self.guid(event.instance_id), event.axis, event.value, now)
        elif event.type == pygame.JOYBUTTONDOWN and event.instance_id in self.devices:
            self._press_button(event.instance_id, event.button, now)

    def _add(self, device_index: int, now: float) -> None:
        if device := opened(device_index, self.maps):
            identity = device.joystick.get_instance_id()
            self.devices[identity] = device
            self._tell_axes(identity, now)

    def _press_key(self, key: int, now: float) -> None:
        if key == pygame.K_ESCAPE:
            self._leave()
        elif key in ENTER:
            self._go_on(now)
        elif key in (pygame.K_UP, pygame.K_DOWN) and self.wizard is None:
            self._choose(self.chosen + (1 if key == pygame.K_DOWN else -1))

    def _press_button(self, identity: int, button: int, now: float) -> None:
        if self.wizard:
            self.wizard.button(self.guid(identity), button, now)
        elif not self.devices[identity].drives:
            self._begin(now)

    def _leave(self) -> None:
        if self.wizard is None:
            self.left = True
        else:
            self.wizard, self.said = None, Said("Given up: nothing was saved.")

    def _go_on(self, now: float) -> None:
        if self.wizard is None:
            if self.devices:
                self._begin(now)
        elif self.wizard.done:
            self._keep(self.wizard)
        else:
            self.wizard.skip(now)

    def _begin(self, now: float) -> None:
        self.wizard, self.said = Wizard(now), Said()
        self._names = self.names()
        for identity in self.devices:
            self._tell_axes(identity, now)

    def _tell_axes(self, identity: int, now: float) -> None:
        if self.wizard is None:
            return
        self._names |= self.names()  # it may be gone again before its map is saved
        joystick = self.devices[identity].joystick
        for axis in range(joystick.get_numaxes()):
            self.wizard.axis(self.guid(identity), axis, joystick.get_axis(axis), now)

    def _keep(self, wizard: Wizard) -> None:
        learned = wizard.maps(self._names, self.maps)
        self.wizard = None
        if not learned:
            self.said = Said("Everything was skipped: there was nothing to save.")
            return
        try:
            self._save(learned)
        except UserError as error:
            self.said = Said(str(error), warns=True)
            return
        self.maps |= learned
        self.devices = {
            identity: Plugged(device.joystick, TAUGHT) if self.guid(identity) in learned else device
            for identity, device in self.devices.items()
        }
        self.said = Said(f"Saved: {', '.join(one.name for one in learned.values())}. Ready to drive.")

    def _choose(self, index: int) -> None:
        self.chosen = min(max(index, 0), max(len(self.devices) - 1, 0))
