"""`teleop watch`."""

from __future__ import annotations

from dataclasses import dataclass

import tyro
from rich.console import Console

from teleop.frame import DIAGNOSIS_SEED


@dataclass(frozen=True)
class Watch:
    """See a policy drive, in the same window as you do."""

    policy: tyro.conf.Positional[str]
    """A checkpoint's path, `autopilot` or `simulated`."""
    first_seed: int = DIAGNOSIS_SEED
    """First track: SEED, SEED + 1, ..."""

    def run(self, console: Console) -> int:
        raise NotImplementedError
