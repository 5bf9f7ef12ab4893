"""Fixtures that need more than Python: a window without a screen, a gamepad without hardware, a screen without one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# Before anything imports pygame: tests in this process draw where nobody sees it.
os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
# Nor do they read the settings of whoever runs them.
os.environ["TELEOP_SETTINGS"] = os.devnull

from teleop.window import SIZE, Window
from tests.optional import need
from tests.virtual_joystick import VirtualPad, VirtualWheel
from tests.virtual_screen import virtual_screen


@pytest.fixture
def window() -> Iterator[Window]:
    """A real window on SDL's dummy screen; `pygame.event.post` reaches it."""
    window = Window("test", SIZE)
    window.pump()
    yield window
    window.close()


@pytest.fixture
def pad(window: Window) -> Iterator[VirtualPad]:
    """A gamepad, plugged in."""
    assert window.focused
    pad = VirtualPad()
    yield pad
    pad.unplug()


@pytest.fixture
def wheel(window: Window) -> Iterator[VirtualWheel]:
    """A joystick that SDL has no mapping for, plugged in."""
    assert window.focused
    wheel = VirtualWheel()
    yield wheel
    wheel.unplug()


@pytest.fixture
def xvfb() -> Iterator[dict[str, str]]:
    """An environment whose DISPLAY is a screen of its own, with a keyboard that xdotool types on."""
    need("Xvfb", "xdotool", packages="xvfb xdotool")
    with virtual_screen() as environment:
        yield environment
