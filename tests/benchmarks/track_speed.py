"""What a step of the track costs beside stock CarRacing-v3: `python -m tests.benchmarks.track_speed [ROUNDS]`.

Both drive the same actions on the same track, step by step in turns, so that a busy machine slows them alike. The
figures are medians of thread CPU time; stock is what `gymnasium.make` gives.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium
import numpy as np

from teleop.drivers.autopilot import Autopilot
from teleop.frame import Action, Start, Tick
from teleop.worlds.track import TrackWorld, versions

SEED = 100
STEPS = 400


def main(rounds: int = 3) -> None:
    """Measure, print a table."""
    actions = autopilot_actions()
    stock: gymnasium.Env[Any, Any] = gymnasium.make("CarRacing-v3")
    plain, pictured = TrackWorld(ends="stock"), TrackWorld(ends="stock", picture=True)
    costs: dict[str, list[float]] = {"stock": [], "ours": [], "ours with the picture": []}
    for _ in range(rounds):
        stock.reset(seed=SEED)
        plain.reset(SEED)
        pictured.reset(SEED)
        for action in actions:
            costs["stock"].append(cpu_ms(partial(stock.step, action)))
            costs["ours"].append(cpu_ms(partial(plain.step, action)))
            costs["ours with the picture"].append(cpu_ms(partial(pictured.step, action)))
    rewinding = min(cpu_ms(partial(plain.rewind, STEPS - 50)) for _ in range(rounds))
    medians = {name: float(np.median(values)) for name, values in costs.items()}
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    for name, median in medians.items():
        print(f"{name:24} {median:6.2f} ms a step   {medians['stock'] / median:5.2f}x stock's speed")
    print(f"{f'rewind to step {STEPS - 50}':24} {rewinding:6.1f} ms")


def autopilot_actions() -> list[Action]:
    """What the autopilot does in the first `STEPS` steps of the track."""
    world, autopilot = TrackWorld(), Autopilot()
    outcome = world.reset(SEED)
    autopilot.reset(Start(seed=SEED, mode="demo", paced=False, road=world.road))
    actions = []
    for step in range(STEPS):
        actions.append(autopilot.act(Tick(step, 0, outcome)))
        outcome = world.step(actions[-1])
    return actions


def cpu_ms(work: Callable[[], object]) -> float:
    """Thread CPU milliseconds of one call."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
