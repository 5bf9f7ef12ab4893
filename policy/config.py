"""What can be asked of training. Loads no torch, so that --help answers at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class TrainConfig:
    """Learn a policy from recorded sessions, by behavioral cloning."""

    sessions: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SESSION...", help_behavior_hint="")
    ]
    """Sessions to learn from; `.zarr` is added if missing."""
    out: Path
    """The checkpoint's file, written exactly here, replacing what is there. Metrics go to the folder OUT.run."""
    arch: Literal["bc"] = "bc"
    """The network."""
    steps: int = 4000
    """Gradient steps."""
    seed: int = 0
    """Of everything random: same seed, sessions, machine and threads give the same weights."""
    loss: Literal["mse", "smooth_l1"] = "mse"
    """mse is the textbook's; smooth_l1 counts large errors less."""
    batch_size: int = 64
    """Rows a step."""
    learning_rate: float = 1e-3
    """At its peak: it rises over the first tenth of the steps, then falls along a cosine."""
    weight_decay: float = 1e-2
    """AdamW's."""
    average_decay: float = 0.999
    """Of the running average of the weights, which is what the checkpoint holds."""
    threads: int = 1
    """Of torch. More pay only while cores are idle."""

    def __post_init__(self) -> None:
        if not self.sessions:
            raise ValueError("training needs at least one SESSION; got none: name those to learn from")
        rules = {
            "steps": (self.steps >= 1, "at least 1"),
            "seed": (0 <= self.seed < 2**63, "from 0 to 2^63 - 1"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (0 < self.learning_rate < math.inf, "a positive number"),
            "weight_decay": (0 <= self.weight_decay < math.inf, "a number from 0 up"),
            "average_decay": (0 <= self.average_decay <= 1, "from 0 to 1"),
            "threads": (self.threads >= 1, "at least 1"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise ValueError(f"--{name.replace('_', '-')} is {rule}; got {getattr(self, name)}")
        if self.out.is_dir():
            raise ValueError(f"--out is the checkpoint's file; {self.out} is a directory: add a file name")
