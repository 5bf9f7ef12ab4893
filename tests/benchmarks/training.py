"""How much of a training step goes into making its batch: `python -m tests.benchmarks.training`.

Batches are drawn from as many rows as 20 laps have, so that the processor's cache holds few of them. Steps are timed in
a real training. The bound is 5% of a step, for every architecture.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from policy.batches import batches
from policy.config import TrainConfig
from policy.models import ARCHITECTURES, vision_of
from policy.rows import Rows
from policy.train import train
from tests.lessons import record_episode

ROWS = 14_400
BATCHES = 200
STEPS = 100
BOUND = 0.05


def rows_of(arch: str) -> Rows:
    """Noise to look at: what is seen makes no difference to the cost."""
    vision, rng = vision_of(arch, native=False, dashboard=False, speed=True), np.random.default_rng(0)
    return Rows(
        view=rng.integers(0, 256, (ROWS, vision.height, vision.width, 3), np.uint8),
        speed=rng.random(ROWS, np.float32),
        action=rng.random((ROWS, 3), np.float32),
        kind=np.zeros(ROWS, np.uint8),
        step=np.arange(ROWS, dtype=np.int32),
        lesson=np.zeros(ROWS, np.int32),
    )


def batch_ms(arch: str) -> float:
    """Wall time of drawing a batch of the usual size, milliseconds."""
    size = TrainConfig((Path("any"),), Path("any")).batch_size
    drawn = batches(rows_of(arch), np.ones(ROWS), size, np.random.default_rng(0))
    next(drawn)
    began = time.perf_counter()
    for batch in islice(drawn, BATCHES):
        batch.tensors()
    return (time.perf_counter() - began) / BATCHES * 1e3


def step_ms(arch: str) -> float:
    """Wall time of a whole training step, milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        session = Path(folder) / "toy.zarr"
        record_episode(session, rows=300)
        told = train(TrainConfig((session,), Path(folder) / "policy", arch=arch, steps=STEPS)).progress  # type: ignore[arg-type]
    return (told[-1].elapsed_s - told[0].elapsed_s) / (told[-1].step - told[0].step) * 1e3


def main() -> None:
    shares = []
    for arch in ARCHITECTURES:
        drawing, step = batch_ms(arch), step_ms(arch)
        shares.append(drawing / step)
        print(f"{arch}: {drawing:.2f} ms a batch, {step:.1f} ms a step: {shares[-1]:.1%} go into the data", flush=True)
    sys.exit(0 if max(shares) <= BOUND else f"over the bound of {BOUND:.0%}")


if __name__ == "__main__":
    main()
