"""What every change to a recorded session begins with: nobody else writes it, and what is to be changed is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from teleop.durable import group_metadata, replace_file
from teleop.errors import SessionError
from teleop.metadata import group_attributes
from teleop.session import Episode, columns, existing_path, session_attrs
from teleop.writer import session_lock

EPISODES = "episodes"


@contextmanager
def editing(session: Path) -> Iterator[Path]:
    """The folder of a session, which nobody else writes meanwhile. SessionError without one, or where somebody does."""
    path = existing_path(session)
    session_attrs(path)
    lock = session_lock(path)
    try:
        yield path
    finally:
        lock.release()


def find_episode(path: Path, name: str) -> Episode:
    """One episode, by its name or number; of its files, only the attributes are read. SessionError without one."""
    folder = path / EPISODES / name.zfill(6)
    if not name.isdecimal() or not folder.is_dir():
        raise SessionError(f'{path} has no episode "{name}": `teleop info {path}` lists what it has')
    attrs = session_attrs(path)
    return Episode(folder, 0, group_attributes(folder), columns(attrs["observation_shape"], attrs["cameras"]))


def change_attributes(group: Path, changes: Mapping[str, Any]) -> None:
    """Of an episode, or of the group of them: all or nothing."""
    replace_file(group / "zarr.json", group_metadata({**group_attributes(group), **changes}))
