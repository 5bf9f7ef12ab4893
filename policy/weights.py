"""How often each row is learned from: a rule, said on the command line and shown as what a batch holds.

uniform              every row once before any row again
half-corrections     half of what is learned from are demonstrations, half is everything else
demo=1,takeover=3    a row that was driven after a takeover comes three times as often; what is not named weighs 1
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policy.kinds import LABELLED, Kind
from teleop.errors import UserError

UNIFORM = "uniform"
HALF_CORRECTIONS = "half-corrections"
GRAMMAR = (
    f"{UNIFORM}, {HALF_CORRECTIONS}, or weights like demo=1,takeover=3 ({', '.join(k.name.lower() for k in LABELLED)})"
)

Floats = npt.NDArray[np.float64]


class WeightsError(UserError):
    """A rule that these rows can not follow: the rule, what was got, the remedy."""


@dataclass(frozen=True)
class Weights:
    """A rule that gives every row its weight. ValueError when it is none."""

    rule: str = UNIFORM

    def __post_init__(self) -> None:
        if self.rule not in (UNIFORM, HALF_CORRECTIONS):
            _weight_by_kind(self.rule)

    def of(self, kind: npt.NDArray[np.uint8]) -> Floats:
        """(N,): how often each row comes, for rows of these kinds (N,); 1 on average.

        WeightsError when every row weighs nothing, or a half of the batch would have no row to come from.
        """
        if self.rule == UNIFORM:
            return np.ones(len(kind))
        weight = _halves(kind) if self.rule == HALF_CORRECTIONS else _by_kind(self.rule, kind)
        return np.asarray(weight / weight.mean())


def _halves(kind: npt.NDArray[np.uint8]) -> Floats:
    demo = kind == Kind.DEMO
    if demo.all() or not demo.any():
        missing = "corrections" if demo.all() else "demonstrations"
        raise WeightsError(
            f"--weights {HALF_CORRECTIONS} needs demonstrations and corrections; there are no {missing} among these "
            f"rows: add a session that has some, or use --weights {UNIFORM}"
        )
    return np.asarray(np.where(demo, 0.5 / demo.sum(), 0.5 / (~demo).sum()))


def _by_kind(rule: str, kind: npt.NDArray[np.uint8]) -> Floats:
    table = np.ones(256)
    for name, weight in _weight_by_kind(rule).items():
        table[name] = weight
    if not table[kind].any():
        raise WeightsError(
            f"--weights must leave something to learn from; by {rule} every row weighs 0: give a kind that is there a "
            "weight"
        )
    return table[kind]


def _weight_by_kind(rule: str) -> Mapping[Kind, float]:
    weights: dict[Kind, float] = {}
    for part in rule.split(","):
        name, _, number = part.partition("=")
        kind = Kind.__members__.get(name.strip().upper())
        if kind not in LABELLED or kind in weights or not _is_weight(number):
            raise ValueError(f"--weights is {GRAMMAR}, each once and from 0 up; got {rule!r}")
        weights[kind] = float(number)
    return weights


def _is_weight(number: str) -> bool:
    try:
        return 0 <= float(number) < math.inf
    except ValueError:
        return False
