"""A learned policy as a driver: it sees the observation and nothing else."""

from __future__ import annotations

from typing import Protocol

from teleop.frame import Action, Image, Start, Tick


class Learner(Protocol):
    """What a trained policy offers (policy.learner.Learner does)."""

    def reset(self) -> None: ...

    def act(self, observation: Image) -> Action: ...


class LearnerDriver:
    """Shows a learner the observation of each tick."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def reset(self, start: Start) -> None:
        self._learner.reset()

    def act(self, tick: Tick) -> Action:
        return self._learner.act(tick.outcome.observation)
