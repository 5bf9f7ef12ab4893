"""Recorded driving as a film: the picture, who drives, and the strips of what was done, at the speed it was driven.

VP9 in MP4, which today's browsers play: OpenCV's wheels can write that, but no H.264, the older players' only codec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pygame

from teleop.errors import SessionError, UserError
from teleop.frame import Image
from teleop.pen import DARK, Pen
from teleop.replay.projector import Projector
from teleop.replay.reel import Reel
from teleop.replay.scene import Scene
from teleop.session import Episode, Session

SIZE = (800, 714)
"""Pixels: the picture as wide as the film, and the strips below it."""
MOST_HZ = 25
"""Pictures a second; of 50 recorded every second one. Twice as many take twice the time, and look the same."""
CODEC = "vp09"
DRIVEN_AGAIN_S = 0.5
"""At a time, between two looks at whether it was interrupted."""


@dataclass(frozen=True, slots=True)
class Film:
    """What was written."""

    path: Path
    pictures: int
    seconds: float
    """As long as it plays: as long as it was driven."""
    recorded: int
    """Pictures that could not be driven again here, and are enlarged from those that were recorded."""


def export_video(
    session: Session,
    episodes: Sequence[Episode],
    versions: Mapping[str, str],
    path: Path,
    on_picture: Callable[[int], None],
) -> Film:
    """One film of these episodes, one after another; what rewinds took back is in it, and is said to be.

    `versions` of the libraries here; `on_picture` hears how many are done. SessionError when an episode is damaged,
    UserError when the film can't be written; then there is none, and what was there before is as it was.
    """
    hz = float(session.attrs["hz"])
    every = max(1, round(hz / MOST_HZ))
    done = recorded = 0
    with _written_aside(path, hz / every) as write:
        for episode in episodes:
            for picture, again in _pictures(Reel(session, episode), versions, every):
                write(picture)
                done, recorded = done + 1, recorded + (not again)
                on_picture(done)
    return Film(path, done, done * every / hz, recorded)


def pictures_of(session: Session, episodes: Sequence[Episode]) -> int:
    """How many pictures a film of them has."""
    every = max(1, round(float(session.attrs["hz"]) / MOST_HZ))
    return sum(len(range(0, episode.committed, every)) for episode in episodes)


def _pictures(reel: Reel, versions: Mapping[str, str], every: int) -> Iterator[tuple[Image, bool]]:
    """(714, 800, 3) RGB of each row that is shown, and whether it was driven again."""
    pygame.font.init()
    canvas, pen = pygame.Surface(SIZE, 0, 32), Pen()
    pen.fit(SIZE)
    with closing(Projector(reel, versions)) as projector:
        scene = Scene(pen, reel, projector)
        while not projector.ready:
            projector.drive_on(DRIVEN_AGAIN_S)
        for row in range(0, reel.rows, every):
            canvas.fill(DARK)
            scene.draw(canvas, row, SIZE[1])
            if projector.damage:
                raise SessionError(projector.damage)
            picture = pygame.surfarray.array3d(canvas).swapaxes(0, 1)
            yield np.ascontiguousarray(picture), projector.again(row) is not None


@contextmanager
def _written_aside(path: Path, hz: float) -> Iterator[Callable[[Image], None]]:
    """Takes RGB pictures; the film is at `path` only once all of it is."""
    aside = path.with_name(f".{path.stem}.partial.mp4")
    written = 0
    film = cv2.VideoWriter(str(aside), cv2.VideoWriter.fourcc(*CODEC), hz, SIZE)

    def write(picture: Image) -> None:
        nonlocal written
        film.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        written += 1

    try:
        if not film.isOpened():
            raise UserError(
                f"{path} can't be written: this OpenCV ({cv2.__version__}) has no VP9 for MP4, or the folder can't be "
                "written: install opencv-python-headless from PyPI, or choose another folder"
            )
        yield write
        film.release()
        if (readable := _pictures_in(aside)) != written:
            raise UserError(
                f"{path} can't be written whole, {readable} of {written} pictures were kept: is the disk full?"
            )
        aside.replace(path)
    finally:
        film.release()
        with suppress(FileNotFoundError):
            aside.unlink()


def _pictures_in(film: Path) -> int:
    """As its index says: OpenCV's writer tells nobody when the disk is full."""
    capture = cv2.VideoCapture(str(film))
    count = round(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return max(0, count)
