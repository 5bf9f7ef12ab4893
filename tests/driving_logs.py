"""Small recordings as Udacity's simulator leaves them: driving_log.csv and IMG, written here line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from teleop.frame import Image

BEGAN = datetime(2016, 12, 1, 13, 30, 48, 287_000)

Format = Callable[[Sequence[str], Sequence[float]], str]
"""From three names of pictures and four numbers to a line."""


def road_scene(bend: float, seed: int = 0) -> Image:
    """uint8 (160, 320, 3): sky, grass, and a grey road that leads to the side of `bend` in [-1, 1]."""
    picture = np.full((160, 320, 3), (70, 130, 60), np.uint8)
    picture[:57] = (150, 190, 230)
    for row in range(57, 160):
        near = (row - 57) / 103
        middle, half = 160 + 100 * bend * (1 - near), 8 + 120 * near
        picture[row, max(0, int(middle - half)) : max(0, int(middle + half))] = 110
    grain = np.random.default_rng(seed).integers(0, 8, (160, 320, 1), np.uint8)
    return np.asarray(picture + grain, np.uint8)


def stamp(time: datetime) -> str:
    return f"{time:%Y_%m_%d_%H_%M_%S}_{time.microsecond // 1000:03d}"


def names(time: datetime, folder: str = "IMG/") -> list[str]:
    return [f"{folder}{camera}_{stamp(time)}.jpg" for camera in ("center", "left", "right")]


def spaced(pictures: Sequence[str], numbers: Sequence[float]) -> str:
    """As the first version writes a line."""
    return ", ".join([*pictures, *(f"{number:.7g}" for number in numbers)])


def save_pictures(folder: Path, time: datetime, bend: float, seed: int = 0) -> None:
    """Left and right see the road to their other side."""
    (folder / "IMG").mkdir(parents=True, exist_ok=True)
    for name, side in zip(names(time), (0.0, 0.3, -0.3), strict=True):
        Pillow.fromarray(road_scene(bend + side, seed)).save(folder / name, quality=75)


def record_log(
    folder: Path, rows: int = 8, seed: int = 0, step_ms: int = 100, line: Format = spaced, path: str = ""
) -> Path:
    """Append a drive of so many lines that steers where the road leads; returns the folder.

    With another `path` to the pictures, there are none.
    """
    log = folder / "driving_log.csv"
    folder.mkdir(parents=True, exist_ok=True)
    began = BEGAN + timedelta(hours=seed)
    bends = np.random.default_rng(seed).uniform(-1, 1, rows).round(7)
    with log.open("a", newline="") as file:
        for number, bend in enumerate(bends.tolist()):
            time = began + timedelta(milliseconds=step_ms * number)
            if not path:
                save_pictures(folder, time, bend, seed=number)
            file.write(line(names(time, path or "IMG/"), [bend, 0.5, 0, 20.5 + number / 8]) + "\n")
    return folder
