"""Writing a session: append-only, committed last, one writer.

with SessionWriter("sessions/mine", env={"id": "CarRacing-v3", "kwargs": {}}, hz=50) as session:
    episode = session.begin_episode(start_attrs(start))
    for frame in frames:
        episode.append(frame_row(frame))
    episode.finish(end, frames[-1].result.observation)
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zarr
from filelock import FileLock, Timeout
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from teleop import durable
from teleop.episode_writer import EpisodeWriter
from teleop.frame import HZ
from teleop.metadata import array_layout, group_attributes, node_metadata
from teleop.session import (
    FINAL_OBSERVATION,
    FORMAT,
    FORMAT_VERSION,
    Column,
    Episode,
    SessionError,
    check_recordable,
    columns,
    existing_path,
    is_empty,
    session_attrs,
)

CAR_RACING_OBSERVATION = (96, 96, 3)
PURGED = "purged"
"""Attribute of the group of episodes: see `highest_purged`."""
_CHUNK = re.compile(r"c\.(\d+)(\.\d+)*")


def writable_path(path: str | Path) -> Path:
    """The session's folder: `.zarr` is added if it was not typed, but to a session that is called otherwise."""
    path = Path(path)
    if path.name in ("", ".."):
        raise SessionError(f'a session needs a name of its own; got "{path}": try sessions/mine')
    for folder in path.absolute().parents:
        if (folder / "zarr.json").exists():
            raise SessionError(f"a session stands beside others; {path} is within {folder}: choose another place")
    found = existing_path(path)
    return found if found.suffix == ".zarr" or (found / "zarr.json").exists() else path.with_name(path.name + ".zarr")


def session_lock(path: Path) -> FileLock:
    """The session's lock, taken; it dies with its process. SessionError when another process holds it.

    It stands beside the store: inside, it would be a file that is not Zarr. There is one, whatever links lead there.
    """
    whole = path.resolve()
    # Not bound to a thread: the one that closes a session need not be the one that opened it.
    lock = FileLock(whole.with_name(f".{whole.name}.lock"), thread_local=False)
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        if not Path(lock.lock_file).exists():  # filelock says the same where it could not make its file
            raise SessionError(f"{path} can't be written, its folder takes no files: record somewhere else") from error
        raise SessionError(
            f"a session has one writer, and another process is writing {path}: "
            "wait until it is done, or choose another session"
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
        cameras: Sequence[str] = (),
        unknown: Sequence[str] = (),
    ) -> None:
        """`env` is {id, kwargs}; `cameras` and `unknown` as in `Session.attrs`.

        SessionError when `path` is something else, is locked, or was recorded otherwise.
        """
        self.path = writable_path(path)
        self._columns = columns(observation_shape, cameras)
        self._lock = session_lock(self.path)
        try:
            images = {"observation_shape": list(observation_shape), "cameras": list(cameras)}
            self._open({"hz": hz, "env": durable.plain(env), **images, "unknown": list(unknown)}, now)
            self._purged = highest_purged(self.path)
            self._templates = array_templates(self._columns, observation_shape)
        except OSError as error:
            self._lock.release()
            raise _unwritable(self.path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._pool = ThreadPoolExecutor(durable.SYNC_THREADS, thread_name_prefix="sync")

    def _open(self, attrs: dict[str, Any], now: Callable[[], datetime]) -> None:
        if (self.path / "zarr.json").exists():
            self._check_same(attrs)
            for folder in _folders(self.path / "episodes"):
                _recover(folder, self._columns)
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

    def _create(self, attrs: dict[str, Any], now: Callable[[], datetime]) -> None:
        """Made aside and then renamed: who finds the folder finds a session."""
        if self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir())):
            raise SessionError(f"{self.path} exists and is not a session: choose another name")
        identity = {"format": FORMAT, "format_version": FORMAT_VERSION, "id": uuid.uuid4().hex}
        created = {"created_utc": now().astimezone(UTC).isoformat(timespec="seconds")}
        aside = self.path.with_name(f".{self.path.name}.new")
        shutil.rmtree(aside, ignore_errors=True)  # what a kill left
        try:
            (aside / "episodes").mkdir(parents=True)
            durable.replace_file(aside / "episodes" / "zarr.json", durable.group_metadata({}))
            durable.replace_file(aside / "zarr.json", durable.group_metadata({**identity, **created, **attrs}))
            if self.path.exists():
                self.path.rmdir()
            aside.rename(self.path)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        durable.sync_folder(self.path.parent)

    def begin_episode(self, attrs: Mapping[str, Any]) -> EpisodeWriter:
        """Add an episode without rows. `attrs`: see `start_attrs`. SessionError when its seed may not be recorded."""
        check_recordable(attrs["seed"])
        numbers = [int(folder.name) for folder in _folders(self.path / "episodes") if folder.name.isdigit()]
        folder = self.path / "episodes" / f"{max([*numbers, self._purged]) + 1:06d}"
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


def _recover(folder: Path, layout: Sequence[Column]) -> None:
    """Cut an episode that was killed to its committed rows. One that the reader lists as damaged is left alone:
    nothing here may make it worse."""
    if is_empty(folder):
        shutil.rmtree(folder)
        return
    try:
        episode = Episode(folder, 0, group_attributes(folder), layout)
        if episode.attrs.get("end") is not None or episode.archived:
            return
        if episode.committed:
            episode.check_files()
    except SessionError:
        return
    if not episode.committed:
        shutil.rmtree(folder)
        return
    _remove_partial(folder.rglob("*"))
    for column in layout:
        _truncate(folder / column.name, episode.committed)


def _truncate(folder: Path, rows: int) -> None:
    """The shape first: a kill in between leaves chunks that nothing refers to."""
    shape, chunk_rows, _ = array_layout(folder)
    if shape[0] > rows:
        metadata = node_metadata(folder, "array") | {"shape": [rows, *shape[1:]]}
        durable.replace_file(folder / "zarr.json", durable.encoded_json(metadata))
    for file in folder.iterdir():
        chunk = _CHUNK.fullmatch(file.name)
        if chunk and int(chunk[1]) * chunk_rows >= rows:
            file.unlink()
    durable.sync_folder(folder)


def highest_purged(path: Path) -> int:
    """The highest number of an episode that is no more, which no other may bear; -1 while there is none."""
    number = group_attributes(path / "episodes").get(PURGED, -1)
    if type(number) is not int:
        raise SessionError(f"{path / 'episodes' / 'zarr.json'} gives no valid {PURGED}: restore the file from a backup")
    return number


def _folders(path: Path) -> list[Path]:
    return [folder for folder in path.iterdir() if folder.is_dir()]


def _remove_partial(files: Iterable[Path]) -> None:
    for file in list(files):
        if file.suffix == durable.PARTIAL:
            file.unlink()


def array_templates(layout: Sequence[Column], observation_shape: Sequence[int]) -> dict[str, dict[str, Any]]:
    """The metadata of an episode's arrays, which hold no row yet."""
    templates = {
        column.name: array_metadata((0, *column.shape), (column.chunk_rows, *column.shape), column.dtype, column.fill)
        for column in layout
    }
    return templates | {FINAL_OBSERVATION: array_metadata(observation_shape, observation_shape, "uint8", 0)}


def array_metadata(shape: Sequence[int], chunks: Sequence[int], dtype: str, fill: float) -> dict[str, Any]:
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
