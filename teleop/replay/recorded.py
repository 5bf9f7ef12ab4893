"""The pictures that were recorded, as large as they are wanted."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pygame
import zarr

from teleop.errors import SessionError
from teleop.frame import Image
from teleop.pen import DARK
from teleop.session import COMMIT_ROWS, Episode
from teleop.sinks.picture import SHOWN

SQUARE = (96, 96)
"""CarRacing-v3's observation: the picture of 1000 x 800, squeezed."""
KEPT_CHUNKS = 64
"""About 90 MB of CarRacing-v3's."""


class RecordedView:
    """Implements `loop.View`: one observation, enlarged."""

    def __init__(self, episode: Episode) -> None:
        self._path = episode.path / "observation"
        self._archived = episode.archived
        self._rows = episode.committed
        self._chunk = lru_cache(maxsize=KEPT_CHUNKS)(self._read)
        self._observation: Image | None = None

    def show(self, row: int) -> None:
        """SessionError when its chunk is damaged; then, and of an archived episode, there is no picture to show."""
        self._observation = None
        if not self._archived:
            self._observation = self._chunk(row // COMMIT_ROWS)[row % COMMIT_ROWS]

    def draw(self, surface: pygame.Surface) -> None:
        """Fill `surface`; in its own proportions, above a dashboard's place, what is none of CarRacing-v3's."""
        surface.fill(DARK)
        if self._observation is None:
            return
        picture = pygame.surfarray.make_surface(self._observation.swapaxes(0, 1))
        if picture.get_size() == SQUARE:
            pygame.transform.smoothscale(picture, surface.get_size(), surface)
            return
        free = surface.get_rect(height=round(surface.get_height() * SHOWN))
        fitted = picture.get_rect().fit(free)
        surface.blit(pygame.transform.smoothscale(picture, fitted.size), fitted)

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Nothing is known of where the camera was."""
        return np.full_like(xy, np.nan)

    def _read(self, chunk: int) -> Image:
        """A chunk alone: an hour of pictures would fill the memory."""
        rows = slice(chunk * COMMIT_ROWS, min((chunk + 1) * COMMIT_ROWS, self._rows))
        try:
            array = zarr.open_array(str(self._path), mode="r", zarr_format=3)
            return np.asarray(array[rows], np.uint8)
        except (ValueError, RuntimeError, TypeError, KeyError, OSError) as error:
            raise SessionError(f"{self._path} is damaged ({error}): `teleop verify` says where") from error
