"""The window: its canvas, and that somebody can see it."""

from __future__ import annotations

import subprocess
import sys

import pygame
import pytest

from teleop.errors import UsageError
from teleop.window import SMALLEST, Window, require_screen, suitable_size


@pytest.mark.parametrize(("size", "scale"), [((2000, 1600), 2.0), ((1000, 1200), 1.0), ((640, 480), 0.75)])
def test_the_canvas_is_the_window_at_its_real_size_and_the_pen_fits_it(
    window: Window, size: tuple[int, int], scale: float
) -> None:
    pygame.display.set_mode(size, pygame.RESIZABLE)
    window.pump()
    assert window.canvas.get_size() == size
    assert window.pen.scale == scale


def test_a_resized_window_is_drawn_on_to_its_corners(window: Window) -> None:
    pygame.display.set_mode((700, 500), pygame.RESIZABLE)
    window.pump()
    window.canvas.fill("white")
    window.present()
    screen = pygame.display.get_surface()
    assert screen is not None
    assert tuple(screen.get_at((699, 499)))[:3] == (255, 255, 255)


@pytest.mark.parametrize("size", [(320, 240), (1000, 20)])
def test_a_window_too_small_to_read_shows_everything_shrunk(window: Window, size: tuple[int, int]) -> None:
    pygame.display.set_mode(size, pygame.RESIZABLE)
    window.pump()
    assert window.canvas.get_size() == (max(size[0], 640), max(size[1], 480))
    window.canvas.fill("white")
    window.present()
    screen = pygame.display.get_surface()
    assert screen is not None
    assert min(screen.get_at((size[0] - 1, size[1] - 1))[:3]) > 250


def test_no_window_is_too_small_to_draw_on(window: Window) -> None:
    pygame.display.set_mode((1, 1), pygame.RESIZABLE)
    window.pump()
    window.canvas.fill("white")
    window.present()
    assert window.canvas.get_size() == SMALLEST


def test_no_text_is_too_small_to_read(window: Window) -> None:
    pygame.display.set_mode((640, 480), pygame.RESIZABLE)
    window.pump()
    letter = window.pen.text(window.canvas, "X", (100, 100), 10)
    assert letter.height >= 13


@pytest.mark.parametrize(
    ("desktop", "size"),
    [
        ((1920, 1080), (1000, 800)),
        ((1280, 1024), (1000, 800)),
        ((1366, 768), (864, 691)),
        ((640, 480), (640, 480)),
        ((3840, 2160), (2000, 1600)),
    ],
)
def test_a_new_window_suits_its_screen(desktop: tuple[int, int], size: tuple[int, int]) -> None:
    assert suitable_size(desktop) == size


def test_without_a_screen_driving_is_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match="--headless"):
        require_screen()


@pytest.mark.parametrize(("env", "why"), [({}, "offscreen"), ({"SDL_VIDEODRIVER": "x11"}, "not available")])
def test_no_screen_is_noticed_however_sdl_puts_it(env: dict[str, str], why: str) -> None:
    code = "from teleop.window import require_screen; require_screen()"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "UsageError" in done.stderr
    assert why in done.stderr
