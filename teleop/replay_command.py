"""`teleop replay`: look at what was recorded."""

from __future__ import annotations

import shlex
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from teleop.arguments import SessionArgument
from teleop.errors import SessionError, UsageError

if TYPE_CHECKING:
    from teleop.session import Session


@dataclass(frozen=True)
class Replay:
    """Look at what was recorded: scrub, play, go to takeovers, mark what is not to be learned from."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    episode: int | None = None
    """Its number, to begin with: `teleop info SESSION` lists them. The first by default."""

    def run(self, console: Console) -> int:
        """UsageError without a screen or such an episode; SessionError when the session can't be read."""
        from teleop.replay.viewer import Viewer
        from teleop.session import open_session
        from teleop.window import Window, require_screen
        from teleop.worlds.track import versions

        session = open_session(self.session)
        index = index_of(session, self.episode)
        film = shlex.join(["teleop", "export", "video", str(self.session), "--out", "FILE.mp4"])
        require_screen(f"for a film of it without one: {film}")
        with closing(Window(f"teleop replay - {session.path.name}")) as window:
            Viewer(window, session, versions(), index).look()
        return 0


def index_of(session: Session, number: int | None) -> int:
    """Among the session's episodes. UsageError where it has no such one; SessionError where it has none."""
    if not session.episodes:
        raise SessionError(
            f"{session.path} has no episode to look at: `teleop record` adds one, `teleop verify` says what is damaged"
        )
    if number is None:
        return 0
    numbers = [int(episode.name) for episode in session.episodes]
    if number not in numbers:
        raise UsageError(f"{session.path} has no episode {number}: `teleop info {session.path}` lists what it has")
    return numbers.index(number)
