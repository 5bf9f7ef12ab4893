"""Fixtures that need more than Python: a window without a screen, a gamepad without hardware, a screen without one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

# Before anything imports pygame: tests in this process draw where nobody sees it.
os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

from teleop.window import Window
from tests.optional import need
from tests.virtual_joystick import VirtualPad


@pytest.fixture
def window() -> Iterator[Window]:
    """A real window on SDL's dummy screen; `pygame.event.post` reaches it."""
    window = Window("test")
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
def xvfb() -> Iterator[dict[str, str]]:
    """An environment whose DISPLAY is a screen of its own, with a keyboard that xdotool types on."""
    need("Xvfb", "xdotool", packages="xvfb xdotool")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as lines:
        display = f":{lines.readline().strip()}"
    hidden = ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")
    yield {**{key: value for key, value in os.environ.items() if key not in hidden}, "DISPLAY": display}
    server.terminate()
    server.wait(timeout=10)
