"""`teleop purge`: what may be asked for. The deleting itself is in `teleop.editing.purging`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

from teleop.arguments import SessionArgument
from teleop.errors import UsageError
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.editing.purging import Discarded


@dataclass(frozen=True)
class Purge:
    """Delete a session's discarded episodes for good, once you have seen which, and get their disk space back."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    yes: bool = False
    """Don't ask; for scripts."""

    def run(self, console: Console) -> int:
        from teleop.editing.purging import discarded_in, purge

        found = discarded_in(self.session)
        if found.episodes:
            console.print(_told(found), highlight=False)
            if not (self.yes or _agreed(console)):
                console.print("nothing was deleted")
                return 0
        gone = purge(self.session, found.episodes)
        said = f"{counted(len(gone), 'episode')} deleted" if gone else "no episode is discarded, nothing was deleted"
        console.print(escape(f"{self.session}: {said}"), highlight=False)
        return 0


def _told(found: Discarded) -> str:
    many, minutes, size = counted(len(found.episodes), "episode"), found.seconds / 60, found.bytes_on_disk / 1e6
    return f"discarded: {many}, {minutes:.1f} minutes, {size:.1f} MB: {', '.join(found.episodes)}"


def _agreed(console: Console) -> bool:
    """UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError("a purge deletes for good and asks first; there is no terminal to ask at: add --yes")
    try:
        return Confirm.ask("delete for good?", console=console, default=False)
    except EOFError:
        return False
