"""Everything that was measured, for a page and for JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from teleop.evaluate import Evaluation
from teleop.shift.coverage import Coverage
from teleop.shift.disagreement import Disagreement
from teleop.shift.failures import Departure, Moment
from teleop.shift.horizon import Horizon
from teleop.shift.rollouts import Demonstration, Rollout
from teleop.shift.survival import Survival


@dataclass(frozen=True, eq=False)
class PolicyShift:
    """One policy's figures, over the evaluation tracks."""

    name: str
    evaluation: Evaluation
    survival: Survival
    horizon: Horizon
    disagreement: Disagreement
    coverage: Coverage
    departures: tuple[Departure, ...]
    """Of all rollouts, by track and frame."""
    rollouts: tuple[Rollout, ...]
    """In the order of the tracks."""
    demonstrations: tuple[Demonstration, ...]
    """That it was trained on, as far as the sessions hold them; otherwise all of them (`trained_on_known`)."""
    trained_on_known: bool

    def as_json(self) -> dict[str, Any]:
        """Every number but the drives' own columns."""
        figures = asdict(replace(self, rollouts=(), demonstrations=()))
        del figures["rollouts"], figures["demonstrations"]
        return figures


@dataclass(frozen=True, eq=False)
class ShiftReport:
    """Several policies side by side."""

    command: str
    """What made it."""
    sessions: tuple[str, ...]
    """Folders of the demonstrations, as given."""
    seeds: range
    """The evaluation tracks: every policy drove each of them once."""
    diagnosis_seeds: range
    """The tracks on which the worst moments were looked for."""
    policies: tuple[PolicyShift, ...]
    """In the order given."""
    moments: tuple[Moment, ...]
    """At most ten: each policy's worst, then each one's second worst, and so on."""
    rollouts: Path
    """The session that the moments are recorded in."""
    notes: tuple[str, ...]
    """What was left out of the sessions, and why."""
    minutes: float
    """That it took."""

    def as_json(self) -> dict[str, Any]:
        """Every number but the drives' own columns; what is not a number (NaN) is null."""
        figures = asdict(replace(self, policies=())) | {"policies": [policy.as_json() for policy in self.policies]}
        plain: dict[str, Any] = _plain(figures)
        return plain


def _plain(value: Any) -> Any:
    """As JSON has it. Seven digits: what was measured has fewer."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, range):
        return {"first": value[0], "last": value[-1]}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
