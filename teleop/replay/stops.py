"""The moments worth going to: where to look first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np
import numpy.typing as npt

from teleop.frame import Source
from teleop.replay.reel import Reel

LARGE = 0.5
"""Between a person's and the learner's steering, of at most 2."""
APART_S = 0.5
"""Disagreements nearer to each other are one."""


class Stop(Enum):
    """What happened there."""

    TAKEOVER = "takeover"
    OFF_ROAD = "off the road"
    DISAGREEMENT = "disagreement"
    REWIND = "rewind"


def stops(reel: Reel) -> Mapping[Stop, list[int]]:
    """The rows of each kind, in order."""
    human, learner = reel.driver == Source.HUMAN, reel.driver == Source.LEARNER
    off = reel.wheels_on_road == 0
    backwards = np.append(False, reel.step[1:] <= reel.step[:-1])
    return {
        Stop.TAKEOVER: _begins(human, learner, reel.before),
        Stop.OFF_ROAD: _begins(off, ~off, reel.before),
        Stop.DISAGREEMENT: disagreements(reel),
        Stop.REWIND: np.flatnonzero(backwards).tolist(),
    }


def disagreements(reel: Reel) -> list[int]:
    """Where the person and the learner steered most apart, by more than LARGE."""
    gap = np.nan_to_num(np.abs(reel.human[:, 0] - reel.learner[:, 0]))
    large = np.flatnonzero(gap > LARGE)
    apart = np.flatnonzero(np.diff(large) > APART_S * reel.hz) + 1
    return [int(rows[gap[rows].argmax()]) for rows in np.split(large, apart) if len(rows)]


def neighbour(rows: Sequence[int], row: int, forwards: bool) -> int | None:
    """The next of `rows` beyond `row`, or the last before it."""
    beyond = [stop for stop in rows if (stop > row if forwards else stop < row)]
    return (beyond[0] if forwards else beyond[-1]) if beyond else None


def _begins(there: npt.NDArray[np.bool_], not_there: npt.NDArray[np.bool_], before: Sequence[int]) -> list[int]:
    """Rows that are there, and were led to by one that is not."""
    return [row for row in np.flatnonzero(there).tolist() if before[row] >= 0 and not_there[before[row]]]
