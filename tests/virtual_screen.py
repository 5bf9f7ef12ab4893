"""A screen without hardware: an X server of its own, with a keyboard that xdotool types on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

HIDDEN = ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")
"""What would make SDL choose another screen."""


@contextmanager
def virtual_screen() -> Iterator[dict[str, str]]:
    """An environment whose DISPLAY is a new 1280 x 1024 screen."""
    read, write = os.pipe()
    # Without -noreset it starts afresh when its last client leaves, and whoever is just arriving is thrown out.
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as lines:
        display = f":{lines.readline().strip()}"
    try:
        yield {**{key: value for key, value in os.environ.items() if key not in HIDDEN}, "DISPLAY": display}
    finally:
        server.terminate()
        server.wait(timeout=10)
