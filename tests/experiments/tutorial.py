"""The tutorials' recipe on our laps, beside our own: `python -m tests.experiments.tutorial`.

Behavioral cloning as it is usually taught for CarRacing: the Nature network (convolutions of 32, 64 and 64, then 256)
over the whole 96x96 picture, the dashboard with it; tanh on all three outputs; a DataLoader over tensors, batches of
64, Adam at 3e-4, 20 epochs, the mean squared error, the last weights. It learns from the 20 autopilot laps that
tests.experiments.policies records, and its cells stand beside that experiment's in the README.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from teleop.evaluate import evaluate
from teleop.frame import ACTION_HIGH, ACTION_LOW, EVALUATION_SEED, Action, Start, Tick
from teleop.session import open_session
from tests.experiments.cells import RESULTS, WORK, Cell, code_digest, load, rounded, save, write_table
from tests.experiments.policies import SEEDS, Policy, recorded, row

CELLS = RESULTS / "tutorial"
CODE = ("tests/experiments/tutorial.py", "teleop/worlds/*.py", "teleop/evaluate.py", "teleop/loop.py")
EPOCHS = 20


class NatureNetwork(nn.Module):
    """Of Mnih and others, "Human-level control through deep reinforcement learning", Nature 2015; 256 at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(  # (B, 3, 96, 96)
            nn.Conv2d(3, 32, kernel_size=8, stride=4),  # (B, 32, 23, 23)
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=4, stride=2),  # (B, 64, 10, 10)
            nn.ReLU(),
            nn.Conv2d(64, 64, kernel_size=3),  # (B, 64, 8, 8)
            nn.ReLU(),
            nn.Flatten(),  # (B, 4096)
            nn.Linear(4096, 256),
            nn.ReLU(),
            nn.Linear(256, 3),
            nn.Tanh(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Actions (B, 3) for uint8 pictures (B, 3, 96, 96)."""
        actions: Tensor = self.layers(pictures.float() / 255)
        return actions


@dataclass(frozen=True)
class Tutorial:
    """Drives as its network says (a `Driver`)."""

    network: NatureNetwork

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        pictures = torch.from_numpy(tick.outcome.observation.transpose(2, 0, 1)[None].copy())  # (1, 3, 96, 96)
        with torch.inference_mode():
            actions = self.network(pictures)  # (1, 3)
        return np.clip(np.asarray(actions[0], np.float32), ACTION_LOW, ACTION_HIGH)


@dataclass(frozen=True)
class Built:
    """Builds the driver from its weights, in this process or in a worker's."""

    weights: Path

    def __call__(self) -> Tutorial:
        torch.set_num_threads(1)
        network = NatureNetwork()
        network.load_state_dict(torch.load(self.weights, weights_only=True))
        return Tutorial(network)


def trained(session: Path, seed: int, say: Callable[[str], None]) -> NatureNetwork:
    """The network after 20 epochs over every row of the laps."""
    torch.manual_seed(seed)
    episodes = open_session(session).episodes
    pictures = np.concatenate([episode.observation for episode in episodes]).transpose(0, 3, 1, 2)
    actions = np.concatenate([episode.human_action for episode in episodes])
    data = TensorDataset(torch.from_numpy(np.ascontiguousarray(pictures)), torch.from_numpy(actions))
    network = NatureNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-4)
    for epoch in range(EPOCHS):
        for view, expert in DataLoader(data, batch_size=64, shuffle=True):
            loss = nn.functional.mse_loss(network(view), expert)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        say(f"epoch {epoch + 1} of {EPOCHS}: loss {loss.item():.4f}")
    return network


def run(seed: int, cell: Path) -> None:
    """Train and evaluate one."""
    torch.set_num_threads(1)
    session = recorded("autopilot", 20)
    before = time.process_time()
    network = trained(session, seed, lambda line: print(line, flush=True))
    train_cpu_s = time.process_time() - before
    weights = WORK / f"tutorial-{seed}.pt"
    torch.save(network.state_dict(), weights)
    evaluation = evaluate(Built(weights), range(EVALUATION_SEED, EVALUATION_SEED + 100), os.cpu_count() or 1)
    told = rounded(evaluation.as_json())
    save(cell, {"seed": seed, "code": code_digest(CODE), "train_cpu_s": round(train_cpu_s, 1), "evaluation": told})


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    cells = {seed: CELLS / f"seed-{seed}.json" for seed in SEEDS}
    for seed, cell in cells.items():
        if not cell.exists():
            run(seed, cell)
    write_table("tutorial", lines([load(cell) for cell in cells.values()]))


def lines(tutorial: list[Cell]) -> list[str]:
    ours = [load(cell) for seed in SEEDS if (cell := Policy("bc", "autopilot", 20, seed).cell).exists()]
    head = ["| recipe | seed | training, CPU | mean | 95% interval | worst | at 900 | laps |"]
    return [
        *head,
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_line("the tutorials'", cell) for cell in tutorial),
        *(_line("`policy train`", cell) for cell in ours),
    ]


def _line(name: str, cell: Cell) -> str:
    return row((name, str(cell["seed"]), f"{cell['train_cpu_s']:.0f} s"), cell["evaluation"])


if __name__ == "__main__":
    main()
