"""How training goes: counted here, told to whoever watches, and kept in CHECKPOINT.run, for TensorBoard too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from policy.run_folder import RunFolder

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter

REPORT_EVERY = 25
"""Gradient steps."""
FLUSH_S = 10
"""Seconds after which TensorBoard sees a report."""


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
    """Wall time since the first step, without the time between an interrupt and its resume."""

    @property
    def left_s(self) -> float:
        """Wall time to go, at the speed so far."""
        return self.elapsed_s / self.step * (self.steps - self.step)


Watch = Callable[[Progress], None]


class Metrics:
    """Counts steps and reports every 25 of them, in the run's folder too. Close it at the end."""

    def __init__(self, folder: RunFolder, steps: int, batch_size: int, watch: Watch) -> None:
        self.progress: list[Progress] = []
        """Every report so far."""
        self.validation_loss: float | None = None
        self.step = 0
        """Gradient steps done."""
        self._folder, self._steps, self._batch_size, self._watch = folder, steps, batch_size, watch
        self._losses: list[float] = []
        self._began = time.perf_counter()
        self._board: SummaryWriter | None = None

    def standing(self) -> dict[str, Any]:
        """What `go_on` needs, for JSON."""
        return {
            "step": self.step,
            "losses": list(self._losses),
            "validation_loss": self.validation_loss,
            "elapsed_s": time.perf_counter() - self._began,
        }

    def go_on(self, standing: Mapping[str, Any]) -> None:
        """Go on from there, as if never stopped: reports of later steps are taken back."""
        self.step, self._losses = standing["step"], list(standing["losses"])
        self.validation_loss = standing["validation_loss"]
        self._began = time.perf_counter() - standing["elapsed_s"]
        told = self._folder.metrics.read_text().splitlines() if self._folder.metrics.exists() else []
        self.progress = [report for line in told if (report := Progress(**json.loads(line))).step <= self.step]
        self._folder.metrics.write_text("".join(map(_line, self.progress)))

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
        with self._folder.metrics.open("a") as file:
            file.write(_line(progress))
        self._show(progress)
        self._watch(progress)

    def _show(self, progress: Progress) -> None:
        """To TensorBoard, which hides what an interrupted run had shown of this step and later ones."""
        if self._board is None:
            from tensorboardX import SummaryWriter

            self._board = SummaryWriter(
                str(self._folder.tensorboard),
                purge_step=progress.step,
                flush_secs=FLUSH_S,
                filename_suffix=f".step-{progress.step}",  # its names tell only seconds apart
            )
        for name in ("loss", "validation_loss", "samples_per_s"):
            if (value := getattr(progress, name)) is not None:
                self._board.add_scalar(name, value, progress.step)

    def close(self) -> None:
        """Everything told is on disk."""
        if self._board is not None:
            self._board.close()


def _line(progress: Progress) -> str:
    return json.dumps(asdict(progress)) + "\n"
