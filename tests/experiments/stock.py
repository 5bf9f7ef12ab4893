"""Does stock CarRacing-v3 give a checkpoint the very scores that `teleop evaluate` reports?

`python -m tests.experiments.stock CHECKPOINT [TRACKS]` drives the first evaluation tracks both ways, all frames of
them, and exits with 1 where two scores differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gymnasium

from policy.learner import Learner
from teleop.drivers.learner import LearnerDriver
from teleop.evaluate import MAX_STEPS, drive_track
from teleop.frame import EVALUATION_SEED

TRACKS = 10


def stock_score(learner: Learner, seed: int, max_steps: int = MAX_STEPS) -> float:
    """The sum of rewards on one track, by what gymnasium and policy offer alone."""
    env = gymnasium.make("CarRacing-v3", max_episode_steps=max_steps)
    observation, _ = env.reset(seed=seed)
    learner.reset()
    score, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(learner.act(observation))
        score, over = score + float(reward), terminated or truncated
    env.close()
    return round(score, 4)


def main() -> None:
    learner = Learner.load(Path(sys.argv[1]))
    tracks = int(sys.argv[2]) if len(sys.argv) > 2 else TRACKS
    different = 0
    for seed in range(EVALUATION_SEED, EVALUATION_SEED + tracks):
        stock, ours = stock_score(learner, seed), drive_track(LearnerDriver(learner), seed).score
        different += stock != ours
        print(f"track {seed}: stock {stock}, teleop evaluate {ours}", flush=True)
    sys.exit(f"{different} of {tracks} tracks differ" if different else 0)


if __name__ == "__main__":
    main()
