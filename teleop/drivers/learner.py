"""A learned policy as a driver: it sees the observation and nothing else."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from teleop.frame import Action, Image, Start, Tick


class Learner(Protocol):
    """What a trained policy offers (policy.learner.Learner does)."""

    def reset(self) -> None: ...

    def act(self, observation: Image) -> Action: ...

    def features(self, observation: Image) -> npt.NDArray[np.float32]:
        """(F,): the network's last values before its outputs."""


class LearnerDriver:
    """Shows a learner the observation of each tick."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def reset(self, start: Start) -> None:
        self._learner.reset()

    def act(self, tick: Tick) -> Action:
        return self._learner.act(tick.outcome.observation)

    def features(self, observation: Image) -> npt.NDArray[np.float32]:
        """(F,): what the learner makes of a picture, to tell what it has never seen."""
        return self._learner.features(observation)
