"""How the cost of errors grows with the horizon: in proportion where a policy recovers, with the square where not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CAVEATS = (
    "The slope is an indicator, not a proof: about 1 when a policy errs and recovers at once, about 2 when it errs and "
    "never recovers. Ross and Bagnell's bounds (2010; 2011) are upper bounds, and a policy may do better.",
    "Behavioral cloning can be free of the horizon when its class holds the expert and it learns by log loss (Foster "
    "and others, 2024); smooth policies with continuous actions can be exponentially bad even where the dynamics are "
    "stable (Simchowitz and others, 2025).",
    "With human labels, which are inconsistent, more demonstrations may help as much as corrections (Laskey and "
    "others, 2017): compare at equal cost before believing either.",
)


@dataclass(frozen=True, eq=False)
class Horizon:
    """Expected frames off the road within the first T frames, and the slope of its logarithm."""

    frames: npt.NDArray[np.int64]
    """(L,): T = 1, 2, ... L, as long as at least half of the rollouts count."""
    cost: Floats
    """(L,): C(T), mean frames off the road. A finished lap counts no further; one that ended off the playfield stays
    off."""
    slope: float | None
    """Of log C over log T, where C(T) / T < 0.3; None where too few rollouts ever leave the road."""
    low: float | None
    """2.5th percentile over bootstrapped tracks."""
    high: float | None
    """97.5th percentile."""
    fitted: tuple[int, int] | None
    """The first and the last T that the slope was fitted to."""
    scale: float | None
    """The fitted line is scale * T ** slope."""
