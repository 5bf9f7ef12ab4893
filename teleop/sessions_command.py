"""`teleop sessions`: what may be asked for. The listing itself is in `teleop.editing.listing`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.markup import escape


@dataclass(frozen=True)
class Sessions:
    """List the sessions of a folder: laps, minutes, scores, rounds of corrections, bytes, who drove, what is bad."""

    folder: tyro.conf.Positional[Path] = Path("sessions")
    """Holds the sessions."""

    def run(self, console: Console) -> int:
        from teleop.editing.listing import listed
        from teleop.report.tables import sessions_table

        with console.status("reading") as status:
            listing = listed(self.folder, lambda what: status.update(escape(f"reading {what}")))
        if listing.sessions:
            console.print(sessions_table(listing))
        else:
            console.print(escape(f"no sessions in {self.folder} yet: `teleop record` makes them"), highlight=False)
        problems = [
            (f"{session.path.name} {name}", why) for session in listing.sessions for name, why in session.damaged
        ]
        for name, why in (*problems, *((path.name, why) for path, why in listing.unreadable)):
            console.print(f"[bold red]damaged[/] {escape(f'{name}: {why}')}", highlight=False)
        return 1 if problems or listing.unreadable else 0
