"""The session that driving is recorded into."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from teleop.best import Best
from teleop.frame import End
from teleop.session import open_session
from teleop.sinks.recorder import Recorder
from teleop.writer import writable_path


class Logbook:
    """Opens its session when something is first to be recorded, so that practice leaves nothing on disk."""

    def __init__(
        self, session: Path, env: Mapping[str, Any], block_when_behind: bool = False, operator: str = ""
    ) -> None:
        """As for `Recorder`. SessionError when there is a session that can't be read."""
        self.operator = operator
        """The person's name, if given."""
        self.path = writable_path(session)
        self.best = Best.of(open_session(self.path)) if (self.path / "zarr.json").exists() else Best()
        """Of the session so far."""
        self._env, self._block = env, block_when_behind
        self._recorder: Recorder | None = None
        self._stack = ExitStack()

    def open(self) -> Recorder:
        """The same one every time. SessionError when the session is locked, damaged, or of another kind."""
        if self._recorder is None:
            self._recorder = self._stack.enter_context(Recorder(self.path, self._env, block_when_behind=self._block))
        return self._recorder

    def note(self, end: End) -> None:
        """An episode was recorded."""
        self.best = self.best.after_episode(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
