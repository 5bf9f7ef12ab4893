"""Labelled rows as a network sees them. Pictures stay uint8: 20 laps are 90 MB, and the network normalises them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from teleop.frame import Image
from teleop.session import Episode

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rows:
    """N labelled rows."""

    view: Image
    """uint8 (N, height, width, 3)."""
    speed: Floats
    """float32 (N,): track units a second."""
    action: Floats
    """float32 (N, 3): the label."""
    kind: npt.NDArray[np.uint8]
    """uint8 (N,): how it came by its label, of `labels.Kind`."""
    step: npt.NDArray[np.int32]
    """int32 (N,): the world's step and ..."""
    lesson: npt.NDArray[np.int32]
    """int32 (N,): ... the place of its lesson among those loaded, to find a row again."""

    def __len__(self) -> int:
        return len(self.speed)

    def __getitem__(self, index: npt.NDArray[np.int64]) -> Rows:
        """A copy of some rows."""
        return Rows(*(getattr(self, field.name)[index] for field in fields(self)))

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """View, speed and action, sharing memory."""
        return torch.from_numpy(self.view), torch.from_numpy(self.speed), torch.from_numpy(self.action)

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        """One after another."""
        return Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one episode teaches: its labelled rows as a network sees them, where an Episode is all that was recorded."""

    origin: Mapping[str, Any]
    """session, episode, seed, rows, digest of the recording, digest of the labels: kept in the checkpoint."""
    rows: Rows
    episode: Episode | None = None
    """That it was read from, for who wants to see more of it."""
