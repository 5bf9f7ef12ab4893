"""Learners for the commands: from a checkpoint, or a name, to who drives. The only file that imports policy.

Its imports of it stay inside the functions, so that recording and --help load no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from teleop.errors import UsageError
from teleop.udacity import OBSERVATION_SHAPE
from teleop.udacity_command import check_sees_the_simulator

if TYPE_CHECKING:
    from policy.config import TrainConfig
    from teleop.demo import OnStep, Trained
    from teleop.evaluate import MakeDriver
    from teleop.loop import Driver
    from teleop.shift.measure import Policy

NOT_INHERITED = (
    *("sessions", "out", "resume", "select_tracks", "start_from", "threads", "hold_out"),
    *("operator", "min_score", "outcome", "until_round"),
)
"""Options of a training that say nothing of how it is learned, or which of its own episodes."""


def driver_named(policy: str) -> MakeDriver:
    """What builds the driver of a checkpoint's path, the autopilot or the simulated human.

    The checkpoint is loaded once here, so that a bad one is told once rather than by every worker.
    """
    if policy == "autopilot":
        from teleop.drivers.autopilot import Autopilot

        return Autopilot
    if policy == "simulated":
        from teleop.experts import simulated_human

        return simulated_human
    make_driver = LearnerFrom(Path(policy))
    make_driver()
    return make_driver


def measured_policy(name: str, policy: str) -> Policy:
    """As `driver_named`, with what a checkpoint says that it was trained on."""
    from teleop.shift.measure import Policy

    make_driver = driver_named(policy)
    if not isinstance(make_driver, LearnerFrom):
        return Policy(name, make_driver)
    from policy.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(make_driver.path)
    trained_on = (episode.get("digest") for episode in checkpoint.episodes if not episode.get("held_out"))
    return Policy(
        name,
        make_driver,
        frozenset(digest for digest in trained_on if digest),
        {"name": make_driver.path.name, "sha256": checkpoint.sha256},
    )


def simulators_learner(path: Path) -> tuple[Driver, dict[str, str]]:
    """The driver in a checkpoint, and its {name, sha256}. UsageError where it was made for other pictures."""
    from policy.learner import Learner
    from teleop.drivers.learner import LearnerDriver

    learner = Learner.load(path)
    check_sees_the_simulator(learner.observation_shape, path)
    learner.act(np.zeros(OBSERVATION_SHAPE, np.uint8))  # the first time takes longest
    return LearnerDriver(learner), {"name": learner.name, "sha256": learner.sha256}


@dataclass(frozen=True)
class LearnerFrom:
    """Builds a checkpoint's driver, in this process or in a worker's."""

    path: Path

    def __call__(self) -> Driver:
        from policy.learner import Learner
        from teleop.drivers.learner import LearnerDriver
        from teleop.writer import CAR_RACING_OBSERVATION

        learner = Learner.load(self.path)
        if learner.observation_shape != CAR_RACING_OBSERVATION:
            raise UsageError(
                f"CarRacing-v3's tracks are driven by a policy that learned from such; {self.path} learned from the "
                f"Udacity simulator: let it drive there, teleop udacity --learner {self.path}"
            )
        return LearnerDriver(learner)

    def identity(self) -> dict[str, str]:
        """{name, sha256} of what drives."""
        from policy.checkpoint import load_checkpoint

        return {"name": self.path.name, "sha256": load_checkpoint(self.path).sha256}


def driver_and_identity(checkpoint: Path) -> tuple[Driver, dict[str, str]]:
    """Who drives, and its {name, sha256}."""
    learner = LearnerFrom(checkpoint)
    return learner(), learner.identity()


def tracks_learned_from(checkpoint: Path) -> list[int]:
    """Of all episodes that it was trained or validated on."""
    from policy.checkpoint import load_checkpoint

    return [int(episode["seed"]) for episode in load_checkpoint(checkpoint).episodes if "seed" in episode]


def options_of_training(checkpoint: Path | None) -> list[str]:
    """The options of `policy train` by which others are trained like this one; none where it is to be the first."""
    if checkpoint is None:
        return []
    from policy.checkpoint import load_checkpoint
    from policy.config import TrainConfig

    config, words = load_checkpoint(checkpoint).config, list[str]()
    own = (*NOT_INHERITED, "steps") if config.get("start_from") else NOT_INHERITED  # from scratch, more are needed
    for option in fields(TrainConfig):
        value = config.get(option.name, option.default)
        if option.name in own or value == option.default or (option.name, value) == ("labels", "demos"):
            continue
        flag = option.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [word for one in _listed(value) for word in (f"--{flag}", str(one))]
    return words


def _listed(value: object) -> Sequence[object]:
    """What is given as one option, or as several."""
    return value if isinstance(value, list | tuple) else [value]


class BehavioralCloning:
    """policy's trainer with its defaults, learning from every episode, as the demo asks for one."""

    def __init__(self) -> None:
        config = _defaults([Path("session")], Path("checkpoint"))
        self.steps, self.loss = config.steps, config.loss

    def train(self, sessions: Sequence[Path], checkpoint: Path, on_step: OnStep) -> Trained:
        from policy.train import train
        from teleop.demo import Trained

        train(_defaults(sessions, checkpoint), lambda told: on_step(told.step, told.loss))
        learner = LearnerFrom(checkpoint)
        return Trained(learner, learner.identity())


def _defaults(sessions: Sequence[Path], checkpoint: Path) -> TrainConfig:
    from policy.config import TrainConfig

    return TrainConfig(sessions=tuple(sessions), out=checkpoint, hold_out=False)
