"""Marks: what is not to be learned from, and how an attempt went. Nothing that was recorded changes.

    exclude(path, "000003", 100, 250)
    undo(path)  # "excluded rows 100 to 249 of episode 000003"

Marks are attributes of their episodes. What each took the place of is kept in the attribute `marks` of the group of
episodes, and written first: whatever a kill leaves can be taken back, the last mark first, until a purge.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from teleop.editing.changes import EPISODES, change_attributes, editing, find_episode
from teleop.errors import SessionError
from teleop.metadata import JUDGEMENTS, group_attributes
from teleop.session import Episode

Rows = npt.NDArray[np.bool_]
"""(T,): which rows."""
MARKS = "marks"
UNMARKED: Mapping[str, Any] = {"excluded": [], "discarded": False, "judgement": ""}
"""The attributes that marks change, as they are without any."""


def exclude(session: Path, episode: str, start: int, stop: int) -> str:
    """Mark rows [start, stop) as not to be learned from. Returns what was marked; empty where all of them were.

    SessionError, here and below, without such a session, episode or rows, and while another process writes there.
    """
    return _mark_rows(session, episode, start, stop, "excluded", lambda excluded, chosen: excluded | chosen)


def include(session: Path, episode: str, start: int, stop: int) -> str:
    """Take such marks from rows [start, stop). Returns what was changed; empty where none had one."""
    return _mark_rows(session, episode, start, stop, "included", lambda excluded, chosen: excluded & ~chosen)


def trim(session: Path, episode: str, start: int, stop: int) -> str:
    """Exclude every row but [start, stop), of which no mark is taken. Returns what was kept; empty if nothing new."""
    return _mark_rows(session, episode, start, stop, "trimmed to", lambda excluded, chosen: excluded | ~chosen)


def discard(session: Path, episodes: Sequence[str]) -> str:
    """Mark whole episodes as bad; they stay where they are. Returns which; empty where all of them were."""
    return _mark_episodes(session, episodes, "discarded", {"discarded": True})


def restore(session: Path, episodes: Sequence[str]) -> str:
    """Take such marks back, those that were made while driving too. Returns which; empty where none had one."""
    return _mark_episodes(session, episodes, "restored", {"discarded": False})


def label_outcome(session: Path, episode: str, outcome: str) -> str:
    """Judge an attempt: `success`, `failure`, or empty for no opinion. Returns what was said; empty if nothing new."""
    if outcome not in JUDGEMENTS:
        raise SessionError(f"an attempt is judged success, failure, or not at all; got {outcome!r}: say one of these")
    return _mark_episodes(session, [episode], f"judged {outcome or 'neither'}:", {"judgement": outcome})


def undo(session: Path) -> str:
    """Take the last mark back, and say which it was. SessionError when there is none."""
    with editing(session) as path:
        marks = read_marks(path)
        if not marks:
            raise SessionError(
                f"nothing was marked in {path} since its last purge, so nothing can be taken back: "
                "`teleop restore` brings back what was discarded while driving"
            )
        last = marks.pop()
        for name, attributes in last["before"].items():
            if (folder := path / EPISODES / name).is_dir():
                change_attributes(folder, attributes)
        change_attributes(path / EPISODES, {MARKS: marks})
        return str(last["what"])


def read_marks(path: Path) -> list[dict[str, Any]]:
    """What was marked and not taken back, in order: `what`, in words, and the attributes of each episode `before`."""
    marks = group_attributes(path / EPISODES).get(MARKS, [])
    if not isinstance(marks, list) or not all(_is_mark(mark) for mark in marks):
        raise SessionError(f"{path / EPISODES / 'zarr.json'} gives no valid {MARKS}: restore the file from a backup")
    return marks


def without(marks: Sequence[Mapping[str, Any]], episodes: Collection[str]) -> list[dict[str, Any]]:
    """What remains to be taken back when these episodes are gone."""
    remaining = [
        {**mark, "before": {name: was for name, was in mark["before"].items() if name not in episodes}}
        for mark in marks
    ]
    return [mark for mark in remaining if mark["before"]]


def ranges(rows: Rows) -> list[list[int]]:
    """Where (T,) is true, as half-open [start, stop), apart from each other and in order."""
    edges = np.flatnonzero(np.diff(rows, prepend=False, append=False))
    return [[int(start), int(stop)] for start, stop in edges.reshape(-1, 2)]


def _mark_rows(session: Path, name: str, start: int, stop: int, how: str, marked: Callable[[Rows, Rows], Rows]) -> str:
    """`marked` says which rows are excluded, from those that are and those that were chosen."""
    with editing(session) as path:
        episode = find_episode(path, name)
        if not 0 <= start < stop <= episode.committed:
            raise SessionError(
                f"rows are marked from a first one up to a later one, which stays as it is; got {start} and {stop}: "
                f"choose from 0 to {episode.committed}, which episode {episode.name} has"
            )
        rows = np.arange(episode.committed)
        excluded = marked(episode.excluded, (start <= rows) & (rows < stop))
        return _mark(path, [episode], f"{how} rows {start} to {stop - 1} of", {"excluded": ranges(excluded)})


def _mark_episodes(session: Path, names: Sequence[str], how: str, attributes: Mapping[str, Any]) -> str:
    with editing(session) as path:
        return _mark(path, [find_episode(path, name) for name in names], how, attributes)


def _mark(path: Path, episodes: Sequence[Episode], how: str, attributes: Mapping[str, Any]) -> str:
    marks = read_marks(path)
    before = {
        episode.name: {name: episode.attrs.get(name, UNMARKED[name]) for name in attributes} for episode in episodes
    }
    before = {name: was for name, was in before.items() if was != attributes}
    if not before:
        return ""
    what = f"{how} episode{'s' * (len(before) > 1)} {', '.join(before)}"
    change_attributes(path / EPISODES, {MARKS: [*marks, {"what": what, "before": before}]})
    for name in before:
        change_attributes(path / EPISODES / name, attributes)
    return what


def _is_mark(mark: object) -> bool:
    if not isinstance(mark, dict) or not isinstance(mark.get("what"), str) or not isinstance(mark.get("before"), dict):
        return False
    return all(
        name.isdecimal() and isinstance(was, dict) and was.keys() <= UNMARKED.keys()
        for name, was in mark["before"].items()
    )
