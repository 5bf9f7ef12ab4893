"""Resampling whole tracks: frames of one drive are no independent samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DRAWS = 1000


def resampled(tracks: int, stream: int = 0) -> Floats:
    """(DRAWS, tracks): how often each track is drawn, with replacement; rows sum to `tracks`. The seed is fixed.

    What is drawn independently of each other needs different streams.
    """
    rng = np.random.default_rng([stream, tracks])
    return rng.multinomial(tracks, np.full(tracks, 1 / tracks), size=DRAWS).astype(np.float64)


def percentiles(draws: Floats) -> tuple[Floats, Floats]:
    """2.5th and 97.5th over the first axis: a 95% interval."""
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return low, high
