"""What one action of a policy costs, vision included: `python -m tests.benchmarks.acting [CHECKPOINT...]`.

Thread CPU time, which other processes disturb little; the bound is 1.5 ms at the 99th percentile on one thread.
Without a checkpoint an untrained network of every architecture acts: the cost does not depend on the weights.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from policy.learner import Learner
from policy.models import ARCHITECTURES, vision_of
from teleop.frame import Image

ACTIONS = 3000
WARM_UP = 100
BOUND_MS = 1.5


def untrained(arch: str, *, native: bool) -> Learner:
    torch.set_num_threads(1)
    vision = vision_of(arch, native=native, dashboard=False, speed=True)
    size = f"{vision.height}x{vision.width}"
    return Learner(ARCHITECTURES[arch](vision), vision, name=f"untrained {arch}, {size}")


def learners(arguments: list[str]) -> list[Learner]:
    if arguments:
        return [Learner.load(Path(argument)) for argument in arguments]
    return [untrained("bc", native=False), untrained("pilotnet", native=False), untrained("pilotnet", native=True)]


def costs_ms(policy: Learner, observations: list[Image]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Thread CPU milliseconds of every action, after a warm-up."""
    costs = []
    for observation in observations:
        began = time.thread_time_ns()
        policy.act(observation)
        costs.append((time.thread_time_ns() - began) / 1e6)
    return np.array(costs[WARM_UP:])


def within_bound(policy: Learner) -> bool:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (96, 96, 3), np.uint8) for _ in range(50)]
    costs = costs_ms(policy, [pictures[number % len(pictures)] for number in range(WARM_UP + ACTIONS)])
    median, p99 = np.percentile(costs, [50, 99])
    print(f"{policy.name}: {ACTIONS} actions, {median:.2f} ms median, {p99:.2f} ms 99th percentile (thread CPU)")
    return bool(p99 <= BOUND_MS)


def main() -> None:
    within = [within_bound(policy) for policy in learners(sys.argv[1:])]
    sys.exit(0 if all(within) else f"over the bound of {BOUND_MS} ms")


if __name__ == "__main__":
    main()
