"""Everything a person can hold, built from their settings."""

from __future__ import annotations

from teleop.devices.gamepad import Gamepads
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import HandDevice
from teleop.devices.wheel import Wheel
from teleop.frame import HZ
from teleop.settings.settings import Settings


def every_hand_device(settings: Settings, hz: float = HZ) -> list[HandDevice]:
    """Keyboard, gamepads, taught joysticks; the first one is in hand until another is touched.

    They are read `hz` times a second.
    """
    return [
        Keyboard(settings.bindings, hz),
        Gamepads(settings.bindings, settings.feel, left_alone=settings.joysticks),
        Wheel(settings.joysticks, settings.feel),
    ]
