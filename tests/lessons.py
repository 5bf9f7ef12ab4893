"""Small recorded sessions to learn from, written by the real writer; no simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from policy.checkpoint import Checkpoint
from policy.kinds import Kind
from policy.models import BC
from policy.rows import Rows
from policy.vision import Vision
from teleop.episode_writer import start_attrs
from teleop.frame import COAST, Action, End, Image, Mode, Outcome, Source, Start
from teleop.writer import SessionWriter

EditRow = Callable[[dict[str, Any]], None]
"""Changes one row, found by its `step`, before it is written."""


def road_picture(bend: float, noise: int = 0) -> Image:
    """uint8 (96, 96, 3): a grey road on grass, whose place across tells the bend in [-1, 1]; speed about 50."""
    picture = np.full((96, 96, 3), (102, 204, 102), np.uint8)
    picture += np.random.default_rng(noise).integers(0, 20, (96, 96, 1), np.uint8)
    middle = 48 + round(30 * bend)
    picture[:84, max(0, middle - 12) : middle + 12] = 102
    picture[84:] = 0
    picture[91:94, 12:14] = 255
    return picture


def expert_action(bend: float) -> Action:
    """What the expert of these sessions does."""
    return np.array([bend, 0.5, 0.1], np.float32)


def demo_row(number: int, bend: float) -> dict[str, Any]:
    return {
        "observation": road_picture(bend, number),
        "action": expert_action(bend),
        "human_action": expert_action(bend),
        "learner_action": np.nan,
        "autopilot_action": np.nan,
        "driver": int(Source.HUMAN),
        "hands_on": True,
        "nudge": 0.0,
        "time_scale": 1.0,
        "reward": 1.0,
        "pose": np.zeros(4, np.float32),
        "step": number,
        "wheels_on_road": 4,
        "tiles_visited": number,
        "time_ns": number * 20_000_000,
        "late_ns": 0,
    }


def as_it_is(row: dict[str, Any]) -> None:
    """Changes nothing."""


def record_episode(path: Path, seed: int = 0, rows: int = 90, mode: Mode = "demo", edit: EditRow = as_it_is) -> Path:
    """Append one episode to the session `path`, which ends in .zarr; returns the episode's folder."""
    rng = np.random.default_rng(seed)
    with SessionWriter(path, env={"id": "Toy-v0", "kwargs": {}}) as session:
        episode = session.begin_episode(start_attrs(Start(seed=seed, mode=mode, paced=False)))
        for number in range(rows):
            row = demo_row(number, float(rng.uniform(-1, 1)))
            edit(row)
            episode.append(row)
        outcome = Outcome(road_picture(0.0), 0.0, np.zeros(4, np.float32), 4, rows)
        episode.finish(End("finished", rows, rows, outcome, {}), outcome.observation)
        return episode.path


def mark(episode: Path, **attrs: Any) -> None:
    """Set attributes of a recorded episode, as marking it later does."""
    file = episode / "zarr.json"
    metadata = json.loads(file.read_text())
    metadata["attributes"] |= attrs
    file.write_text(json.dumps(metadata))


def constant_checkpoint(action: Action = COAST, vision: Vision | None = None) -> Checkpoint:
    """A policy that always wants `action`."""
    vision = vision or Vision()
    weights = {name: torch.zeros_like(tensor) for name, tensor in BC(vision).state_dict().items()}
    weights["steering.head.2.bias"] = torch.tensor(action[:1], dtype=torch.float32)
    weights["pedals.head.2.bias"] = torch.tensor(action[1:], dtype=torch.float32)
    return Checkpoint("bc", vision, weights, labels="demos", episodes=({"session": "toy.zarr", "episode": "000000"},))


def toy_rows(count: int, lesson: int = 0, kind: Kind = Kind.DEMO) -> Rows:
    """Noise to look at, and labels."""
    rng = np.random.default_rng(lesson)
    return Rows(
        view=rng.integers(0, 256, (count, 42, 48, 3), np.uint8),
        speed=rng.random(count, np.float32),
        action=rng.random((count, 3), np.float32),
        kind=np.full(count, kind, np.uint8),
        step=np.arange(count, dtype=np.int32),
        lesson=np.full(count, lesson, np.int32),
    )
