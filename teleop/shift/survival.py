"""How long a policy stays on the road: Kaplan and Meier's estimate (1958), which counts laps that ended early rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Survival:
    """Share of rollouts that have not yet left the road, frame by frame, L the last frame of the longest rollout."""

    share: Floats
    """(L + 1,): at frame t, [0, 1]; never grows."""
    low: Floats
    """(L + 1,): 2.5th percentile over bootstrapped tracks."""
    high: Floats
    """(L + 1,): 97.5th percentile."""
    at_risk: npt.NDArray[np.int64]
    """(L + 1,): rollouts that reached frame t on the road. Where there are few, the estimate is rough."""
    rollouts: int
    departed: int
    """Rollouts that left the road at all."""
    median_frame: int | None
    """The first frame by which half of them have left; None when fewer than half ever do."""
