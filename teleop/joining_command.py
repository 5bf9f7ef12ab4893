"""`teleop merge` and `teleop split`: what may be asked for. The copying itself is in `teleop.editing.joining`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.arguments import EpisodesArgument, SessionArgument
from teleop.errors import UsageError
from teleop.progress import progress
from teleop.words import counted


@dataclass(frozen=True)
class Merge:
    """Make one session of several: a copy of all their episodes, with marks and layers. The parts stay as they are."""

    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")]
    """The session to make; `.zarr` is added if missing."""
    sessions: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SESSION [SESSION ...]")]
    """Folders of the sessions, of the same kind of driving; demonstrations and corrections go together."""

    def run(self, console: Console) -> int:
        from teleop.editing.joining import merge

        if not self.sessions:
            raise UsageError("at least one session is merged; got none: name their folders after the new one")
        episodes = sum(_episodes_in(session) for session in self.sessions)
        with progress(console, f"copying {counted(episodes, 'episode')}", episodes) as update:
            path = merge(self.out, self.sessions, update)
        return _told(console, path, episodes)


@dataclass(frozen=True)
class Split:
    """Make a session of some episodes of another: a copy, with marks and layers. The other stays as it is."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")]
    """The session to make; `.zarr` is added if missing."""
    episodes: EpisodesArgument
    """Their numbers, as `teleop info` lists them, in the order that the copies shall have."""

    def run(self, console: Console) -> int:
        from teleop.editing.joining import split

        if not self.episodes:
            raise UsageError("at least one episode is copied; got none: `teleop info` lists their numbers")
        with progress(console, f"copying {counted(len(self.episodes), 'episode')}", len(self.episodes)) as update:
            path = split(self.session, self.out, self.episodes, update)
        return _told(console, path, len(set(self.episodes)))


def _episodes_in(session: Path) -> int:
    from teleop.session import episode_folders, existing_path, session_attrs

    path = existing_path(session)
    session_attrs(path)  # SessionError where there is none
    return len(episode_folders(path))


def _told(console: Console, path: Path, episodes: int) -> int:
    console.print(escape(f"{path}: {counted(episodes, 'episode')}, each with where it was recorded"), highlight=False)
    return 0
