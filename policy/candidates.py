"""The few policies of a training that are kept to choose among, in CHECKPOINT.run/candidates.

Of one training, the loss does not tell which policy drives best. The averages of the weights at three moments are
smooth already; the last weights themselves stand beside them, because an average lags behind what it follows.
"""

from __future__ import annotations

from pathlib import Path

from policy.run_folder import RunFolder

MOMENTS = (0.6, 0.8)
"""Shares of the steps at which an average becomes a candidate, besides the end. Before them the learning rate is near
its peak, and policies change from step to step."""


def moments(steps: int) -> set[int]:
    """The gradient steps after which the average is kept, the last left out."""
    return {step for share in MOMENTS if 0 < (step := round(share * steps)) < steps}


def average_at(folder: RunFolder, step: int) -> Path:
    """Where the average of this step is kept."""
    return folder.candidates / f"step-{step}-average"


def weights_at(folder: RunFolder, step: int) -> Path:
    """Where the weights themselves of this step are kept."""
    return folder.candidates / f"step-{step}-weights"


def candidates(folder: RunFolder, steps: int) -> list[Path]:
    """All of a whole training, the average at its end first: among equals the first is best."""
    averages = [average_at(folder, step) for step in (steps, *sorted(moments(steps), reverse=True))]
    return [*averages, weights_at(folder, steps)]
