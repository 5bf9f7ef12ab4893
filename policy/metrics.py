"""How training goes: counted here, told to whoever watches, and kept in CHECKPOINT.run/metrics.jsonl."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

REPORT_EVERY = 25
"""Gradient steps."""


@dataclass(frozen=True)
class Progress:
    """Where training stands; also one line of metrics.jsonl."""

    step: int
    """Gradient steps done."""
    steps: int
    """Gradient steps in all."""
    loss: float
    """Mean over the steps since the last report."""
    validation_loss: float | None
    """Of the averaged weights, over held-out episodes, when last measured; None without such episodes."""
    samples_per_s: float
    """Rows learned from a second of wall time, since the first step."""
    elapsed_s: float
    """Wall time since the first step."""

    @property
    def left_s(self) -> float:
        """Wall time to go, at the speed so far."""
        return self.elapsed_s / self.step * (self.steps - self.step)


Watch = Callable[[Progress], None]


class Metrics:
    """Counts steps and reports every 25 of them, in the folder `run` too."""

    def __init__(self, run: Path, steps: int, batch_size: int, watch: Watch) -> None:
        self.progress: list[Progress] = []
        """Every report so far."""
        self.validation_loss: float | None = None
        self.step = 0
        """Gradient steps done."""
        self._steps, self._batch_size, self._watch = steps, batch_size, watch
        self._losses: list[float] = []
        self._file = run / "metrics.jsonl"
        self._file.write_text("")
        self._began = time.perf_counter()

    def note(self, loss: float) -> None:
        """One more step was made, and this was its loss."""
        self.step += 1
        self._losses.append(loss)

    def report(self) -> None:
        """Tell, if it is time to."""
        if self.step % REPORT_EVERY and self.step < self._steps:
            return
        elapsed_s = time.perf_counter() - self._began
        loss = sum(self._losses) / len(self._losses)
        rate = self.step * self._batch_size / elapsed_s
        progress = Progress(self.step, self._steps, loss, self.validation_loss, rate, elapsed_s)
        self._losses.clear()
        self.progress.append(progress)
        with self._file.open("a") as file:
            file.write(json.dumps(asdict(progress)) + "\n")
        self._watch(progress)
