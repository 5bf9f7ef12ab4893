"""`teleop purge`: what may be asked for. The deleting itself is in `teleop.purging`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

from teleop.errors import UsageError
from teleop.words import counted


@dataclass(frozen=True)
class Purge:
    """Delete a session's discarded episodes for good, once you have seen which, and get their disk space back."""

    session: tyro.conf.Positional[Path]
    """The session's folder; `.zarr` is added if missing."""
    yes: bool = False
    """Don't ask; for scripts."""

    def run(self, console: Console) -> int:
        from teleop.purging import discarded_in, purge

        found = discarded_in(self.session)
        if found.episodes:
            many, minutes = counted(len(found.episodes), "episode"), found.seconds / 60
            console.print(
                f"discarded: {many}, {minutes:.1f} minutes, {found.bytes_on_disk / 1e6:.1f} MB: "
                f"{', '.join(found.episodes)}",
                highlight=False,
            )
        if found.episodes and not (self.yes or _agreed(console)):
            console.print("nothing was deleted")
            return 0
        gone = purge(self.session, found.episodes)
        console.print(escape(f"{counted(len(gone), 'episode')} deleted from {self.session}"), highlight=False)
        return 0


def _agreed(console: Console) -> bool:
    """UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError("a purge deletes for good and asks first; there is no terminal to ask at: add --yes")
    try:
        return Confirm.ask("delete for good?", console=console, default=False)
    except EOFError:
        return False
