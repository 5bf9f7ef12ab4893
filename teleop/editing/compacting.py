"""Archives: episodes whose pictures were dropped, because their seeds and actions draw them again; and back.

Before a picture is dropped, every one was drawn again and is the recorded one, to the last bit. An episode becomes an
archive, or whole again, by one replace of its attributes. A kill leaves files that nothing refers to at most: the next
compacting removes them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy.typing as npt
import zarr
from zarr.codecs import Crc32cCodec, TransposeCodec, ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from teleop import durable
from teleop.archive import ARCHIVE, digest_of, packed
from teleop.disk import bytes_on_disk
from teleop.editing.changes import editing, find_episode
from teleop.episode_writer import EpisodeWriter
from teleop.frame import Image
from teleop.metadata import group_attributes
from teleop.session import (
    ARCHIVE_VERSION,
    FINAL_OBSERVATION,
    FORMAT_VERSION,
    SMALL_CHUNK_ROWS,
    SMALL_COLUMNS,
    Column,
    Episode,
    Renderer,
    Session,
    SessionError,
    columns,
    open_session,
    session_attrs,
)
from teleop.writer import array_templates

RESTORED = "restored"
"""In an episode's folder, where its arrays are written until they are whole."""
KINDS = [(column.name, column.dtype, column.shape) for column in SMALL_COLUMNS]
"""The columns that an archive holds, in their order."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one episode."""

    episode: str
    """Six digits."""
    rows: int
    before: int
    """Bytes on the disk."""
    after: int
    left: str = ""
    """Why it was left as it was; empty when it was not."""


Tell = Callable[[int], None]
"""Takes how many more pictures were drawn."""


def unwatched(pictures: int) -> None:
    """Nobody waits."""


def compact(path: Path, renderer: Renderer, names: Sequence[str] = (), tell: Tell = unwatched) -> list[Compacted]:
    """Archive a session's episodes, or the named ones; those that are archived already are left out.

    Episodes whose pictures can't be drawn here exactly as they were recorded stay whole. SessionError without such a
    session or episode, and while another process writes there.
    """
    return _changed(path, renderer, names, lambda session, episode: _archive(session, episode, renderer, tell))


def restore(path: Path, renderer: Renderer, names: Sequence[str] = (), tell: Tell = unwatched) -> list[Compacted]:
    """Put the pictures of a session's archived episodes back, or those of the named ones. Otherwise as `compact`."""
    return _changed(path, renderer, names, lambda session, episode: _restore(session, episode, tell), archived=True)


def episodes_of(session: Session, names: Collection[str], archived: bool) -> list[Episode]:
    """The archived ones, or the whole ones, of the session or of those named. SessionError where there is no such."""
    wanted = {find_episode(session.path, name).name for name in names}
    return [
        episode
        for episode in session.episodes
        if episode.archived == archived and (episode.name in wanted or not wanted)
    ]


def _changed(
    path: Path,
    renderer: Renderer,
    names: Sequence[str],
    change: Callable[[Session, Episode], None],
    archived: bool = False,
) -> list[Compacted]:
    """Change every chosen episode that is `archived`, or that is not."""
    with editing(path) as folder:
        session = open_session(folder, renderer)
        for episode in session.episodes:
            _tidy(episode)
        changed = [_compacted(session, episode, change) for episode in episodes_of(session, names, archived)]
        _set_version(folder, any(attrs.get(ARCHIVE) for attrs in open_session(folder).all_attrs))
        return changed + [Compacted(name, 0, 0, 0, str(error)) for name, error in session.damaged if not names]


def _compacted(session: Session, episode: Episode, change: Callable[[Session, Episode], None]) -> Compacted:
    before = bytes_on_disk(episode.path)
    left = ""
    try:
        change(session, episode)
    except SessionError as error:
        left = str(error)
    finally:
        _tidy(episode)
    return Compacted(episode.name, episode.committed, before, bytes_on_disk(episode.path), left)


def _archive(session: Session, episode: Episode, renderer: Renderer, tell: Tell) -> None:
    """SessionError where its pictures can't be drawn here exactly as they were recorded."""
    digests = _proven(session, episode, renderer, tell)
    small = {name: episode.column(name) for name, _, _ in KINDS}
    _write_rows(episode.path / ARCHIVE, small)
    attrs = {**episode.attrs, ARCHIVE: {"columns": list(small), "digests": digests}}
    _check_rows(Episode(episode.path, 0, attrs, _layout(session)), small)
    _set_version(session.path, archives=True)
    durable.replace_file(episode.path / "zarr.json", durable.group_metadata(attrs))


def _proven(session: Session, episode: Episode, renderer: Renderer, tell: Tell) -> dict[str, str]:
    """The digests of the recorded pictures. SessionError unless they are those of the pictures drawn now."""
    if session.attrs["cameras"]:
        raise SessionError("what other cameras saw can't be drawn again")
    pictures = _told(renderer(session.attrs["env"], episode), tell)
    drawn = {"observation": digest_of(islice(pictures, episode.committed)), FINAL_OBSERVATION: digest_of(pictures)}
    recorded = {"observation": digest_of(episode.pieces("observation"))}
    if (final := episode.final_observation) is not None:
        recorded[FINAL_OBSERVATION] = digest_of([final])
    if any(drawn[name] != digest for name, digest in recorded.items()):
        raise SessionError("its pictures are drawn otherwise here than they were recorded: `teleop verify` says where")
    return recorded


def _told(pictures: Iterator[Image], tell: Tell) -> Iterator[Image]:
    for picture in pictures:
        yield picture
        tell(1)


def _write_rows(folder: Path, small: Mapping[str, npt.NDArray[Any]]) -> None:
    """In one chunk, transposed: a byte's place of all rows together, where neighbours are alike."""
    rows = packed(KINDS, small)
    files: dict[str, Buffer] = {}
    zarr.create_array(
        MemoryStore(files),
        data=rows,
        chunks=rows.shape,
        filters=[TransposeCodec(order=(1, 0))],
        compressors=[ZstdCodec(level=durable.ZSTD_LEVEL), Crc32cCodec()],
        chunk_key_encoding={"name": "default", "separator": "."},
        config={"write_empty_chunks": True},
        zarr_format=3,
    )
    folder.mkdir()
    for name, content in files.items():
        durable.replace_file(folder / name, content.to_bytes())
    durable.sync_folder(folder.parent)


def _check_rows(archived: Episode, small: Mapping[str, npt.NDArray[Any]]) -> None:
    """Read back what was written, before that goes whose place it takes."""
    for name, values in small.items():
        if archived.column(name).tobytes() != values.tobytes():
            raise SessionError(f"{archived.path / ARCHIVE} does not hold what was written: check the disk")


def _restore(session: Session, episode: Episode, tell: Tell) -> None:
    """SessionError unless the pictures drawn now are those that were recorded."""
    aside = episode.path / RESTORED
    _write_whole(session, episode, aside, tell)
    for folder in [folder for folder in aside.iterdir() if folder.is_dir()]:
        folder.rename(episode.path / folder.name)
    durable.sync_folder(episode.path)
    attrs = {name: value for name, value in episode.attrs.items() if name != ARCHIVE}
    durable.replace_file(episode.path / "zarr.json", durable.group_metadata(attrs))


def _write_whole(session: Session, episode: Episode, folder: Path, tell: Tell) -> None:
    """The episode's arrays, as they are recorded."""
    small = {name: episode.column(name) for name, _, _ in KINDS}
    layout, shape = _layout(session), session.attrs["observation_shape"]
    pictures = _told(episode.drawn_again(), tell)
    with ThreadPoolExecutor(durable.SYNC_THREADS) as pool:
        writer = EpisodeWriter(folder, episode.attrs, layout, array_templates(layout, shape), pool)
        for row, picture in enumerate(islice(pictures, episode.committed)):
            writer.append({"observation": picture} | {name: values[row] for name, values in small.items()})
            if writer.rows % SMALL_CHUNK_ROWS == 0:
                writer.commit()
        for final_observation in pictures:  # none where recording was killed
            writer.complete(final_observation)
        writer.commit()


def _layout(session: Session) -> Sequence[Column]:
    return columns(session.attrs["observation_shape"], session.attrs["cameras"])


def _tidy(episode: Episode) -> None:
    """Remove what the episode's attributes do not refer to, or no longer."""
    archived = group_attributes(episode.path).get(ARCHIVE) is not None
    for name in (RESTORED, *([*episode.columns, FINAL_OBSERVATION] if archived else [ARCHIVE])):
        if (folder := episode.path / name).exists():
            shutil.rmtree(folder)


def _set_version(path: Path, archives: bool) -> None:
    """A teleop that does not know archives refuses a session with one, rather than finding it damaged."""
    attrs = session_attrs(path)
    if archives != (attrs["format_version"] == ARCHIVE_VERSION):
        attrs["format_version"] = ARCHIVE_VERSION if archives else FORMAT_VERSION
        durable.replace_file(path / "zarr.json", durable.group_metadata(attrs))
