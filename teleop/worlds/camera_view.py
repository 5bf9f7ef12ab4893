"""What a camera saw, for people."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pygame

from teleop.frame import Image
from teleop.pen import DARK

SHOWN = 7 / 8
"""Of a view's height: what lies below is under the gauges."""


class CameraView:
    """The latest picture of the camera, as large as its proportions allow."""

    def __init__(self) -> None:
        self._observation: Image = np.zeros((1, 1, 3), np.uint8)

    def show(self, observation: Image) -> None:
        """uint8 (height, width, 3)."""
        self._observation = observation

    def draw(self, surface: pygame.Surface) -> None:
        """In the middle of what the gauges leave free."""
        surface.fill(DARK)
        free = surface.get_rect(height=round(surface.get_height() * SHOWN))
        picture = pygame.surfarray.make_surface(self._observation.swapaxes(0, 1))
        scale = min(free.width / picture.width, free.height / picture.height)
        shown = pygame.transform.smoothscale(picture, (round(picture.width * scale), round(picture.height * scale)))
        surface.blit(shown, shown.get_rect(center=free.center))

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Nothing is known of where anything is."""
        return np.full_like(xy, np.nan)
