"""Makes a picture of every state of the viewer, to be looked at: `python -m tests.make_replay_pictures FOLDER`.

One of them is the README's, and made anew with them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pygame

from teleop.replay.viewer import Viewer
from teleop.session import open_session
from teleop.window import SIZE, SMALLEST, Window
from teleop.worlds.track import versions
from tests.corrected_session import record_corrected
from tests.make_pictures import MEDIA
from tests.replaying import drag, press, ticks

ELSEWHERE = {"box2d": "2.3.5"}
"""Another physics engine than that of any recording."""


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        session = record_corrected(Path(scratch) / "town")
        for size in (SIZE, SMALLEST):
            with closing(Window("teleop replay", size)) as window:
                window.pump()
                photograph(window, session, folder)
    shutil.copy(folder / f"ghost-{SIZE[0]}.png", MEDIA / "replay.png")


def photograph(window: Window, session: Path, folder: Path) -> None:
    def photo(name: str) -> None:
        viewer.draw()
        pygame.image.save(window.canvas, folder / f"{name}-{window.canvas.get_width()}.png")

    viewer = Viewer(window, open_session(session), versions())
    press(viewer, pygame.K_END)
    photo("re-simulating")
    ticks(viewer, 60)
    press(viewer, pygame.K_HOME, *[pygame.K_UP] * 2, *[pygame.K_LEFT] * 22)
    photo("ghost")
    press(viewer, pygame.K_2)
    photo("paused-at-a-takeover")
    press(viewer, pygame.K_PERIOD, pygame.K_SPACE)
    ticks(viewer, 5)
    photo("playing")
    press(viewer, pygame.K_HOME, pygame.K_6)
    photo("disagreement")
    press(viewer, pygame.K_HOME, pygame.K_4)
    photo("off-the-road")
    press(viewer, pygame.K_HOME, pygame.K_8, *[pygame.K_LEFT] * 8)
    photo("rewound-branch")
    drag(viewer, 0.2, 0.45)
    photo("scrubbing")
    drag(viewer, 0.3, 0.55, button=3)
    photo("marked-range")
    press(viewer, pygame.K_e)
    photo("excluded-range")
    press(viewer, pygame.K_DELETE, pygame.K_f)
    photo("discarded")
    press(viewer, pygame.K_e)
    photo("asked-for-a-range")
    press(viewer, pygame.K_h)
    photo("help")
    press(viewer, pygame.K_h, *[pygame.K_u] * 3)
    viewer = Viewer(window, open_session(session), versions() | ELSEWHERE)
    press(viewer, pygame.K_2)
    photo("not-checkable")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
