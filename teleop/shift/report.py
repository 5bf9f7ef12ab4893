"""Everything that was measured, for a page and for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
