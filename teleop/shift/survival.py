"""How long a policy stays on the road, by Kaplan and Meier's estimate (1958): a lap's end is no departure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.shift.bootstrap import percentiles, resampled
from teleop.shift.rollouts import Rollout

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


def survival(rollouts: Sequence[Rollout]) -> Survival:
    """Of the first frame with all four wheels off the road; a rollout that ends without one is censored there."""
    departed = np.array([rollout.departed.any() for rollout in rollouts])
    last = [
        rollout.departed.argmax() if left else rollout.frames for rollout, left in zip(rollouts, departed, strict=True)
    ]
    return survival_of(np.array(last, np.int64), departed)


def survival_of(last: npt.NDArray[np.int64], departed: npt.NDArray[np.bool_]) -> Survival:
    """From each rollout's last frame (N,) and whether it then left the road (True) or was merely over (False)."""
    frames = np.arange(last.max() + 1)
    at_risk = last[:, None] >= frames  # (N, L + 1)
    leaving = departed[:, None] & (last[:, None] == frames)  # (N, L + 1)
    share = _product_limit(np.ones((1, len(last))), at_risk, leaving)[0]
    low, high = percentiles(_product_limit(resampled(len(last)), at_risk, leaving))
    return Survival(
        share=share,
        low=low,
        high=high,
        at_risk=at_risk.sum(axis=0),
        rollouts=len(last),
        departed=int(departed.sum()),
        median_frame=int(np.argmax(share <= 0.5)) if share[-1] <= 0.5 else None,
    )


def _product_limit(weights: Floats, at_risk: npt.NDArray[np.bool_], leaving: npt.NDArray[np.bool_]) -> Floats:
    """(D, L + 1) estimates for (D, N) weights of the rollouts: the product of the shares that stay, frame by frame."""
    left = weights @ leaving
    return np.asarray(np.cumprod(1 - left / np.maximum(weights @ at_risk, 1), axis=1))
