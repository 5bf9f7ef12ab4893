"""Joining: recorded episodes are copied into a session of their own, from one session or from several.

A copy says in its attribute `origin` {session, episode} where it was recorded, and its `parent` is the copy of the
episode that it was retaken from, where that came along. The new session is made aside and then renamed: it is there
whole, or not at all.
"""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from teleop import durable
from teleop.editing.changes import EPISODES, change_attributes, editing, find_episode
from teleop.errors import SessionError
from teleop.session import ARCHIVE_VERSION, FORMAT, FORMAT_VERSION, Episode, Session, existing_path, open_session
from teleop.writer import session_lock, writable_path

KIND = ("env", "hz", "observation_shape", "cameras", "unknown")
"""Attributes that the sessions of one kind of driving have in common."""

Tell = Callable[[int, str], None]
"""(episodes copied, the last one's name)."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """An episode, and what it is called in the new session."""

    episode: Episode
    name: str
    place: tuple[str, str]
    """(session id, episode): where it is copied from."""

    @property
    def origin(self) -> tuple[str, str]:
        """Where it was recorded, whatever it was copied from since."""
        origin = self.episode.attrs.get("origin")
        return (origin["session"], origin["episode"]) if origin else self.place


def merge(out: Path, sessions: Sequence[Path], tell: Tell | None = None) -> Path:
    """Make the session `out` of every episode of some sessions, in order, discarded ones too. Returns its folder.

    SessionError, with nothing made, where `out` exists, where the sessions were recorded otherwise or hold an episode
    twice, where one is damaged, and while another process writes one.
    """
    if len({existing_path(session).resolve() for session in sessions}) < len(sessions):
        raise SessionError("every session is merged once; one was given twice: name it once")
    with ExitStack() as stack:
        opened = [open_session(stack.enter_context(_unchanging(session))) for session in sessions]
        for session in opened:
            _check_whole(session)
        return _join(out, [(session, episode) for session in opened for episode in session.episodes], tell)


def split(session: Path, out: Path, episodes: Sequence[str], tell: Tell | None = None) -> Path:
    """Make the session `out` of some episodes of another, in the order they are named. Otherwise as `merge`."""
    with _unchanging(session) as path:
        opened = open_session(path)
        names = list(dict.fromkeys(find_episode(path, name).name for name in episodes))
        healthy = {episode.name: episode for episode in opened.episodes}
        if unfit := [name for name in names if name not in healthy]:
            raise SessionError(
                f"only whole episodes with rows are copied; {path} has {unfit[0]}, which is not: leave it out"
            )
        return _join(out, [(opened, healthy[name]) for name in names], tell)


def _unchanging(session: Path) -> AbstractContextManager[Path]:
    """The folder of a session, which nobody writes while it is copied; no lock is needed where nobody could."""
    path = existing_path(session)
    return editing(path) if os.access(path.parent, os.W_OK) else nullcontext(path)


def _check_whole(session: Session) -> None:
    for name, error in session.damaged:
        raise SessionError(
            f"{session.path} can't be merged whole, its episode {name} is damaged: mend that, or take the others with "
            f"`teleop split` ({error})"
        )


def _join(out: Path, chosen: Sequence[tuple[Session, Episode]], tell: Tell | None) -> Path:
    copies = [
        _Copy(episode, f"{number:06d}", (session.attrs["id"], episode.name))
        for number, (session, episode) in enumerate(chosen)
    ]
    _check_kind([session for session, _ in chosen])
    _check_different(copies)
    path = writable_path(out)
    with _new_session(path) as aside:
        attrs = _attributes(chosen)
        durable.replace_file(aside / "zarr.json", durable.group_metadata(attrs))
        durable.replace_file(aside / EPISODES / "zarr.json", durable.group_metadata({}))
        names = {place: copy.name for copy in copies for place in (copy.place, copy.origin)}
        for done, copy in enumerate(copies, 1):
            _copy(copy, aside / EPISODES / copy.name, names, attrs["id"])
            if tell:
                tell(done, copy.episode.name)
    return path


def _check_kind(sessions: Sequence[Session]) -> None:
    if not sessions:
        raise SessionError("a session is made of episodes, and these have none: record some with `teleop record`")
    first = sessions[0]
    for session in sessions:
        for name in KIND:
            if session.attrs[name] != first.attrs[name]:
                raise SessionError(
                    f"one session holds one kind of driving: {first.path} has {name} {first.attrs[name]}, "
                    f"{session.path} has {session.attrs[name]}: leave one of them out"
                )


def _check_different(copies: Sequence[_Copy]) -> None:
    """By where they were recorded, so that copies are noticed too."""
    first: dict[tuple[str, str], _Copy] = {}
    for copy in copies:
        same = first.setdefault(copy.origin, copy)
        if same is not copy:
            raise SessionError(
                "an episode stands once in a session, else it could be learned from and validated on; "
                f"{same.episode.path} and {copy.episode.path} are the same one: leave one of their sessions out"
            )


@contextmanager
def _new_session(path: Path) -> Iterator[Path]:
    """A folder aside, which becomes the session at `path` when all is written, to the disk; else it is removed."""
    _check_free(path)
    lock = session_lock(path)
    aside = path.with_name(f".{path.name}.new")
    try:
        _check_free(path)  # whoever had the lock may have made it
        shutil.rmtree(aside, ignore_errors=True)  # what a kill left
        (aside / EPISODES).mkdir(parents=True)
        yield aside
        if hasattr(os, "sync"):  # thousands of files, at once
            os.sync()
        aside.rename(path)
        durable.sync_folder(path.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        lock.release()


def _check_free(path: Path) -> None:
    if path.exists():
        raise SessionError(f"{path} exists, and what is recorded is never overwritten: choose another name")


def _attributes(chosen: Sequence[tuple[Session, Episode]]) -> dict[str, Any]:
    archives = any(episode.archived for _, episode in chosen)
    return {
        "format": FORMAT,
        "format_version": ARCHIVE_VERSION if archives else FORMAT_VERSION,
        "id": uuid.uuid4().hex,
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        **{name: chosen[0][0].attrs[name] for name in KIND},
    }


def _copy(copy: _Copy, folder: Path, names: Mapping[tuple[str, str], str], session: str) -> None:
    """All that it holds, with its parent as it is called in the new session, by id, if it is one of `names` there."""
    shutil.copytree(copy.episode.path, folder, ignore=shutil.ignore_patterns(f"*{durable.PARTIAL}"))
    for there in (folder, *folder.rglob("*")):  # what is protected where it was recorded; its copy is not
        there.chmod(there.stat().st_mode | stat.S_IWUSR)
    changes: dict[str, Any] = {"origin": dict(zip(("session", "episode"), copy.origin, strict=True))}
    parent = copy.episode.attrs.get("parent") or {}
    if name := names.get((parent.get("session", ""), parent.get("episode", ""))):
        changes["parent"] = {**parent, "session": session, "episode": name}
    change_attributes(folder, changes)
