"""Purging: what was discarded is deleted for good, and the disk gets its space back.

Episodes are moved aside before they are deleted, each by one rename: a kill leaves a session in which every episode is
whole or gone, and the next purge deletes what it left.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from teleop.disk import bytes_on_disk
from teleop.durable import sync_folder
from teleop.editing.changes import EPISODES, change_attributes, editing
from teleop.editing.marks import MARKS, read_marks, without
from teleop.errors import SessionError
from teleop.metadata import group_attributes
from teleop.session import episode_folders, existing_path, session_attrs
from teleop.writer import PURGED, highest_purged


@dataclass(frozen=True, slots=True)
class Discarded:
    """Episodes that were discarded, and what deleting them deletes."""

    episodes: tuple[str, ...]
    """Six digits each, in order."""
    seconds: float
    """Of simulated driving."""
    bytes_on_disk: int


def discarded_in(session: Path) -> Discarded:
    """What a purge would delete, damaged episodes that say they are discarded included. SessionError without one."""
    path = existing_path(session)
    hz, folders = session_attrs(path)["hz"], _discarded(path)
    committed = [group_attributes(folder).get("committed") for folder in folders]
    seconds = sum(rows for rows in committed if type(rows) is int) / hz
    size = sum(bytes_on_disk(folder) for folder in folders)
    return Discarded(tuple(folder.name for folder in folders), seconds, size)


def purge(session: Path, episodes: Sequence[str] | None = None) -> tuple[str, ...]:
    """Delete the episodes that are discarded; of `episodes` alone, where these are given. Returns which they were.

    Their numbers will never be another episode's. SessionError as for every edit of a session.
    """
    with editing(session) as path:
        folders = [folder for folder in _discarded(path) if episodes is None or folder.name in episodes]
        names = tuple(folder.name for folder in folders)
        whole = path.resolve()  # on the same disk, whatever links lead there
        aside = whole.with_name(f".{whole.name}.purged")
        if aside.exists():  # what a kill left
            shutil.rmtree(aside)
        if folders:
            _forget(path, names)
            aside.mkdir()
            for folder in folders:
                folder.rename(aside / folder.name)
            sync_folder(path / EPISODES)
            shutil.rmtree(aside)
        return names


def _forget(path: Path, names: Sequence[str]) -> None:
    """Nothing can be taken back of them, and their numbers stay theirs."""
    highest = max(highest_purged(path), *(int(name) for name in names))
    change_attributes(path / EPISODES, {MARKS: without(read_marks(path), names), PURGED: highest})


def _discarded(path: Path) -> list[Path]:
    return [folder for folder in episode_folders(path) if folder.name.isdecimal() and _is_discarded(folder)]


def _is_discarded(folder: Path) -> bool:
    try:
        return group_attributes(folder).get("discarded") is True
    except SessionError:  # it can't be said, so it stays
        return False
