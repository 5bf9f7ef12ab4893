"""`teleop relabel`: what may be asked for. The playing is in `teleop.mending.relabelling`, loaded once it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.console import Console

from teleop.arguments import SessionArgument
from teleop.errors import UsageError
from teleop.record import check_hands

SPEEDS = (0.1, 8.0)


@dataclass(frozen=True)
class Relabel:
    """Play recorded episodes and steer along: where hands are on, they label. What was recorded never changes."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    name: str
    """Of the layer that the labels go into: `policy train --labels layer:NAME` learns from it."""
    episode: int | None = None
    """Its number; `teleop info SESSION` lists them. By default all that were not discarded, one after the other."""
    speed: float = 1.0
    """How fast it plays, 0.1 to 8 times as fast as it was driven; the keys of slow motion slow it down further."""
    expert: Literal["human", "simulated", "autopilot"] = "human"
    """Who labels: a person; the simulated human, where it would have taken over; or the scripted autopilot."""
    headless: bool = False
    """Without a window, as fast as the machine can; for the simulated human and the autopilot."""
    author: str = ""
    """Whose layer it is; by default the name you are logged in by, or the expert's."""

    def run(self, console: Console) -> int:
        """Play, tell the console what was labelled, and return the exit code.

        UsageError when the options don't go together or there is no screen; SessionError when the session or the layer
        can't be read or written; UserError where an episode can't be driven again here and the expert needs that.
        """
        check_hands(self.expert, self.headless, fast=False)
        if not SPEEDS[0] <= self.speed <= SPEEDS[1]:
            raise UsageError(f"--speed is from {SPEEDS[0]:g} to {SPEEDS[1]:g}; got {self.speed:g}")
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.mending.relabelling import relabel

        relabel(self, console)
        return 0
