"""Writing a layer: labels that somebody lays beside recorded rows later. What was recorded never changes.

    with LayerWriter("sessions/mine.zarr", "careful", author="Ada", rule="steered along") as writer:
        layer = writer.begin(episode)
        layer.put(120, action)
        layer.commit()

A layer belongs to its author: the same one goes on with it, made by the same rule, and whoever labels a row again
replaces its label; nobody else's is ever written over. A layer comes into being with its first commit, which writes
the attributes of its group once every chunk is on disk; each later one replaces the chunks whose labels changed.
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from teleop import durable
from teleop.editing.changes import editing
from teleop.frame import Action, checked_action
from teleop.metadata import group_attributes
from teleop.session import LABELS, SMALL_CHUNK_ROWS, Episode, SessionError, chunk_file
from teleop.writer import array_metadata

Files = Mapping[Path, bytes]
"""What is to be written, in order."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class LayerWriter:
    """One name, author and rule over a session's episodes; holds the session's lock until `close`."""

    def __init__(
        self,
        session: str | Path,
        name: str,
        author: str,
        rule: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`rule` says how labels are made. SessionError without that session, while another process writes it, or
        where a layer can't be called so."""
        if not _NAME.fullmatch(name):
            raise SessionError(f'a layer is named by letters, digits, "-" and "_"; got "{name}": choose such a name')
        self.name = name
        self._attrs = {
            "author": author,
            "created_utc": now().astimezone(UTC).isoformat(timespec="seconds"),
            "rule": rule,
        }
        self._stack = ExitStack()
        self.path = self._stack.enter_context(editing(Path(session)))
        """The session's folder."""

    def check(self, episodes: Iterable[Episode]) -> None:
        """Raise SessionError unless all of these can be labelled, before anybody begins."""
        for episode in episodes:
            self._attrs_of(episode)

    def begin(self, episode: Episode) -> Layer:
        """The layer of an episode of this session, or what becomes it. SessionError when it is somebody else's."""
        group, attrs = episode.path / LABELS / self.name, self._attrs_of(episode)
        if self.name in episode.layers:
            whole = attrs | {"committed": episode.committed}
            return Layer(group, whole, episode.layer(self.name), new=attrs["committed"] < episode.committed)
        shutil.rmtree(group, ignore_errors=True)  # what a kill left before the first commit
        return Layer(group, attrs, np.full((episode.committed, 3), np.nan, np.float32), new=True)

    def close(self) -> None:
        """Let go of the lock. What was not committed is not part of any layer."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _attrs_of(self, episode: Episode) -> dict[str, Any]:
        """Those that the episode's layer has, or will have."""
        if self.name not in episode.layers:
            return self._attrs | {"committed": episode.committed}
        attrs = group_attributes(episode.path / LABELS / self.name)
        for what in ("author", "rule"):
            if attrs.get(what) != self._attrs[what]:
                raise SessionError(
                    f"a layer is its author's, made by one rule; {self.name} of episode {episode.name} has the {what} "
                    f'"{attrs.get(what)}", not "{self._attrs[what]}": choose another --name'
                )
        return attrs


class Layer:
    """Of one episode. Not thread-safe, but `write` may run anywhere while labels are put."""

    def __init__(self, path: Path, attrs: Mapping[str, Any], labels: npt.NDArray[np.float32], new: bool) -> None:
        """Use `LayerWriter.begin`."""
        self.path = path
        """Its group's folder."""
        self.labels = labels
        """(T, 3): what should have been done; NaN where it says nothing."""
        self._before, self._attrs, self._new = labels.copy(), attrs, new
        self._touched: set[int] = set()
        """Chunks in which a row was labelled..."""
        self._changed: set[int] = set()
        """...and those of them that are not committed."""

    def put(self, row: int, action: Action) -> None:
        """Label a row; it stays in memory until `commit`. ActionError unless it is an action."""
        self.labels[row] = checked_action(action, str(self._attrs["author"]))
        self._touched.add(row // SMALL_CHUNK_ROWS)
        self._changed.add(row // SMALL_CHUNK_ROWS)

    def restore(self) -> None:
        """Take back every label since `begin`."""
        self.labels[:] = self._before
        self._changed = set() if self._new else set(self._touched)

    def commit(self) -> None:
        """Make every label safe."""
        self.write(self.take())

    def take(self) -> Files:
        """What has to be written for that; it counts as committed from here on."""
        changed, self._changed = self._changed, set()
        if not changed:
            return {}
        if not self._new:
            return dict(self._chunk(number) for number in sorted(changed))
        self._new = False
        return self._beginnings()

    def write(self, files: Files) -> None:
        """What was taken, each all or nothing. OSError where the disk is full or fails."""
        for file, content in files.items():
            if not file.parent.is_dir():
                file.parent.mkdir(parents=True)
                durable.sync_folder(file.parent.parent)
            durable.replace_file(file, content)

    def _beginnings(self) -> Files:
        """All of a layer that is not there yet; the group comes last, and makes it one."""
        array = self.path / "action"
        metadata = array_metadata(self.labels.shape, (SMALL_CHUNK_ROWS, 3), "float32", math.nan)
        chunks = dict(self._chunk(number) for number in range(-(-len(self.labels) // SMALL_CHUNK_ROWS)))
        labels = {} if (root := self.path.parent / "zarr.json").exists() else {root: durable.group_metadata({})}
        return {
            **labels,
            array / "zarr.json": durable.encoded_json(metadata),
            **chunks,
            self.path / "zarr.json": durable.group_metadata(self._attrs),
        }

    def _chunk(self, number: int) -> tuple[Path, bytes]:
        rows = np.full((SMALL_CHUNK_ROWS, 3), np.nan, np.float32)
        labels = self.labels[number * SMALL_CHUNK_ROWS :][:SMALL_CHUNK_ROWS]
        rows[: len(labels)] = labels
        return self.path / "action" / chunk_file(number, 2), durable.encoded_chunk(rows)
