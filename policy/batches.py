"""From rows to shuffled batches, and what such a batch holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policy.augment import mirror
from policy.kinds import LABELLED
from policy.rows import Rows

Augment = Callable[[Rows, np.random.Generator], None]
"""Changes a batch in place."""


@dataclass(frozen=True)
class Ingredient:
    """One kind of rows in what is learned from."""

    kind: str
    """demo, takeover, shadow or layer."""
    rows: int
    episodes: int
    """That these rows come from."""
    weight: float
    """How often such a row comes, where a row comes once on average."""
    share: float
    """Of a batch, [0, 1]."""


def ingredients(rows: Rows, weight: npt.NDArray[np.float64]) -> list[Ingredient]:
    """What batches of rows of these weights (N,) hold on average, kind by kind."""
    found = []
    for kind in LABELLED:
        chosen = rows.kind == kind
        if count := int(chosen.sum()):
            share = float(weight[chosen].sum() / weight.sum())
            episodes = len(np.unique(rows.lesson[chosen]))
            found.append(Ingredient(kind.name.lower(), count, episodes, float(weight[chosen].mean()), share))
    return found


def batches(
    rows: Rows, weight: npt.NDArray[np.float64], size: int, rng: np.random.Generator, augment: Sequence[Augment] = ()
) -> Iterator[Rows]:
    """Batches of `size` rows without end, half of them mirrored.

    Every row comes as often as its weight (N,) says: with equal weights once before any row comes again.
    """
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, _epoch(weight, rng)])
        batch, waiting = rows[waiting[:size]], waiting[size:]
        mirror(batch, rng.random(size) < 0.5)
        for change in augment:
            change(batch, rng)
        yield batch


def _epoch(weight: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """As many places as there are rows, each row's as often as its weight, rounded; shuffled.

    Which weights are rounded up changes from epoch to epoch (systematic resampling: one draw, least variance).
    """
    ends = np.cumsum(weight)
    if (weight % 1).any():
        ends += rng.random()
    times = np.diff(np.floor(ends), prepend=0).astype(np.int64)
    return rng.permutation(np.repeat(np.arange(len(weight)), times))
