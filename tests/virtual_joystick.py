"""A gamepad and a wheel without hardware: SDL's own virtual joystick, in the very SDL that pygame loaded."""

from __future__ import annotations

import ctypes as c
import re
from pathlib import Path

import pygame

GAME_CONTROLLER, WHEEL = 1, 2
FULL = 32767


class _Description(c.Structure):
    """SDL_VirtualJoystickDesc, version 1 (SDL 2.24 and later)."""

    _fields_ = (
        ("version", c.c_uint16),
        ("type", c.c_uint16),
        ("naxes", c.c_uint16),
        ("nbuttons", c.c_uint16),
        ("nhats", c.c_uint16),
        ("vendor_id", c.c_uint16),
        ("product_id", c.c_uint16),
        ("padding", c.c_uint16),
        ("button_mask", c.c_uint32),
        ("axis_mask", c.c_uint32),
        ("name", c.c_char_p),
        ("userdata", c.c_void_p),
        ("callbacks", c.c_void_p * 6),
    )


class _Guid(c.Structure):
    _fields_ = (("bytes", c.c_uint8 * 16),)


def load_sdl() -> c.CDLL:
    """The SDL library of this process; another copy of it would know nothing of pygame's events."""
    maps = Path("/proc/self/maps").read_text()
    (path,) = set(re.findall(r"/\S*/libSDL2-2[^/\s]*\.so\S*", maps))
    sdl = c.CDLL(path)
    sdl.SDL_GetError.restype = c.c_char_p
    sdl.SDL_JoystickOpen.restype = c.c_void_p
    sdl.SDL_JoystickGetGUID.restype = _Guid
    sdl.SDL_JoystickGetGUID.argtypes = [c.c_void_p]
    sdl.SDL_JoystickAttachVirtualEx.argtypes = [c.POINTER(_Description)]
    sdl.SDL_JoystickInstanceID.argtypes = sdl.SDL_JoystickClose.argtypes = [c.c_void_p]
    sdl.SDL_JoystickSetVirtualAxis.argtypes = [c.c_void_p, c.c_int, c.c_int16]
    sdl.SDL_JoystickSetVirtualButton.argtypes = [c.c_void_p, c.c_int, c.c_uint8]
    return sdl


class _VirtualJoystick:
    """Something plugged in. What is set becomes visible at the next event pump."""

    def __init__(self, name: str, kind: int, vendor: int, product: int, axes: int, buttons: int) -> None:
        self._sdl = load_sdl()
        description = _Description(
            version=1,
            type=kind,
            naxes=axes,
            nbuttons=buttons,
            vendor_id=vendor,
            product_id=product,
            button_mask=(1 << buttons) - 1,
            axis_mask=(1 << axes) - 1,
            name=name.encode(),
        )
        index = self._sdl.SDL_JoystickAttachVirtualEx(c.byref(description))
        if index < 0:
            raise RuntimeError(f"SDL attached no virtual joystick: {self._sdl.SDL_GetError().decode()}")
        self._joystick = self._sdl.SDL_JoystickOpen(index)
        self.identity = self._sdl.SDL_JoystickInstanceID(self._joystick)
        self.guid = bytes(self._sdl.SDL_JoystickGetGUID(self._joystick).bytes).hex()

    def press(self, button: int) -> None:
        """Hold a button down: a number, or a pad's pygame.CONTROLLER_BUTTON_..."""
        self._sdl.SDL_JoystickSetVirtualButton(self._joystick, button, 1)

    def release(self, button: int) -> None:
        self._sdl.SDL_JoystickSetVirtualButton(self._joystick, button, 0)

    def unplug(self) -> None:
        """Pull the cable; calling it twice is no error."""
        if self._joystick is None:
            return
        self._sdl.SDL_JoystickClose(self._joystick)
        self._joystick = None
        # Indices shift when others come and go: the instance id does not.
        for index in range(self._sdl.SDL_NumJoysticks()):
            if self._sdl.SDL_JoystickGetDeviceInstanceID(index) == self.identity:
                self._sdl.SDL_JoystickDetachVirtual(index)
                return

    def _axis(self, axis: int, raw: int) -> None:
        self._sdl.SDL_JoystickSetVirtualAxis(self._joystick, axis, raw)


class VirtualPad(_VirtualJoystick):
    """A plugged-in gamepad."""

    def __init__(self, name: str = "Virtual Pad") -> None:
        super().__init__(name, GAME_CONTROLLER, vendor=0x045E, product=0x028E, axes=6, buttons=15)

    def steer(self, raw: int) -> None:
        """The left stick, -32768 to 32767."""
        self._axis(pygame.CONTROLLER_AXIS_LEFTX, raw)

    def gas(self, raw: int) -> None:
        """The right trigger as SDL's controllers give it, 0 to 32767."""
        self._axis(pygame.CONTROLLER_AXIS_TRIGGERRIGHT, _trigger(raw))

    def brake(self, raw: int) -> None:
        """The left trigger, 0 to 32767."""
        self._axis(pygame.CONTROLLER_AXIS_TRIGGERLEFT, _trigger(raw))


class VirtualWheel(_VirtualJoystick):
    """A plugged-in wheel, or pedals apart; SDL has no mapping for it."""

    def __init__(self, name: str = "Virtual Wheel", product: int = 0xC24F) -> None:
        super().__init__(name, WHEEL, vendor=0x046D, product=product, axes=4, buttons=12)

    def turn(self, axis: int, to: float) -> None:
        """Any axis, to [-1, 1]."""
        self._axis(axis, round(to * FULL))


def _trigger(raw: int) -> int:
    """A controller's trigger counts 0 to 32767; the joystick axis under it runs from -32768."""
    return raw * 2 - FULL - 1 if raw else -FULL - 1
