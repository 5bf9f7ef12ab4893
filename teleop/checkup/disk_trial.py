"""How much driving a disk takes, tried where sessions go."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import numpy as np

from teleop.episode_writer import Row, start_attrs
from teleop.errors import UserError
from teleop.frame import Start
from teleop.session import COMMIT_ROWS, columns
from teleop.writer import CAR_RACING_OBSERVATION, SessionWriter


def commits_a_second(folder: Path, seconds: float = 1.0) -> float:
    """How many seconds of driving the disk takes in one, each safe from a power cut; tried for `seconds`."""
    commits, rows = 0, cycle(rows_like_driving())
    with scratch(folder) as scratch_folder, SessionWriter(scratch_folder / "disk", {"id": "", "kwargs": {}}) as session:
        episode = session.begin_episode(start_attrs(Start(seed=0, mode="demo", paced=True)))
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds:
            for _ in range(COMMIT_ROWS):
                episode.append(next(rows))
            episode.commit()
            commits += 1
    return commits / elapsed


def rows_like_driving() -> list[Row]:
    """A commit of them: pictures of flat colours, each unlike the one before."""
    small = {column.name: np.zeros(column.shape, column.dtype) for column in columns(CAR_RACING_OBSERVATION)}
    blocks = np.random.default_rng(0).integers(0, 256, (COMMIT_ROWS, 12, 12, 3), np.uint8)
    return [small | {"observation": picture.repeat(8, axis=0).repeat(8, axis=1)} for picture in blocks]


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder for a moment, on the disk where `folder` is or will be made; UserError where that takes no files."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    try:
        made = tempfile.TemporaryDirectory(prefix=".teleop-doctor-", dir=there)
    except OSError as error:
        raise UserError(f"{there} takes no files ({error.strerror}): choose another place for sessions") from error
    with made as path:
        yield Path(path)
