"""CHECKPOINT.run, the folder beside a checkpoint: all that is kept of its training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """Where things lie in it."""

    path: Path

    @classmethod
    def of(cls, checkpoint: Path) -> RunFolder:
        return cls(checkpoint.with_name(checkpoint.name + ".run"))

    @property
    def metrics(self) -> Path:
        """A line of JSON every report."""
        return self.path / "metrics.jsonl"

    @property
    def tensorboard(self) -> Path:
        """The same for TensorBoard: `tensorboard --logdir` reads this folder."""
        return self.path / "tensorboard"

    @property
    def candidates(self) -> Path:
        """Policies to choose among, checkpoints each."""
        return self.path / "candidates"

    @property
    def state(self) -> Path:
        """What `--resume` goes on from."""
        return self.path / "state.safetensors"

    def make(self) -> None:
        """OSError where that is not possible."""
        self.candidates.mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """Take away what an earlier training left; nothing that we did not write."""
        for file in (*self.candidates.glob("step-*"), *self.tensorboard.glob("events.out.tfevents.*")):
            file.unlink()
        self.metrics.unlink(missing_ok=True)
        self.state.unlink(missing_ok=True)
