"""`teleop record`: what may be asked for. The recording itself is in `teleop.recording`, loaded once it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from rich.console import Console

from teleop.arguments import SessionArgument
from teleop.errors import UsageError
from teleop.frame import VALIDATION_SEED


@dataclass(frozen=True)
class Record:
    """Drive, and record every frame into a session."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing. An existing session is appended to."""
    expert: Literal["human", "simulated", "autopilot"] = "human"
    """Who drives and so labels: a person, the simulated human (imperfect, by keys), or the scripted autopilot."""
    headless: bool = False
    """Without a window; for the simulated human and the autopilot."""
    fast: bool = False
    """As fast as the machine can, instead of 50 Hz; with --headless."""
    episodes: int | None = None
    """How many tracks to record; the same one again counts once. By default a person drives until they quit,
    a stand-in once."""
    seed: int | None = None
    """First track: SEED, SEED + 1, ...; below 900000. By default one past the session's highest, or 0."""
    nudge: bool = False
    """Push the steering now and then: the push is executed, the label stays what the driver wanted."""
    practice: bool = False
    """Begin without recording; a key changes that between tracks."""
    operator: str = ""
    """The driver's name, kept with every episode."""

    def run(self, console: Console) -> int:
        """Record, tell the console how it went, and return the exit code.

        UsageError when the options don't go together or there is no screen; SessionError when the session can't be
        written.
        """
        check(self)
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.recording import record_episodes

        record_episodes(self, console)
        return 0


class Asked(Protocol):
    """What every command that records is told about its drives."""

    @property
    def session(self) -> Path: ...

    @property
    def expert(self) -> str: ...

    @property
    def headless(self) -> bool: ...

    @property
    def fast(self) -> bool: ...

    @property
    def episodes(self) -> int | None: ...

    @property
    def seed(self) -> int | None: ...


def check(config: Record) -> None:
    """UsageError when the options don't go together."""
    check_drives(config)
    if config.practice and config.expert != "human":
        raise UsageError(
            f"--practice is for a person: drop it, or see the {config.expert} drive with: teleop watch {config.expert}"
        )


def check_drives(config: Asked) -> None:
    """UsageError when nothing could be driven like this."""
    check_hands(config.expert, config.headless, config.fast)
    if config.episodes is not None and config.episodes < 1:
        raise UsageError(f"--episodes is at least 1; got {config.episodes}")
    if config.seed is not None and not 0 <= config.seed < VALIDATION_SEED:
        raise UsageError(
            f"--seed S records the tracks S, S + 1, ... from 0 to {VALIDATION_SEED - 1}; got {config.seed}. "
            f"From {VALIDATION_SEED} up they are kept for validation and evaluation"
        )


def check_hands(expert: str, headless: bool, fast: bool) -> None:
    """UsageError where nobody could drive, or watch."""
    if headless and expert == "human":
        raise UsageError(
            "--headless has no window for a person to drive in: add --expert simulated or autopilot, or drop --headless"
        )
    if fast and not headless:
        raise UsageError("--fast is for recording without a window: add --headless, or drop --fast")
