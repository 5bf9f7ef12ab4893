"""Listing: every session of a folder, summed up. What was read of an episode is remembered until it changes.

What is remembered stands beside each session, in `.NAME.zarr.listing`, and may be deleted at any time.
"""

from __future__ import annotations

import json
import os
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from teleop.disk import bytes_on_disk
from teleop.errors import SessionError, UserError
from teleop.library import EpisodeInfo, SessionInfo, episode_info
from teleop.metadata import group_attributes
from teleop.session import LABELS, Column, Episode, columns, existing_path, folders_in, is_empty, session_attrs

SETTLED_NS = 2_000_000_000
"""What changed more lately is read again: file systems' clocks are too coarse to tell whether it changed since."""

Tell = Callable[[str], None]
"""Takes what is being read anew."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The sessions of a folder."""

    sessions: tuple[SessionInfo, ...]
    """In alphabetical order."""
    unreadable: tuple[tuple[Path, str], ...]
    """(folder, what is wrong and what to do) of those that can't be opened."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What an episode's files were found to be."""

    stamp: str
    """Of the files, then."""
    bytes_on_disk: int
    info: EpisodeInfo | None = None
    """None when it is damaged, or holds no row yet."""
    damage: str = ""


def listed(folder: Path, tell: Tell | None = None, now_ns: Callable[[], int] = time.time_ns) -> Listing:
    """Sum up every session in `folder`, or the one that it is. UserError when there is no such folder."""
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}: name the one with the sessions, or record one with `teleop record`"
        )
    paths = [existing_path(folder)] if (folder / "zarr.json").exists() else sorted(folder.glob("*.zarr"))
    sessions: list[SessionInfo] = []
    unreadable: list[tuple[Path, str]] = []
    for path in paths:
        try:
            sessions.append(_summed_up(path, tell, now_ns))
        except SessionError as error:
            unreadable.append((path, str(error)))
    return Listing(tuple(sessions), tuple(unreadable))


def _summed_up(path: Path, tell: Tell | None, now_ns: Callable[[], int]) -> SessionInfo:
    attrs = session_attrs(path)
    memory = _Memory(path, attrs)
    found = dict(_found(path, attrs, memory, tell, now_ns))
    memory.save()
    return SessionInfo(
        path=path,
        id=attrs["id"],
        created_utc=attrs["created_utc"],
        hz=attrs["hz"],
        env=attrs["env"],
        episodes=tuple(episode.info for episode in found.values() if episode.info),
        damaged=tuple((name, episode.damage) for name, episode in found.items() if episode.damage),
        bytes_on_disk=sum(episode.bytes_on_disk for episode in found.values()),
    )


def _found(
    path: Path, attrs: Mapping[str, Any], memory: _Memory, tell: Tell | None, now_ns: Callable[[], int]
) -> Iterator[tuple[str, _Found]]:
    """Every episode by its name, remembered or read."""
    layout = columns(attrs["observation_shape"], attrs["cameras"])
    for folder in folders_in(path):
        now = now_ns()
        with suppress(FileNotFoundError):  # purged this very moment
            stamp, changed_ns = _stamp(folder)
            found = memory.recall(folder.name, stamp)
            if found is None:
                if tell:
                    tell(f"{path.name} {folder.name}")
                found = _read(folder, stamp, layout, attrs["hz"])
            if now - changed_ns > SETTLED_NS:
                memory.note(folder.name, found)
            yield folder.name, found


def _read(folder: Path, stamp: str, layout: tuple[Column, ...], hz: float) -> _Found:
    if is_empty(folder):
        return _Found(stamp, 0)
    size = bytes_on_disk(folder)
    try:
        episode = Episode(folder, 0, group_attributes(folder), layout)
        if not episode.committed:
            return _Found(stamp, size)
        episode.check_files()
        return _Found(stamp, size, episode_info(episode, hz))
    except SessionError as error:
        return _Found(stamp, size, damage=str(error))


def _stamp(folder: Path) -> tuple[str, int]:
    """What differs once a file of an episode was added, removed or replaced, or its attributes were rewritten; and when
    (ns) the last of that happened.

    Every folder's own time tells the first without a look at its files. (What other programs overwrite in place, but
    for the attributes, shows in `teleop verify`.)
    """
    nodes = [os.stat(path) for path in _telling(str(folder))]  # noqa: PTH116 - there are 200,000 of 10,000 episodes
    numbers = array("Q", [number for node in nodes for number in (node.st_mtime_ns, node.st_ino)])
    return blake2b(numbers.tobytes(), digest_size=8).hexdigest(), max(node.st_mtime_ns for node in nodes)


def _telling(folder: str) -> list[str]:
    """An episode's folder, those within, what describes it, and all that belongs to its layers."""
    with os.scandir(folder) as entries:
        inner = sorted((entry.name, entry.path) for entry in entries if entry.is_dir() or entry.name == "zarr.json")
    layers = [sorted(map(str, Path(path).rglob("*"))) for name, path in inner if name == LABELS]
    return [folder, *(path for _, path in inner), *chain(*layers)]


class _Memory:
    """What a session's episodes were found to be."""

    def __init__(self, session: Path, attrs: Mapping[str, Any]) -> None:
        self._file = session.with_name(f".{session.name}.listing")
        self._basis = {"attributes": dict(attrs), "fields": [field.name for field in fields(EpisodeInfo)]}
        """Where these differ, nothing that was found then says anything."""
        self._before = self._remembered()
        self._now: dict[str, _Found] = {}

    def _remembered(self) -> dict[str, _Found]:
        try:
            memory = json.loads(self._file.read_bytes())
            return {name: _unpacked(found) for name, found in memory["found"].items() if memory["basis"] == self._basis}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # there is none, or no sound one
            return {}

    def recall(self, episode: str, stamp: str) -> _Found | None:
        """What it was found to be, if its files are as they were then."""
        found = self._before.get(episode)
        return found if found and found.stamp == stamp else None

    def note(self, episode: str, found: _Found) -> None:
        self._now[episode] = found

    def save(self) -> None:
        """All or nothing; not at all where nothing is new, or nothing can be written."""
        if self._now == self._before:
            return
        memory = {"basis": self._basis, "found": {name: asdict(found) for name, found in self._now.items()}}
        with suppress(OSError), TemporaryDirectory(prefix=f"{self._file.name}-", dir=self._file.parent) as aside:
            (Path(aside) / "whole").write_text(json.dumps(memory), encoding="utf-8")
            (Path(aside) / "whole").replace(self._file)


def _unpacked(found: Mapping[str, Any]) -> _Found:
    info = found["info"]
    return _Found(**{**found, "info": EpisodeInfo(**info) if info else None})
