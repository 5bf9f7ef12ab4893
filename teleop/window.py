"""The window: one display, one event pump a tick, all of it on the thread that made it."""

from __future__ import annotations

import os
import sys
import tempfile

import pygame
from pygame._sdl2 import controller

from teleop.errors import UsageError
from teleop.pen import Pen

SIZE = (1000, 800)
"""The canvas, pixels; also the world's picture. A resized window shows it scaled."""
UNSEEN_DRIVERS = ("offscreen", "dummy")
"""SDL picks "offscreen" without a word when there is no screen: everything would work and nobody would see it."""
FOCUS_LOST = "the window lost its focus"
"""Why driving can't go on, in a person's words."""
FOCUS_GONE = (pygame.WINDOWFOCUSLOST, pygame.WINDOWMINIMIZED)


class Window:
    """A 1000 x 800 canvas in a resizable window, and its events.

    Keyboard, focus and gamepads all arrive through `pump`, which is to be called once a tick.
    """

    def __init__(self, title: str) -> None:
        # Without it SDL holds a stick's old value while the window is unfocused: a stuck throttle. With it values
        # stay true, and losing focus pauses.
        os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
        if sys.platform == "linux":
            # Showing a frame through OpenGL costs 1.5 ms where that is software, through shared memory 0.01 ms.
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        pygame.display.init()
        pygame.font.init()
        controller.init()
        # Not SCALED: that is OpenGL again.
        self._screen = pygame.display.set_mode(SIZE, pygame.RESIZABLE)
        pygame.display.set_caption(title)
        pygame.mouse.set_visible(False)
        self._canvas = pygame.Surface(SIZE)
        self.pen = Pen()
        self.focused = True
        self.closed = False
        """The person closed it: they want to leave."""

    @property
    def canvas(self) -> pygame.Surface:
        """Draw here, then `present`. The display itself while nobody resized it."""
        return self._screen if self._screen.get_size() == SIZE else self._canvas

    def pump(self) -> list[pygame.Event]:
        """Everything that happened since the last call, in order."""
        events = pygame.event.get()
        for event in events:
            if event.type in FOCUS_GONE:
                self.focused = False
            elif event.type == pygame.WINDOWFOCUSGAINED:
                self.focused = True
            elif event.type == pygame.QUIT:
                self.closed = True
        return events

    def present(self) -> None:
        """Show the canvas, scaled to the window where that was resized."""
        if self._screen.get_size() != SIZE:
            _fit(self._canvas, self._screen)
        pygame.display.flip()

    def close(self) -> None:
        """Close the display and the gamepads."""
        controller.quit()
        pygame.display.quit()


def _fit(canvas: pygame.Surface, screen: pygame.Surface) -> None:
    """The whole canvas on the screen, in its own proportions."""
    scale = min(screen.get_width() / SIZE[0], screen.get_height() / SIZE[1])
    shown = pygame.transform.smoothscale_by(canvas, scale)
    screen.fill("black")
    screen.blit(shown, shown.get_rect(center=screen.get_rect().center))


def require_screen() -> None:
    """UsageError when a window would be seen by nobody."""
    # Without it libwayland prints an error of its own before SDL tries the next driver.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    try:
        pygame.display.init()
    except pygame.error as error:
        raise _no_screen(str(error)) from error
    driver = pygame.display.get_driver()
    if driver in UNSEEN_DRIVERS:
        pygame.display.quit()
        raise _no_screen(f"SDL chose its {driver!r} driver")


def _no_screen(why: str) -> UsageError:
    return UsageError(
        f"driving needs a screen, and there is none ({why}); "
        "to record the autopilot without one: --expert autopilot --headless"
    )
