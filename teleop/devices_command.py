"""`teleop devices`."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Devices:
    """Show every device and its axes live, and teach teleop a wheel, pedals or any joystick."""

    def run(self, console: Console) -> int:
        raise NotImplementedError
