"""The window: its canvas, and that somebody can see it."""

from __future__ import annotations

import subprocess
import sys

import pygame
import pytest

from teleop.errors import UsageError
from teleop.window import SIZE, Window, require_screen


def test_a_resized_window_shows_the_whole_canvas(window: Window) -> None:
    pygame.display.set_mode((500, 500), pygame.RESIZABLE)
    assert window.canvas.get_size() == SIZE
    window.canvas.fill("white")
    window.present()
    screen = pygame.display.get_surface()
    assert screen is not None
    assert screen.get_size() == (500, 500)
    # 1000 x 800 fits as 500 x 400, with black above and below.
    assert [tuple(screen.get_at((250, y)))[:3] for y in (20, 250, 480)] == [(0,) * 3, (255,) * 3, (0,) * 3]


def test_without_a_screen_driving_is_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match="--headless"):
        require_screen()


@pytest.mark.parametrize(("env", "why"), [({}, "offscreen"), ({"SDL_VIDEODRIVER": "x11"}, "not available")])
def test_no_screen_is_noticed_however_sdl_puts_it(env: dict[str, str], why: str) -> None:
    code = "from teleop.window import require_screen; require_screen()"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "UsageError" in done.stderr
    assert why in done.stderr
