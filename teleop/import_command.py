"""`teleop import`: a format a subcommand."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.arguments import SessionArgument
from teleop.errors import UsageError
from teleop.progress import progress
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.exchange.udacity_log import Imported


@dataclass(frozen=True)
class Udacity:
    """Import what Udacity's self-driving-car simulator recorded in training mode: driving_log.csv and IMG."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """The folder that holds both."""
    session: SessionArgument
    """The session to make; `.zarr` is added if missing."""
    most_missing: float = 0.05
    """Share of the log's lines whose pictures may be missing or damaged; they are left out."""

    def run(self, console: Console) -> int:
        from teleop.exchange.udacity_log import Recording, import_recording

        if not 0 <= self.most_missing <= 1:
            raise UsageError(f"--most-missing is a share from 0 to 1; got {self.most_missing}")
        recording = Recording(self.folder)
        lines = len(recording.rows)
        with progress(console, f"importing {counted(lines, 'line')}", lines) as update:
            imported = import_recording(recording, self.session, self.most_missing, lambda done: update(done, ""))
        for line in _told(imported):
            console.print(escape(line), highlight=False)
        return 0


def _told(imported: Imported) -> list[str]:
    seconds = imported.rows / imported.hz
    took = f"{counted(imported.rows, 'row')} in {counted(imported.episodes, 'episode')}, {seconds:.0f} s of driving"
    left = f"{counted(imported.ends, 'line')} ended a drive"
    if imported.missing:
        left += f", {counted(imported.missing, 'line')} left out for want of a whole picture"
    session = shlex.quote(str(imported.session))
    checkpoint = shlex.quote(str(imported.session.with_suffix(".safetensors")))
    return [
        f"{took} at {imported.hz} Hz, saved in {imported.session}; {left}",
        f"next: policy train --arch pilotnet --out {checkpoint} {session}",
    ]


@dataclass(frozen=True)
class Import:
    """Make a session of what another program recorded."""

    format: tyro.conf.OmitArgPrefixes[
        Annotated[Udacity, tyro.conf.subcommand("udacity", prefix_name=False)] | Annotated[None, tyro.conf.Suppress]
    ]
    """Whose recording it is."""
    # (With None, because tyro drops a level that offers one subcommand, and with it the format's name.)

    def run(self, console: Console) -> int:
        assert self.format is not None
        return self.format.run(console)
