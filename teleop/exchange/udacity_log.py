"""A recording of Udacity's simulator, driving_log.csv and IMG, as a session with three cameras.

A row is a line of the log. A picture that follows more than half a second later, or is older, begins another episode.
The last line of an episode gives its final observation: of what it says of the steering, nothing was seen.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from teleop.episode_writer import EpisodeWriter, Row, start_attrs
from teleop.errors import SessionError
from teleop.exchange.driving_log import LogError, LogRow, read_log
from teleop.frame import End, Image, Source, Start
from teleop.session import COMMIT_ROWS
from teleop.udacity import CAMERAS, ENVIRONMENT, OBSERVATION_SHAPE, UNKNOWN, outcome_of
from teleop.words import counted
from teleop.writer import SessionWriter, session_lock, writable_path

LOG, PICTURES = "driving_log.csv", "IMG"
LONGEST_GAP_NS = 500_000_000
"""Between two pictures of one episode; the simulator takes 10 to 15 a second."""
LONGEST_EPISODE = 500
"""Rows: who checks an episode has all its pictures in memory, 460 kB a row."""

Told = Callable[[int], None]
"""Takes how many lines of the log are done."""


@dataclass(frozen=True)
class Imported:
    """What became of a log."""

    session: Path
    hz: int
    lines: int
    """That name pictures."""
    episodes: int
    rows: int
    missing: int
    """Lines left out because a picture is not there, or is no whole JPEG."""

    @property
    def ends(self) -> int:
        """Lines that end an episode, as its final observation, or stand alone."""
        return self.lines - self.missing - self.rows


@dataclass(frozen=True, eq=False)
class Shot:
    """A line of the log with its pictures: center, left, right."""

    row: LogRow
    images: Sequence[Image]
    """uint8 (160, 320, 3) each."""

    @property
    def observation(self) -> Image:
        return self.images[0]


class Recording:
    """A folder that the simulator recorded into."""

    def __init__(self, folder: Path) -> None:
        """LogError when its log can't be read."""
        self.rows = read_log(folder / LOG)
        self.pictures = Pictures(folder)
        self.hz = _hz(self.rows)
        self.source = {"format": "udacity", "folder": folder.resolve().name, "sha256": _sha256(folder / LOG)}
        """What every episode says of where it is from."""


def import_recording(
    recording: Recording, session: Path, most_missing: float = 0.05, told: Told = lambda _: None
) -> Imported:
    """Make a new session of a recording; all or nothing, and never more than a second of it in memory.

    LogError when it names pictures elsewhere, when more than `most_missing` of its lines, [0, 1], lack a picture, or
    when no two that follow each other have theirs; SessionError when there is something at `session`, or it can't be
    written.
    """
    rows, pictures, hz = recording.rows, recording.pictures, recording.hz
    pictures.check(rows, most_missing)
    with _new_session(session) as (path, aside):
        with SessionWriter(aside, ENVIRONMENT, hz, OBSERVATION_SHAPE, cameras=CAMERAS, unknown=UNKNOWN) as writer:
            log = LogWriter(writer, recording.source)
            log.write(pictures.shots(rows, told))
        if pictures.missing > most_missing * len(rows):
            raise _too_many_missing(pictures.missing, len(rows), most_missing)
        if not log.rows:
            raise LogError(
                f"a session holds driving; no two lines of {LOG} that follow each other have their pictures, which "
                f"{counted(pictures.missing, 'line')} of {len(rows)} lack: find the pictures"
            )
    return Imported(path, hz, len(rows), log.episodes, log.rows, pictures.missing)


@contextmanager
def _new_session(session: Path) -> Iterator[tuple[Path, Path]]:
    """(where the session will be, where to write it): it is moved there when it is whole."""
    path = writable_path(session)
    lock = session_lock(path)
    aside = path.with_name(f".{path.name}.import")
    try:
        if path.exists():
            raise SessionError(f"an import makes a new session; {path} is there already: choose another name")
        shutil.rmtree(aside, ignore_errors=True)  # what a kill left
        yield path, aside / path.name
        (aside / path.name).rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        lock.release()


def _hz(rows: Sequence[LogRow]) -> int:
    """Pictures a second, the median over the log."""
    gaps = [after.time_ns - before.time_ns for before, after in pairwise(rows) if _follows(before, after)]
    if not gaps:
        raise LogError(
            f"a recording has pictures that follow each other within {LONGEST_GAP_NS / 1e9} s; {LOG} has none, in "
            f"{counted(len(rows), 'line')}: give a folder in which somebody has driven"
        )
    return max(1, round(1e9 / float(np.median(gaps))))


def _follows(before: LogRow, after: LogRow) -> bool:
    """They belong to one drive."""
    return 0 < after.time_ns - before.time_ns <= LONGEST_GAP_NS


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Pictures:
    """The files that a log's names mean: in IMG, or beside the log, in whatever case. Nothing outside is ever read."""

    def __init__(self, folder: Path) -> None:
        places = [folder, *(place for place in folder.iterdir() if place.name.upper() == PICTURES and place.is_dir())]
        self._inside = [place.resolve() for place in places]
        self._files = {file.name.lower(): Path(file) for place in places for file in os.scandir(place)}
        self.missing = 0
        """Rows left out so far."""

    def check(self, rows: Sequence[LogRow], most_missing: float) -> None:
        """Raise LogError where names leave the folder, or more than this share of the rows lacks a picture."""
        missing = sum(any(self._file(row, name) is None for name in row.pictures) for row in rows)
        if missing > most_missing * len(rows):
            raise _too_many_missing(missing, len(rows), most_missing)

    def shots(self, rows: Sequence[LogRow], told: Told) -> Iterator[Shot]:
        """Every row with its pictures, read one after another; rows without are counted and left out."""
        for done, row in enumerate(rows, 1):
            images = [self._read(row, name) for name in row.pictures]
            whole = [image for image in images if image is not None]
            if len(whole) == len(images):
                yield Shot(row, whole)
            else:
                self.missing += 1
            told(done)

    def _read(self, row: LogRow, name: str) -> Image | None:
        file = self._file(row, name)
        image = None if file is None else read_picture(file)
        if image is not None and image.shape != OBSERVATION_SHAPE:
            height, width = OBSERVATION_SHAPE[:2]
            raise LogError(
                f"the simulator's pictures are {width}x{height}; {file} is {image.shape[1]}x{image.shape[0]}: import "
                "the recording as it was made"
            )
        return image

    def _file(self, row: LogRow, name: str) -> Path | None:
        """By its last part, because the rest is the recording computer's. None where there is none."""
        *folders, base = re.split(r"[\\/]", name)
        file = self._files.get(base.lower())
        within = file is None or any(file.resolve().is_relative_to(place) for place in self._inside)
        if ".." in folders or not within:
            raise LogError(
                f"line {row.line} of {LOG} names a picture outside the recording's folder, {name[-100:]!r}: copy the "
                f"picture into {PICTURES} and name that"
            )
        return file


def read_picture(file: Path) -> Image | None:
    """A JPEG file as uint8 (height, width, 3) RGB; None where it is damaged, cut short or something else."""
    try:
        with Pillow.open(io.BytesIO(file.read_bytes()), formats=["JPEG"]) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        return None


def _too_many_missing(missing: int, lines: int, most: float) -> LogError:
    return LogError(
        f"at most {most:.0%} of a log's lines may lack a picture; {missing} of {lines} do (the simulator draws them "
        "after the drive: was it ended before?): find the rest, or allow more with --most-missing"
    )


class LogWriter:
    """Writes rows into episodes."""

    def __init__(self, session: SessionWriter, source: Mapping[str, str]) -> None:
        self._session, self._source = session, source
        self._episode: EpisodeWriter | None = None
        self._began_ns = 0
        self.episodes = self.rows = 0
        """Written."""

    def write(self, shots: Iterator[Shot]) -> None:
        """All of a log."""
        last: Shot | None = None
        for shot, last in pairwise(shots):
            if not _follows(shot.row, last.row):
                self._finish(shot)
                continue
            self._append(shot)
            if self._episode and self._episode.rows == LONGEST_EPISODE:
                self._finish(last)
        if last:
            self._finish(last)

    def _append(self, shot: Shot) -> None:
        if self._episode is None:
            start = Start(seed=0, mode="import", paced=True)
            self._episode = self._session.begin_episode(start_attrs(start) | {"source": self._source})
            self._began_ns = shot.row.time_ns
            self.episodes += 1
        self._episode.append(_session_row(shot, self._episode.rows, shot.row.time_ns - self._began_ns))
        self.rows += 1
        if self._episode.rows % COMMIT_ROWS == 0:
            self._episode.commit()

    def _finish(self, last: Shot) -> None:
        """What `last` shows followed the last row."""
        if self._episode:
            rows, outcome = self._episode.rows, outcome_of(last.observation, last.row.speed_mph)
            self._episode.finish(End("stopped", rows, rows, outcome, {}), last.observation)
            self._episode = None


def _session_row(shot: Shot, step: int, time_ns: int) -> Row:
    """What the simulator knows; the rest are fill values."""
    row = shot.row
    outcome = outcome_of(shot.observation, row.speed_mph)
    action = np.clip(np.array([row.steering, row.throttle, row.brake], np.float32), [-1, 0, 0], 1)
    images = {f"observation_{camera}": image for camera, image in zip(CAMERAS, shot.images[1:], strict=True)}
    return {
        **images,
        "observation": shot.observation,
        "action": action,
        "human_action": action,
        "learner_action": np.nan,
        "autopilot_action": np.nan,
        "driver": int(Source.HUMAN),
        "hands_on": True,
        "nudge": 0.0,
        "time_scale": 1.0,
        "reward": outcome.reward,
        "pose": outcome.pose,
        "step": step,
        "wheels_on_road": outcome.wheels_on_road,
        "tiles_visited": outcome.tiles_visited,
        "time_ns": time_ns,
        "late_ns": 0,
    }
