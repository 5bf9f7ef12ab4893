"""What one action of a policy costs, vision included: `python -m tests.benchmarks.acting [CHECKPOINT]`.

Thread CPU time, which other processes disturb little; the bound is 1.5 ms at the 99th percentile on one thread.
Without a checkpoint an untrained network acts: the cost does not depend on the weights.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from policy.learner import Learner
from policy.models import ARCHITECTURES
from policy.vision import Vision
from teleop.frame import Image

ACTIONS = 3000
WARM_UP = 100
BOUND_MS = 1.5


def learner(arguments: list[str]) -> Learner:
    if arguments:
        return Learner.load(Path(arguments[0]))
    torch.set_num_threads(1)
    return Learner(ARCHITECTURES["bc"](Vision()), Vision(), name="untrained bc")


def costs_ms(policy: Learner, observations: list[Image]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Thread CPU milliseconds of every action, after a warm-up."""
    costs = []
    for observation in observations:
        began = time.thread_time_ns()
        policy.act(observation)
        costs.append((time.thread_time_ns() - began) / 1e6)
    return np.array(costs[WARM_UP:])


def main() -> None:
    policy = learner(sys.argv[1:])
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (96, 96, 3), np.uint8) for _ in range(50)]
    costs = costs_ms(policy, [pictures[number % len(pictures)] for number in range(WARM_UP + ACTIONS)])
    median, p99 = np.percentile(costs, [50, 99])
    print(f"{policy.name}: {ACTIONS} actions, {median:.2f} ms median, {p99:.2f} ms 99th percentile (thread CPU)")
    sys.exit(0 if p99 <= BOUND_MS else f"over the bound of {BOUND_MS} ms")


if __name__ == "__main__":
    main()
