"""The session format: what recorded driving looks like on disk, and how it is read.

A session is a plain Zarr v3 store; any Zarr library opens it. One rule goes beyond Zarr: an episode's attribute
`committed` says how many rows are valid. Array shapes run ahead of it while recording, so trust `committed` alone.

    session = open_session("sessions/mine")
    for episode in session.episodes:
        images, actions = episode.observation[episode.kept], episode.action[episode.kept]

    sessions/mine.zarr/               format, format_version, id, created_utc, hz, env, observation_shape,
                                      cameras, unknown
      episodes/                       marks, purged
      episodes/000000/                seed, mode, ..., committed, end, figures; excluded, discarded, judgement; origin
        observation, action, ...      one array a column, one row a stepped tick: `columns`
        observation_left, ...         what other cameras saw, one array for each that `cameras` names
        final_observation             what followed the last row
        labels/NAME/action            a layer: labels that somebody added later; its group has its own `committed`

An episode with the attribute `archive` {columns, digests} was archived, in a session of format 3. The array `archive`
(T, bytes) holds those columns side by side in that order, little endian. The pictures are gone: its seed and actions
draw them again, and the digests are their sha256. Nothing is drawn here; `open_session` takes what draws.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from teleop.archive import ARCHIVE, Kind, row_type, unpacked
from teleop.errors import SessionError as SessionError
from teleop.frame import DIAGNOSIS_SEED, VALIDATION_SEED, Image, Source
from teleop.metadata import array_layout, check_episode, check_root, group_attributes

if TYPE_CHECKING:
    import zarr

FORMAT = "teleop-session"
FORMAT_VERSION = 2
"""2 added `cameras` and `unknown`; a session of format 1 has neither."""
ARCHIVE_VERSION = 3
"""Of a session that holds an archived episode; without one it is of the format above."""

COMMIT_ROWS = 50
"""Rows of one observation chunk and of one commit: a second of driving."""
SMALL_CHUNK_ROWS = 1000
"""Rows of a chunk of any other column: a quarter of the files and half the bytes of 50-row chunks."""

PIECE_ROWS = 500
"""Rows that are decoded at a time where a whole episode may be too much."""


@dataclass(frozen=True, slots=True)
class Column:
    """One array of an episode."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    """Of one row."""
    fill: float
    """What a row that was never written holds."""
    chunk_rows: int = SMALL_CHUNK_ROWS

    @property
    def is_picture(self) -> bool:
        return len(self.shape) == 3


NAN = float("nan")
SMALL_COLUMNS = (
    Column("action", "float32", (3,), NAN),
    Column("human_action", "float32", (3,), NAN),
    Column("learner_action", "float32", (3,), NAN),
    Column("autopilot_action", "float32", (3,), NAN),
    Column("driver", "uint8", (), 255),
    Column("hands_on", "bool", (), False),
    Column("nudge", "float32", (), NAN),
    Column("time_scale", "float32", (), NAN),
    Column("reward", "float32", (), NAN),
    Column("pose", "float32", (4,), NAN),
    Column("step", "int32", (), -1),
    Column("wheels_on_road", "uint8", (), 255),
    Column("tiles_visited", "int16", (), -1),
    Column("time_ns", "int64", (), -1),
    Column("late_ns", "int64", (), -1),
)
FINAL_OBSERVATION = "final_observation"
LABELS = "labels"
"""The group of an episode's layers: labels/NAME, with its own `committed`, holds `action` (T, 3)."""
PROPOSAL_COLUMNS = {
    Source.HUMAN: "human_action",
    Source.LEARNER: "learner_action",
    Source.AUTOPILOT: "autopilot_action",
}
"""Where each source's proposals stand, whoever drove."""


Renderer = Callable[[Mapping[str, Any], "Episode"], Iterator[Image]]
"""From a session's `env` and an archived episode of it to its observations, in order, and what followed the last.
SessionError where they can't be drawn as they were recorded."""


def columns(observation_shape: Sequence[int], cameras: Sequence[str] = ()) -> tuple[Column, ...]:
    """Every column of an episode whose images have this shape; `cameras` saw the same moment from elsewhere."""
    names = ("observation", *(f"observation_{camera}" for camera in cameras))
    images = (Column(name, "uint8", tuple(observation_shape), 0, COMMIT_ROWS) for name in names)
    return (*images, *SMALL_COLUMNS)


def chunk_file(chunk: int, dimensions: int) -> str:
    """The file of the chunk that begins at row `chunk` * chunk rows. No folders within: each costs a sync."""
    return f"c.{chunk}" + ".0" * (dimensions - 1)


def check_recordable(seed: int) -> None:
    """Raise SessionError if driving on this seed's track may not be recorded."""
    if not 0 <= seed < VALIDATION_SEED:
        raise SessionError(
            f"recording may use seeds from 0 to {VALIDATION_SEED - 1}, of which {DIAGNOSIS_SEED} to "
            f"{DIAGNOSIS_SEED + 99} are diagnosis tracks; got seed {seed}: choose one of these"
        )


def next_seed(*sessions: Session, known: Sequence[int] = ()) -> int:
    """One past the highest recording seed in these sessions, and of those `known`; 0 when there is none."""
    seeds = [*known, *(int(attrs["seed"]) for session in sessions for attrs in session.all_attrs)]
    return max((seed for seed in seeds if seed < DIAGNOSIS_SEED), default=-1) + 1


def existing_path(path: str | Path) -> Path:
    """The session's folder, whether or not `.zarr` was typed."""
    path = Path(path)
    if path.name in ("", ".."):  # who stands within a session calls it so; what belongs to it stands beside it
        return path.resolve()
    if path.suffix == ".zarr":
        return path
    session = path.with_name(path.name + ".zarr")
    return path if path.is_dir() and not session.exists() else session


def open_session(path: str | Path, renderer: Renderer | None = None) -> Session:
    """Open a session for reading. Takes no lock: a session that is being recorded can be read.

    Pictures of archived episodes are those that `renderer` draws; without one, asking for them is a SessionError.
    SessionError when there is no session, or one of a newer format. Damaged episodes don't prevent opening:
    they are listed in `damaged`.
    """
    path = existing_path(path)
    return Session(path, session_attrs(path), renderer)


def session_attrs(path: Path) -> dict[str, Any]:
    """The root's attributes, once it is certain that this teleop can read them; else SessionError."""
    if not path.exists():
        raise SessionError(f"there is no session at {path}: check the path, or record one with `teleop record {path}`")
    if not (path / "zarr.json").exists():
        raise SessionError(f"{path} is not a session, it has no zarr.json: give the folder that ends in .zarr")
    attrs = group_attributes(path)
    if attrs.get("format") != FORMAT:
        raise SessionError(
            f'{path} is a Zarr store but not a session: a session has format "{FORMAT}", '
            f"this has {attrs.get('format')!r}: give the folder that `teleop record` made"
        )
    version = attrs.get("format_version")
    if not isinstance(version, int):
        raise SessionError(f"{path / 'zarr.json'} gives no format_version: restore the file from a backup")
    if version > ARCHIVE_VERSION:
        raise SessionError(
            f"session {path.name} is format {version}, this teleop reads up to {ARCHIVE_VERSION}: upgrade teleop"
        )
    attrs = {"cameras": [], "unknown": []} | attrs
    check_root(path / "zarr.json", attrs)
    return attrs


class Session:
    """A session as it was when it was opened. Get one from `open_session`."""

    def __init__(self, path: Path, attrs: Mapping[str, Any], renderer: Renderer | None = None) -> None:
        self.path = path
        """The folder that ends in .zarr."""
        self.attrs = attrs
        """format, format_version, id, created_utc, hz, env {id, kwargs}, observation_shape; `cameras`, the names of
        those beside the first; `unknown`, the columns that this world tells nothing about (of `pose`, the speed alone
        is then known): they hold their fill values."""
        self.episodes: Sequence[Episode]
        """The healthy ones that hold at least one row, in order; discarded ones too (see `Episode.discarded`)."""
        self.damaged: Sequence[tuple[str, SessionError]]
        """(name, what is wrong) of every episode that can't be trusted."""
        episodes: list[Episode] = []
        damaged: list[tuple[str, SessionError]] = []
        layout = columns(attrs["observation_shape"], attrs["cameras"])
        render = partial(renderer, attrs["env"]) if renderer else None
        self.all_attrs: list[Mapping[str, Any]] = []
        """Of every episode whose seed can be read, those without rows or otherwise damaged included."""
        for folder in episode_folders(path):
            try:
                episode_attrs = group_attributes(folder)
                if type(episode_attrs.get("seed")) is int:
                    self.all_attrs.append(episode_attrs)
                episode = Episode(folder, len(episodes), episode_attrs, layout, render)
                if episode.committed:
                    episode.check_files()
                    episodes.append(episode)
            except SessionError as error:
                damaged.append((folder.name, error))
        self.episodes, self.damaged = tuple(episodes), tuple(damaged)


def episode_folders(session: Path) -> list[Path]:
    """Every episode of the session at this path, in order; a folder that a kill left empty is none."""
    return [folder for folder in folders_in(session) if not is_empty(folder)]


def folders_in(session: Path) -> list[Path]:
    """Of the session's episodes, in order, and of what kills left empty."""
    if not (session / "episodes").is_dir():
        raise SessionError(f"{session / 'episodes'} is missing: restore it from a backup")
    return sorted(folder for folder in (session / "episodes").iterdir() if folder.is_dir())


def is_empty(episode: Path) -> bool:
    """A kill came before the episode's first file was whole."""
    return all(file.suffix == ".partial" for file in episode.iterdir())


def later_minimum(step: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """For each row, the smallest step of any later row; the largest int32 for the last."""
    later = np.append(step[1:], np.int32(np.iinfo(np.int32).max))
    return np.asarray(np.minimum.accumulate(later[::-1])[::-1], np.int32)


class Episode:
    """One recorded episode. T = `committed` rows; row t says what stood before action[t], and what that earned.

    Every column property reads and decodes the whole column anew, every time: keep the array rather than asking
    twice. Each raises SessionError, which names the file, when a chunk is missing or its checksum is wrong.
    """

    def __init__(
        self,
        path: Path,
        index: int,
        attrs: Mapping[str, Any],
        layout: Sequence[Column],
        render: Callable[[Episode], Iterator[Image]] | None = None,
    ) -> None:
        self.path = path
        self.name = path.name
        """Six digits; never reused for another episode."""
        self.index = index
        """Place in `Session.episodes`."""
        self.attrs = attrs
        """What was known at the start (seed, mode, expert, operator...), and how it ended (end, figures, error)."""
        committed = attrs.get("committed")
        if type(committed) is not int or committed < 0:
            raise SessionError(
                f"{path / 'zarr.json'} must give `committed`, the number of valid rows; got {committed!r}: "
                "restore the file from a backup"
            )
        check_episode(path / "zarr.json", attrs)
        self.committed = committed
        """T, the number of valid rows."""
        self._columns = {column.name: column for column in layout}
        self.columns = tuple(self._columns)
        """Names of all columns, for `column`."""
        self._render = render

    @property
    def archived(self) -> bool:
        """Its pictures were dropped, and are drawn again: `teleop compact`."""
        return self.attrs.get(ARCHIVE) is not None

    def check_files(self) -> None:
        """Raise SessionError unless every column covers the committed rows with its chunks; decodes nothing."""
        if self.archived:
            self._check_column(self._archive, self.committed)
            return
        for column in self._columns.values():
            self._check_column(column, self.committed)
        if self.attrs.get("end") is not None:
            self._check_final_observation()

    def _check_final_observation(self) -> None:
        if not (file := self.path / FINAL_OBSERVATION / chunk_file(0, 3)).is_file():
            raise SessionError(f"{file} is missing, though the episode has ended: restore it from a backup")

    def _check_column(self, column: Column, rows: int) -> None:
        """zarr reads a missing chunk as fill values: here it is an error."""
        folder = self.path / column.name
        shape, chunk_rows, separator = array_layout(folder)
        if shape[0] < rows or tuple(shape[1:]) != column.shape:
            raise SessionError(
                f"{folder} must hold {rows} rows of shape {column.shape}; got shape {tuple(shape)}: "
                "restore the episode from a backup"
            )
        for chunk in range(-(-rows // chunk_rows)):
            file = folder / chunk_file(chunk, len(shape)).replace(".", separator)
            if not file.is_file():
                raise SessionError(f"{file} is missing, though its rows were committed: restore it from a backup")

    def column(self, name: str) -> npt.NDArray[Any]:
        """The committed rows of a column by its name, decoded now."""
        if self.archived:
            return np.concatenate(list(self.pieces(name)))
        return self._rows(self._columns[name], self.committed)

    def pieces(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """The same, a part at a time: an hour of pictures would fill the memory."""
        if self.archived:
            yield from self._archived_pieces(name)
            return
        for start in range(0, self.committed, PIECE_ROWS):
            yield self._rows(self._columns[name], min(start + PIECE_ROWS, self.committed), start)

    def _archived_pieces(self, name: str) -> Iterator[npt.NDArray[Any]]:
        if not self._columns[name].is_picture:
            yield unpacked(self._kinds, name, self._rows(self._archive, self.committed))
            return
        pictures = self.drawn_again()
        for start in range(0, self.committed, PIECE_ROWS):
            yield np.array(list(islice(pictures, min(PIECE_ROWS, self.committed - start))), np.uint8)

    def drawn_again(self) -> Iterator[Image]:
        """An archived episode's observations, then its final one, drawn by the renderer that its session was given.

        SessionError without one, where it can't draw them, and unless their digests are those that were recorded.
        """
        if self._render is None:
            raise SessionError(
                f"episode {self.name} is archived, without its pictures: "
                f"`teleop compact --restore {self.path.parents[1]}` puts them back"
            )
        pictures = self._render(self)
        yield from self._verified(islice(pictures, self.committed), self.committed, "observation")
        if self.attrs.get("end") is not None:
            yield from self._verified(pictures, 1, FINAL_OBSERVATION)

    def _verified(self, pictures: Iterator[Image], count: int, name: str) -> Iterator[Image]:
        digest = hashlib.sha256()
        for number, picture in enumerate(pictures, 1):
            digest.update(np.ascontiguousarray(picture).data)
            if number == count and digest.hexdigest() != self.attrs[ARCHIVE]["digests"].get(name):
                raise SessionError(
                    f"{self.path}: what is drawn here as {name} is not what was recorded, by its digest: restore the "
                    "pictures on the machine that archived them"
                )
            yield picture

    @property
    def _archive(self) -> Column:
        return Column(ARCHIVE, "uint8", (row_type(self._kinds).itemsize,), 0)

    @property
    def _kinds(self) -> list[Kind]:
        """Of the archived columns, in their order."""
        names = self.attrs[ARCHIVE]["columns"]
        if set(names) != {column.name for column in self._columns.values() if not column.is_picture}:
            raise SessionError(f"{self.path / 'zarr.json'} archives other columns: restore the file from a backup")
        return [(name, self._columns[name].dtype, self._columns[name].shape) for name in names]

    def pictures(self, chosen: npt.NDArray[np.bool_], camera: str = "") -> Iterator[Image]:
        """The observations of the rows chosen by (T,), in order; of one of the session's `cameras`, if it is named."""
        start = 0
        for piece in self.pieces(f"observation_{camera}" if camera else "observation"):
            yield from piece[chosen[start : start + len(piece)]]
            start += len(piece)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of labels that were added later, for `layer`."""
        groups = (self.path / LABELS).glob("*/zarr.json")
        return tuple(sorted(group.parent.name for group in groups))

    def layer(self, name: str) -> npt.NDArray[np.float32]:
        """(T, 3): what a layer says should have been done; NaN where it says nothing. SessionError when damaged."""
        group = self.path / LABELS / name
        committed = group_attributes(group).get("committed")
        if type(committed) is not int or not 0 <= committed <= self.committed:
            raise SessionError(
                f"{group / 'zarr.json'} must give `committed`, at most the {self.committed} rows of its episode; got "
                f"{committed!r}: restore the file from a backup"
            )
        labels = np.full((self.committed, 3), np.nan, np.float32)
        labels[:committed] = self._rows(Column(f"{LABELS}/{name}/action", "float32", (3,), NAN), committed)
        return labels

    def _rows(self, column: Column, stop: int, start: int = 0) -> npt.NDArray[Any]:
        self._check_column(column, stop)
        rows = self._read(column.name, slice(start, stop))
        if rows.dtype != column.dtype:
            folder = self.path / column.name
            raise SessionError(f"{folder} must be {column.dtype}, got {rows.dtype}: restore it from a backup")
        return rows

    def _read(self, name: str, rows: slice) -> npt.NDArray[Any]:
        import zarr  # only now: it takes half a second to load, and what is asked of attributes needs none of it

        array = None
        try:
            array = zarr.open_array(str(self.path / name), mode="r", zarr_format=3)
            return np.asarray(array[rows])
        # What zarr and its codecs raise for bytes that are not what they should be.
        except (ValueError, RuntimeError, TypeError, KeyError, OSError) as error:
            file = self.path / name / ("zarr.json" if array is None else _broken_chunk(array))
            raise SessionError(
                f"{file} is damaged ({error}): restore it from a backup, or move the folder of episode {self.name} away"
            ) from error

    @property
    def observation(self) -> Image:
        """uint8 (T, height, width, 3) RGB: what stood before action[t]. CarRacing-v3's are (T, 96, 96, 3)."""
        return self.column("observation")

    @property
    def final_observation(self) -> Image | None:
        """uint8 (height, width, 3): what followed the last row; None when recording was killed before the end."""
        if self.attrs.get("end") is None:
            return None
        if self.archived:
            return deque(self.drawn_again(), maxlen=1)[0]
        self._check_final_observation()
        return self._read(FINAL_OBSERVATION, slice(None))

    @property
    def action(self) -> npt.NDArray[np.float32]:
        """(T, 3): executed."""
        return self.column("action")

    @property
    def human_action(self) -> npt.NDArray[np.float32]:
        """(T, 3): what the expert wanted; NaN where there was none."""
        return self.column("human_action")

    @property
    def learner_action(self) -> npt.NDArray[np.float32]:
        """(T, 3): what the learner proposed; NaN where there was none."""
        return self.column("learner_action")

    @property
    def autopilot_action(self) -> npt.NDArray[np.float32]:
        """(T, 3): what the silent referee would have done; NaN where there was none."""
        return self.column("autopilot_action")

    @property
    def driver(self) -> npt.NDArray[np.uint8]:
        """(T,): `frame.Source` of the executed proposal."""
        return self.column("driver")

    @property
    def hands_on(self) -> npt.NDArray[np.bool_]:
        """(T,): the expert held or moved a control."""
        return self.column("hands_on")

    @property
    def nudge(self) -> npt.NDArray[np.float32]:
        """(T,): added to the driver's steering before it was executed."""
        return self.column("nudge")

    @property
    def time_scale(self) -> npt.NDArray[np.float32]:
        """(T,): simulated seconds a real second."""
        return self.column("time_scale")

    @property
    def reward(self) -> npt.NDArray[np.float32]:
        """(T,): what action[t] earned."""
        return self.column("reward")

    @property
    def pose(self) -> npt.NDArray[np.float32]:
        """(T, 4): x, y, heading, speed before action[t]."""
        return self.column("pose")

    @property
    def step(self) -> npt.NDArray[np.int32]:
        """(T,): steps the world had taken; smaller than the row before after a rewind."""
        return self.column("step")

    @property
    def wheels_on_road(self) -> npt.NDArray[np.uint8]:
        """(T,): 0 to 4, before action[t]."""
        return self.column("wheels_on_road")

    @property
    def tiles_visited(self) -> npt.NDArray[np.int16]:
        """(T,): before action[t]."""
        return self.column("tiles_visited")

    @property
    def time_ns(self) -> npt.NDArray[np.int64]:
        """(T,): since the episode began; real when paced, else simulated."""
        return self.column("time_ns")

    @property
    def late_ns(self) -> npt.NDArray[np.int64]:
        """(T,): after the tick's deadline."""
        return self.column("late_ns")

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """(T,): rows that no rewind took back: no later row has a step <= its own. Knows nothing of `excluded`."""
        step = self.step
        return np.asarray(step < later_minimum(step))

    @property
    def excluded(self) -> npt.NDArray[np.bool_]:
        """(T,): rows somebody marked as not to be learned from, by the attribute's half-open [start, stop) ranges."""
        rows = np.zeros(self.committed, np.bool_)
        for start, stop in self.attrs.get("excluded", ()):
            rows[start:stop] = True
        return rows

    @property
    def discarded(self) -> bool:
        """Somebody marked the whole episode as bad; its rows are still here."""
        return bool(self.attrs.get("discarded"))

    @property
    def judgement(self) -> str:
        """What a person said of the attempt, whatever its figures: success, failure, or empty for nothing."""
        return str(self.attrs.get("judgement", ""))

    def digest(self) -> str:
        """sha256, hex, of every committed row of every column: says which data a checkpoint was trained on."""
        digest = hashlib.sha256()
        for name in self._columns:
            digest.update(f"{name} {self.committed};".encode())
            for piece in self.pieces(name):
                digest.update(np.ascontiguousarray(piece).data)
        return digest.hexdigest()


def _broken_chunk(array: zarr.Array[Any]) -> str:
    """The file of the first chunk that can't be decoded, found by decoding one after another."""
    rows = (array.shards or array.chunks)[0]
    for chunk in range(-(-array.shape[0] // rows)):
        try:
            array[chunk * rows : (chunk + 1) * rows]
        except Exception:  # whatever it is, it is being reported by the caller
            return chunk_file(chunk, array.ndim)
    return ""
