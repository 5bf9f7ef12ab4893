"""A person's own settings: one TOML file, read with a clear word about whatever in it makes no sense."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from teleop.bindings import Bindings


@dataclass(frozen=True)
class Settings:
    """What the file says, with defaults for all it does not."""

    bindings: Bindings = field(default_factory=Bindings)
    sound: bool = True
    """Tones; without an audio device there are none."""
    rumble: bool = True
    problems: tuple[str, ...] = ()
    """What was ignored in the file and why, a line each, for people."""


def load_settings(path: Path | None = None) -> Settings:
    """The person's settings, from `path` or the usual place. Never raises: `problems` says what was ignored."""
    return Settings()
