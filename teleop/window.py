"""The window: one display, one event pump a tick, all of it on the thread that made it."""

from __future__ import annotations

import math
import os
import sys
import tempfile

import pygame
from pygame._sdl2 import controller

from teleop.errors import UsageError
from teleop.pen import Pen

SIZE = (1000, 800)
"""Pixels of a new window where nothing speaks for another size; also of the world's picture."""
SMALLEST = (640, 480)
"""Everything can be read down to this size; in a smaller window it is shown shrunk."""
OF_DESKTOP = 0.9
"""What a new window may take of the screen: title bar and task bar need the rest."""
UNSEEN_DRIVERS = ("offscreen", "dummy")
"""SDL picks "offscreen" without a word when there is no screen: everything would work and nobody would see it."""
FOCUS_LOST = "the window lost its focus"
"""Why driving can't go on, in a person's words."""
FOCUS_GONE = (pygame.WINDOWFOCUSLOST, pygame.WINDOWMINIMIZED)


class Window:
    """A resizable window, and its events.

    Keyboard, focus and gamepads all arrive through `pump`, which is to be called once a tick. `size` in pixels; None
    for one that suits the screen.
    """

    def __init__(self, title: str, size: tuple[int, int] | None = None) -> None:
        prepare_environment()
        pygame.display.init()
        pygame.font.init()
        controller.init()
        # Not SCALED: that is OpenGL again.
        self._screen = pygame.display.set_mode(
            size or suitable_size(pygame.display.get_desktop_sizes()[0]), pygame.RESIZABLE
        )
        pygame.display.set_caption(title)
        pygame.mouse.set_visible(False)
        self._canvas = self._screen
        self.pen = Pen()
        self._fit()
        self._has_focus = True
        self.focused = True
        """For all the time of the last `pump`: what is lost for a moment lets go of every key, too."""
        self.closed = False
        """The person closed it: they want to leave."""

    @property
    def canvas(self) -> pygame.Surface:
        """The display at its real size, which may change with every `pump`. Draw here, then `present`."""
        return self._canvas

    def pump(self) -> list[pygame.Event]:
        """Everything that happened since the last call, in order."""
        events = pygame.event.get()
        for event in events:
            if event.type in FOCUS_GONE:
                self._has_focus = False
            elif event.type == pygame.WINDOWFOCUSGAINED:
                self._has_focus = True
            elif event.type == pygame.QUIT:
                self.closed = True
        self.focused = self._has_focus and not any(event.type in FOCUS_GONE for event in events)
        self._fit()
        return events

    def present(self) -> None:
        """Show what was drawn."""
        if self._canvas is not self._screen:
            pygame.transform.smoothscale(self._canvas, self._screen.get_size(), self._screen)
        pygame.display.flip()

    def close(self) -> None:
        """Close the display and the gamepads."""
        controller.quit()
        pygame.display.quit()

    def _fit(self) -> None:
        """Draw at the size that the window has now."""
        width, height = self._screen.get_size()
        size = max(width, SMALLEST[0]), max(height, SMALLEST[1])
        if size == (width, height):
            self._canvas = self._screen
        elif self._canvas is self._screen or self._canvas.get_size() != size:
            self._canvas = pygame.Surface(size)
        self.pen.fit(size)


def prepare_environment() -> None:
    """What SDL reads once, before its first window."""
    # Without it SDL holds a stick's old value while the window is unfocused: a stuck throttle. With it values
    # stay true, and losing focus pauses.
    os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
    # Without it Windows shows a small picture enlarged: blurred text.
    os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")
    if sys.platform == "linux":
        # Showing a frame through OpenGL costs 1.5 ms where that is software, through shared memory 0.01 ms.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")


def suitable_size(desktop: tuple[int, int]) -> tuple[int, int]:
    """1000 x 800; less on a smaller desktop, a whole multiple on one of very many pixels."""
    scale = OF_DESKTOP * min(desktop[0] / SIZE[0], desktop[1] / SIZE[1])
    scale = math.floor(scale) if scale >= 1 else scale
    return max(SMALLEST[0], round(SIZE[0] * scale)), max(SMALLEST[1], round(SIZE[1] * scale))


def require_screen(otherwise: str = "to record the autopilot without one: --expert autopilot --headless") -> None:
    """UsageError when a window would be seen by nobody; it says what can be done `otherwise`."""
    # Without it libwayland prints an error of its own before SDL tries the next driver.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    try:
        pygame.display.init()
    except pygame.error as error:
        raise _no_screen(str(error), otherwise) from error
    driver = pygame.display.get_driver()
    if driver in UNSEEN_DRIVERS:
        pygame.display.quit()
        raise _no_screen(f"SDL chose its {driver!r} driver", otherwise)


def _no_screen(why: str, otherwise: str) -> UsageError:
    return UsageError(f"this needs a screen, and there is none ({why}); {otherwise}")
