"""Drives made up of plain numbers, for what measures them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from teleop.evaluate import TrackScore
from teleop.shift.rollouts import Demonstration, Rollout


def columns(departed: npt.ArrayLike, **changed: Any) -> dict[str, Any]:
    """Straight along the middle of a straight road at 50 units/s, with all wheels off where `departed` (T,) says so."""
    off = np.asarray(departed, np.bool_)
    count = len(off)
    still = np.zeros(count)
    return {
        "policy": "made up",
        "seed": 1_000_000,
        "step": np.arange(count, dtype=np.int32),
        "pose": np.column_stack([np.arange(count), still, still, still + 50]).astype(np.float32),
        "departed": off,
        "station": np.arange(count, dtype=np.float64),
        "lateral": still,
        "heading_error": still,
        "curvature": still,
        "learner_action": np.zeros((count, 3), np.float32),
        "referee_action": np.zeros((count, 3), np.float32),
        "features": None,
    } | changed


def rollout(departed: npt.ArrayLike, why: str = "truncated", **changed: Any) -> Rollout:
    values = columns(departed, **changed)
    track = TrackScore(values["seed"], 500.0, why, False, None, 280, 40, 0.0, len(values["step"]))
    return Rollout(track=track, **values)


def demonstration(frames: int = 100, **changed: Any) -> Demonstration:
    return Demonstration(
        session="s.zarr", episode="000000", digest="d", **columns(np.zeros(frames, np.bool_), **changed)
    )
