"""Writing a session: append-only, committed last, one writer.

    with SessionWriter("sessions/mine", env={"id": "CarRacing-v3", "kwargs": {}}, hz=50) as session:
        episode = session.begin_episode(start_attrs(start))
        for frame in frames:
            episode.append(frame_row(frame))
        episode.finish(end, frames[-1].result.observation)

Rows become part of the session when `commit` replaces the episode's attributes, after every chunk below them is on
disk. Array shapes are grown ahead by `GROW_ROWS`, so that a commit rewrites no array's metadata.
"""

from __future__ import annotations

import json
import math
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import zarr
from filelock import FileLock, Timeout
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from teleop import durable
from teleop.frame import HZ, End, Frame, Image, Start
from teleop.session import (
    FINAL_OBSERVATION,
    FORMAT,
    FORMAT_VERSION,
    PROPOSAL_COLUMNS,
    Column,
    SessionError,
    check_recordable,
    chunk_file,
    columns,
    is_empty,
    session_attrs,
)

GROW_ROWS = 1000
SYNC_THREADS = 8
"""Half of an episode's columns at once: more gained nothing on the disks at hand."""
CAR_RACING_OBSERVATION = (96, 96, 3)
Row = Mapping[str, npt.ArrayLike]
"""One value for each column."""


def frame_row(frame: Frame) -> Row:
    """A frame as a row of the format. Arrays are copies: a device may reuse its buffer for the next tick."""
    before = frame.tick.outcome
    row: dict[str, npt.ArrayLike] = {
        "observation": before.observation.copy(),
        "action": frame.action.copy(),
        "driver": int(frame.driver),
        "hands_on": frame.hands_on,
        "nudge": frame.nudge,
        "time_scale": frame.time_scale,
        "reward": frame.result.reward,
        "pose": before.pose.copy(),
        "step": frame.tick.step,
        "wheels_on_road": before.wheels_on_road,
        "tiles_visited": before.tiles_visited,
        "time_ns": frame.tick.time_ns,
        "late_ns": frame.late_ns,
    }
    for source, name in PROPOSAL_COLUMNS.items():
        proposal = frame.proposals.get(source)
        row[name] = math.nan if proposal is None else proposal.copy()
    return row


def start_attrs(start: Start) -> dict[str, Any]:
    """What an episode's attributes say from its first row on."""
    return {
        "seed": start.seed,
        "mode": start.mode,
        "expert": start.expert,
        "operator": start.operator,
        "device": start.device,
        "gate": start.gate,
        "round": start.round,
        "learner": None if start.learner is None else dict(start.learner),
        "parent": None if start.parent is None else dict(start.parent),
        "paced": start.paced,
        "versions": dict(start.versions),
    }


def writable_path(path: str | Path) -> Path:
    """The session's folder: `.zarr` is added if it was not typed."""
    path = Path(path)
    if path.name in ("", ".."):
        raise SessionError(f'a session needs a name of its own; got "{path}": try sessions/mine')
    return path if path.suffix == ".zarr" else path.with_name(path.name + ".zarr")


def session_lock(path: Path) -> FileLock:
    """The session's lock, taken; it dies with its process. SessionError when another process holds it.

    It stands beside the store: inside, it would be a file that is not Zarr.
    """
    # Not bound to a thread: the one that closes a session need not be the one that opened it.
    lock = FileLock(path.with_name(f".{path.name}.lock"), thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SessionError(
            f"a session has one writer, and another process is writing {path}: "
            "wait until it is done, or record to another session"
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    return lock


def _unwritable(path: Path, error: OSError) -> SessionError:
    return SessionError(f"{path} can't be written ({error}): mend that, or record to another folder")


class SessionWriter:
    """Creates a session, or appends to one, and holds its lock until `close`."""

    def __init__(
        self,
        path: str | Path,
        env: Mapping[str, Any],
        hz: float = HZ,
        observation_shape: Sequence[int] = CAR_RACING_OBSERVATION,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`env` is {id, kwargs}. SessionError when `path` is something else, is locked, or was recorded otherwise."""
        self.path = writable_path(path)
        self._columns = columns(observation_shape)
        self._lock = session_lock(self.path)
        try:
            self._open({"hz": hz, "env": _plain(env), "observation_shape": list(observation_shape)}, now)
            self._templates = {
                column.name: _array_metadata(
                    (0, *column.shape), (column.chunk_rows, *column.shape), column.dtype, column.fill
                )
                for column in self._columns
            }
            self._templates[FINAL_OBSERVATION] = _array_metadata(observation_shape, observation_shape, "uint8", 0)
        except OSError as error:
            self._lock.release()
            raise _unwritable(self.path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._pool = ThreadPoolExecutor(SYNC_THREADS, thread_name_prefix="sync")

    def _open(self, attrs: dict[str, Any], now: Callable[[], datetime]) -> None:
        if (self.path / "zarr.json").exists():
            self._check_same(attrs)
            for folder in _folders(self.path / "episodes"):
                _recover(folder, [column.name for column in self._columns])
        else:
            self._create(attrs, now)
        _remove_partial(self.path.glob("*"))
        _remove_partial((self.path / "episodes").glob("*"))

    def _check_same(self, attrs: Mapping[str, Any]) -> None:
        recorded = session_attrs(self.path)
        for name, value in attrs.items():
            if recorded[name] != value:
                raise SessionError(
                    f"one session holds one kind of driving: {self.path} has {name} {recorded[name]}, got {value}: "
                    "record to another session"
                )

    def _create(self, attrs: Mapping[str, Any], now: Callable[[], datetime]) -> None:
        """The root's metadata comes last: a kill before it leaves a folder that the next writer may take over."""
        if self.path.is_file() or any(file.name not in _OWN_NAMES for file in self.path.rglob("*")):
            raise SessionError(f"{self.path} exists and is not a session: choose another name")
        episodes = self.path / "episodes"
        episodes.mkdir(parents=True, exist_ok=True)
        durable.replace_file(episodes / "zarr.json", durable.group_metadata({}))
        identity = {"format": FORMAT, "format_version": FORMAT_VERSION, "id": uuid.uuid4().hex}
        created = {"created_utc": now().astimezone(UTC).isoformat(timespec="seconds")}
        durable.replace_file(self.path / "zarr.json", durable.group_metadata({**identity, **created, **attrs}))
        durable.sync_folder(self.path.parent)

    def begin_episode(self, attrs: Mapping[str, Any]) -> EpisodeWriter:
        """Add an episode without rows. `attrs`: see `start_attrs`. SessionError when its seed may not be recorded."""
        check_recordable(attrs["seed"])
        numbers = [int(folder.name) for folder in _folders(self.path / "episodes") if folder.name.isdigit()]
        folder = self.path / "episodes" / f"{max(numbers, default=-1) + 1:06d}"
        return EpisodeWriter(folder, attrs, self._columns, self._templates, self._pool)

    def close(self) -> None:
        """Let go of the lock. What was not committed is not part of the session."""
        self._pool.shutdown()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


_OWN_NAMES = {"episodes", "zarr.json", "zarr.json" + durable.PARTIAL}


class EpisodeWriter:
    """Appends rows to one new episode. Not thread-safe: one thread writes."""

    def __init__(
        self,
        path: Path,
        attrs: Mapping[str, Any],
        episode_columns: Sequence[Column],
        templates: Mapping[str, dict[str, Any]],
        pool: Executor,
    ) -> None:
        """Use `SessionWriter.begin_episode`."""
        self.path = path
        self.name = path.name
        self.rows = 0
        """Appended, committed or not."""
        self.committed = 0
        """Safe from a kill."""
        self._templates = templates
        self._pool = pool
        self._attrs = _plain(attrs) | {
            "committed": 0, "end": None, "figures": {}, "error": "", "discarded": False, "excluded": []
        }  # fmt: skip
        self._columns = [_ColumnWriter(path / column.name, column) for column in episode_columns]
        path.mkdir()
        # Before anything else: a folder without it that holds something is a damaged episode.
        self._write_attrs()
        durable.sync_folder(path.parent)
        for name in templates:
            (path / name).mkdir()
        self._pending = self._shapes(GROW_ROWS)
        self._pending[path / FINAL_OBSERVATION / "zarr.json"] = durable.encoded_json(templates[FINAL_OBSERVATION])

    def append(self, row: Row) -> None:
        """Take one row; it stays in memory until `commit`."""
        for column in self._columns:
            if column.full:
                self._pending |= column.encoded()
                column.next_chunk()
            column.append(row[column.name])
        self.rows += 1

    def commit(self) -> None:
        """Make every appended row safe: chunks first, on disk, then the one file that says so."""
        if self.rows == self.committed:
            return
        if self.rows > self._capacity:
            self._pending |= self._shapes(GROW_ROWS * math.ceil(self.rows / GROW_ROWS))
        self._write_pending()
        self._write_attrs(committed=self.rows)
        self.committed = self.rows

    def finish(self, end: End, final_observation: Image, excluded: Sequence[tuple[int, int]] = ()) -> None:
        """Commit what is left, say how the episode ended, and cut the arrays to their rows.

        `final_observation` followed the last row. `excluded`: [start, stop) ranges of rows not to be learned from.
        """
        final_chunk = self.path / FINAL_OBSERVATION / chunk_file(0, final_observation.ndim)
        self._pending |= self._shapes(self.rows) | {final_chunk: durable.encoded_chunk(final_observation)}
        self._write_pending()
        self._write_attrs(
            committed=self.rows,
            end=end.why,
            figures=_plain(end.figures),
            error=end.error,
            discarded=end.why == "discarded",
            excluded=_plain(excluded),
        )
        self.committed = self.rows

    def _shapes(self, rows: int) -> dict[Path, bytes]:
        """Every column's metadata, with so many rows."""
        self._capacity = rows
        files = {}
        for column in self._columns:
            template = self._templates[column.name]
            metadata = template | {"shape": [rows, *template["shape"][1:]]}
            files[self.path / column.name / "zarr.json"] = durable.encoded_json(metadata)
        return files

    def _write_pending(self) -> None:
        for column in self._columns:
            self._pending |= column.encoded()
        durable.replace_files(self._pending, self._pool)
        self._pending = {}

    def _write_attrs(self, **changes: Any) -> None:
        self._attrs |= changes
        durable.replace_file(self.path / "zarr.json", durable.group_metadata(self._attrs))


class _ColumnWriter:
    """One chunk of one column in memory, encoded whole every time."""

    def __init__(self, folder: Path, column: Column) -> None:
        self.name = column.name
        self._folder = folder
        self._fill = column.fill
        self._rows: npt.NDArray[Any] = np.full((column.chunk_rows, *column.shape), column.fill, column.dtype)
        self._chunk = self._count = self._encoded = 0

    @property
    def full(self) -> bool:
        return self._count == len(self._rows)

    def append(self, value: npt.ArrayLike) -> None:
        self._rows[self._count] = value
        self._count += 1

    def next_chunk(self) -> None:
        self._rows.fill(self._fill)
        self._chunk += 1
        self._count = self._encoded = 0

    def encoded(self) -> dict[Path, bytes]:
        """The chunk's file, if a row was added since the last time."""
        if self._count == self._encoded:
            return {}
        self._encoded = self._count
        return {self._folder / chunk_file(self._chunk, self._rows.ndim): durable.encoded_chunk(self._rows)}


def _recover(folder: Path, names: Sequence[str]) -> None:
    """Cut an episode that was killed to its committed rows. One that can't be understood is left alone:
    the reader lists it as damaged, with the reason, and nothing here may make it worse."""
    if is_empty(folder):
        shutil.rmtree(folder)
        return
    try:
        attrs = json.loads((folder / "zarr.json").read_bytes())["attributes"]
        committed, end = attrs["committed"], attrs["end"]
        if end is not None:
            return
        shapes = {name: json.loads((folder / name / "zarr.json").read_bytes()) for name in names if committed}
    except (OSError, ValueError, KeyError, TypeError):
        return
    _remove_partial(folder.rglob("*"))
    if committed == 0:
        shutil.rmtree(folder)
    for name, metadata in shapes.items():
        _truncate(folder / name, metadata, committed)


def _truncate(folder: Path, metadata: dict[str, Any], rows: int) -> None:
    """The shape first: a kill in between leaves chunks that nothing refers to."""
    if metadata["shape"][0] > rows:
        metadata["shape"][0] = rows
        durable.replace_file(folder / "zarr.json", durable.encoded_json(metadata))
    chunk_rows = metadata["chunk_grid"]["configuration"]["chunk_shape"][0]
    for file in folder.glob("c.*"):
        if int(file.name.split(".")[1]) * chunk_rows >= rows:
            file.unlink()
    durable.sync_folder(folder)


def _folders(path: Path) -> list[Path]:
    return [folder for folder in path.iterdir() if folder.is_dir()]


def _remove_partial(files: Iterable[Path]) -> None:
    for file in list(files):
        if file.suffix == durable.PARTIAL:
            file.unlink()


def _array_metadata(shape: Sequence[int], chunks: Sequence[int], dtype: str, fill: float) -> dict[str, Any]:
    """zarr-python's own description of an array, made once: an episode's arrays differ in their length alone."""
    files: dict[str, Buffer] = {}
    zarr.create_array(
        MemoryStore(files),
        shape=tuple(shape),
        chunks=tuple(chunks),
        dtype=dtype,
        fill_value=fill,
        compressors=[ZstdCodec(level=durable.ZSTD_LEVEL), Crc32cCodec()],
        chunk_key_encoding={"name": "default", "separator": "."},
        zarr_format=3,
    )
    metadata: dict[str, Any] = json.loads(files["zarr.json"].to_bytes())
    return metadata


def _plain(value: Any) -> Any:
    """`value` as JSON holds it: numpy's numbers as Python's, numbers that are none as null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
