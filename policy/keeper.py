"""What of a training is kept on disk while it runs, so that no interrupt, crash or choice comes too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from torch import nn

from policy.candidates import average_at, moments, weights_at
from policy.checkpoint import Checkpoint, save_checkpoint
from policy.config import TrainConfig
from policy.resume import Identity, Learning, restore_state, save_state
from policy.rows import Rows
from policy.run_folder import RunFolder
from policy.vision import Vision

STATE_EVERY = 250
"""Gradient steps: what a crash costs at most."""


@dataclass(frozen=True, eq=False)
class Keeper:
    """Writes the checkpoint, the candidates, and what --resume needs."""

    config: TrainConfig
    vision: Vision
    episodes: Sequence[Mapping[str, Any]]
    """Every episode loaded: session, episode, seed, rows, digests, and whether it was only validated on."""
    folder: RunFolder
    learning: Learning

    @cached_property
    def identity(self) -> Identity:
        """What must be the same for this training to go on later."""
        return Identity.of(self.config, self.episodes)

    def begin(self, drawn: Iterator[Rows]) -> None:
        """With `config.resume` go on where training stood, else begin anew; ResumeError when there is no way on."""
        if self.config.resume:
            restore_state(self.folder.state, self.identity, self.learning, drawn)
        else:
            self.folder.clear()

    def after_step(self) -> None:
        """Keep what is due after this gradient step."""
        step = self.learning.metrics.step
        if step in moments(self.config.steps):
            save_checkpoint(self._checkpoint(self.learning.average), average_at(self.folder, step))
        if step % STATE_EVERY == 0:
            save_state(self.folder.state, self.identity, self.learning)

    def end(self) -> None:
        """Keep the policy as it stands; the last candidates too, once all steps are done."""
        save_state(self.folder.state, self.identity, self.learning)
        average, steps = self._checkpoint(self.learning.average), self.config.steps
        save_checkpoint(average, self.config.out)
        if self.learning.metrics.step == steps:
            save_checkpoint(average, average_at(self.folder, steps))
            save_checkpoint(self._checkpoint(self.learning.model), weights_at(self.folder, steps))

    def _checkpoint(self, network: nn.Module) -> Checkpoint:
        """What `network` is and came from, as training stands."""
        config, metrics = self.config, self.learning.metrics
        resolved = asdict(config) | {"sessions": [path.name for path in config.sessions], "out": config.out.name}
        resolved["start_from"] = config.start_from and config.start_from.name
        resolved["until_round"] = config.last_round and str(config.last_round)
        last = metrics.progress[-1] if metrics.progress else None
        return Checkpoint(
            arch=config.arch,
            vision=self.vision,
            weights=network.state_dict(),
            loss=config.loss,
            labels=config.labels,
            episodes=tuple(self.episodes),
            config=resolved,
            metrics=(asdict(last) if last else {}) | {"step": metrics.step},
        )
