"""`teleop doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Doctor:
    """Check this machine for driving: screen, devices, libraries, disk, rate; each with its remedy."""

    def run(self, console: Console) -> int:
        raise NotImplementedError
