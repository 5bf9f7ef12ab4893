"""`teleop export`: a format a subcommand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.arguments import SessionArgument
from teleop.errors import SessionError, UsageError
from teleop.progress import progress
from teleop.results import check_file
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.session import Episode, Session


@dataclass(frozen=True)
class Video:
    """Make a film, at the speed it was driven, with who drives and what was done below the picture."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.mp4")]
    """The film: VP9 in MP4, which browsers play. What is there already is replaced."""
    episode: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N...")] = ()
    """Their numbers: `teleop info SESSION` lists them. By default all that are not discarded."""

    def run(self, console: Console) -> int:
        """UsageError without such episodes or where no film could be; SessionError when the session can't be read."""
        check_film(self.out)
        # Only now: OpenCV and the simulator take a second to load, and --help needs none of it.
        from teleop.exchange.video import export_video, pictures_of
        from teleop.session import open_session
        from teleop.worlds.track import versions

        session = open_session(self.session)
        episodes = chosen(session, self.episode)
        pictures = pictures_of(session, episodes)
        with progress(console, f"filming {counted(len(episodes), 'episode')}", pictures) as update:
            film = export_video(session, episodes, versions(), self.out, lambda done: update(done, ""))
        told = f"{counted(film.pictures, 'picture')}, {film.seconds:.0f} s, saved in {film.path}"
        console.print(escape(told), highlight=False)
        if film.recorded:
            enlarged = f"{film.recorded:,} of them are recorded ones, enlarged: `teleop verify` says why they can't be"
            console.print(escape(f"{enlarged} driven again here"), highlight=False)
        return 0


def check_film(out: Path) -> None:
    """UsageError where no film can be written, before the work for it is done."""
    if out.suffix.lower() != ".mp4":
        raise UsageError(f"the film is MP4; got {out.name}: give it a name that ends in .mp4")
    check_file(out)


def chosen(session: Session, numbers: tuple[int, ...]) -> list[Episode]:
    """These episodes, in their order; UsageError where there is no such one. SessionError where nothing is left."""
    there = {int(episode.name): episode for episode in session.episodes}
    for number in numbers:
        if number not in there:
            raise UsageError(f"{session.path} has no episode {number}: `teleop info {session.path}` lists what it has")
    episodes = [there[number] for number in numbers or there if numbers or not there[number].discarded]
    if not episodes:
        raise SessionError(f"{session.path} has no episode to film that is not discarded: name some with --episode")
    return episodes


@dataclass(frozen=True)
class Export:
    """Make something of a session that other programs show or read."""

    format: tyro.conf.OmitArgPrefixes[
        Annotated[Video, tyro.conf.subcommand("video", prefix_name=False)] | Annotated[None, tyro.conf.Suppress]
    ]
    """What to make of it."""
    # (With None, because tyro drops a level that offers one subcommand, and with it the format's name.)

    def run(self, console: Console) -> int:
        assert self.format is not None
        return self.format.run(console)
