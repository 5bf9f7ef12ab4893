"""`teleop retake`: what may be asked for. The driving is in `teleop.mending.retaking`, loaded once it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro
from rich.console import Console

from teleop.arguments import SessionArgument
from teleop.record import check_hands


@dataclass(frozen=True)
class Retake:
    """Go back into a recorded moment, and drive on from there: a new episode of the same session."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    episode: Annotated[int, tyro.conf.Positional, tyro.conf.arg(metavar="EPISODE")]
    """Its number: `teleop info SESSION` lists them."""
    frame: Annotated[int, tyro.conf.Positional, tyro.conf.arg(metavar="FRAME")]
    """Of the episode's rows, counted from 0, the first that is driven anew; 50 a second."""
    expert: Literal["human", "simulated", "autopilot"] = "human"
    """Who drives on: a person, the simulated human (imperfect, by keys), or the scripted autopilot."""
    headless: bool = False
    """Without a window; for the simulated human and the autopilot."""
    fast: bool = False
    """As fast as the machine can, instead of 50 Hz; with --headless."""
    operator: str = ""
    """The driver's name, kept with the episode."""

    def run(self, console: Console) -> int:
        """Drive, tell the console how it went, and return the exit code.

        UsageError when the options don't go together, there is no screen or no such frame; UserError where the episode
        does not drive again here as it was recorded; SessionError when the session can't be read or written.
        """
        check_hands(self.expert, self.headless, self.fast)
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.mending.retaking import retake

        retake(self, console)
        return 0
