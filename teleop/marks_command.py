"""`teleop trim`, `discard`, `restore` and `undo`: what may be asked for. The marks are in `teleop.editing.marks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.arguments import EpisodeArgument, EpisodesArgument, SessionArgument
from teleop.errors import UsageError

if TYPE_CHECKING:
    from teleop.session import Episode


@dataclass(frozen=True)
class Trim:
    """Mark what is before or after a stretch of an episode as not to be learned from. `teleop undo` takes it back.

    A second trim of an episode keeps less, never more: take the first one back to widen it.
    """

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    episode: EpisodeArgument
    """Its number, as `teleop info` lists it."""
    begin: Annotated[str, tyro.conf.arg(name="from", metavar="FRAME|SECONDSs")] = "0"
    """The first frame to keep: its number, or seconds of driving since the episode began, as in 12.5s."""
    end: Annotated[str | None, tyro.conf.arg(name="to", metavar="FRAME|SECONDSs")] = None
    """Keep the frames before this one. By default all that follow."""

    def run(self, console: Console) -> int:
        from teleop.editing.changes import find_episode
        from teleop.editing.marks import trim
        from teleop.session import existing_path, session_attrs

        path = existing_path(self.session)
        hz = session_attrs(path)["hz"]
        episode = find_episode(path, self.episode)
        stop = episode.committed if self.end is None else frame_of(self.end, hz)
        _say(console, trim(path, episode.name, frame_of(self.begin, hz), stop))
        console.print(_remaining(find_episode(path, self.episode)), highlight=False)
        return 0


def frame_of(place: str, hz: float) -> int:
    """The row that a person means: "250", or "5s" of driving. UsageError for what is neither."""
    try:
        return round(float(place[:-1]) * hz) if place.endswith("s") else int(place)
    except (ValueError, OverflowError):
        raise UsageError(f'a frame is a number, as 250, or a time, as 12.5s; got "{place}"') from None


def _remaining(episode: Episode) -> str:
    return (
        f"{int((~episode.excluded).sum()):,} of {episode.committed:,} frames of episode {episode.name} are not excluded"
    )


@dataclass(frozen=True)
class Discard:
    """Mark whole episodes as bad: nothing learns from them. They stay until `teleop purge`."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    episodes: EpisodesArgument
    """Their numbers, as `teleop info` lists them."""

    def run(self, console: Console) -> int:
        from teleop.editing.marks import discard

        _check_named(self.episodes)
        _say(console, discard(self.session, self.episodes))
        return 0


@dataclass(frozen=True)
class Restore:
    """Take back that episodes were discarded, while driving or later."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    episodes: EpisodesArgument
    """Their numbers, as `teleop info` lists them."""

    def run(self, console: Console) -> int:
        from teleop.editing.marks import restore

        _check_named(self.episodes)
        _say(console, restore(self.session, self.episodes))
        return 0


@dataclass(frozen=True)
class Undo:
    """Take a session's last mark back: a trim, a discard, a restore, or what was marked in `teleop replay`."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""

    def run(self, console: Console) -> int:
        from teleop.editing.marks import undo

        console.print(escape(f"taken back: {undo(self.session)}"), highlight=False)
        return 0


def _check_named(episodes: tuple[str, ...]) -> None:
    if not episodes:
        raise UsageError("at least one episode is named; got none: `teleop info` lists their numbers")


def _say(console: Console, what: str) -> None:
    console.print(what or "that was so already: nothing changed", highlight=False)
