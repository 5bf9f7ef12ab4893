"""What a training needs to go on after an interrupt as if it had never stopped, to the last bit.

One safetensors file with JSON in its header, replaced atomically; nothing is ever unpickled. The order of batches is
not stored: it follows from the seed, so the batches already learned from are drawn again, which costs a few percent of
having learned from them, and the generator must then stand where it stood.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from policy.checkpoint import DIGEST, digest, replace_file
from policy.config import TrainConfig
from policy.metrics import Metrics
from teleop.errors import UserError

FORMAT = "teleop-training"
ANEW = "train anew, without --resume"
MAY_CHANGE = ("sessions", "until_round", "out", "resume", "select_tracks")
"""Of the configuration: what does not change the weights. Sessions may move; what they hold may not change."""


class ResumeError(UserError):
    """A training can't go on from what was kept of it: the rule, what was got, the remedy."""


@dataclass(frozen=True, eq=False)
class Learning:
    """Everything that a gradient step changes."""

    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    rng: np.random.Generator
    """Draws the batches."""
    metrics: Metrics

    def tensors(self) -> dict[str, Tensor]:
        """By a name that says whose they are."""
        moments = {
            f"optimizer.{weight}.{name}": tensor
            for weight, named in self.optimizer.state_dict()["state"].items()
            for name, tensor in named.items()
        }
        model = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        average = {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        return model | average | moments | {"torch_rng": torch.get_rng_state()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """The reverse."""
        self.model.load_state_dict(_named(tensors, "model."))
        self.average.load_state_dict(_named(tensors, "average."))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _named(tensors, "optimizer.").items():
            weight, name = name.split(".", 1)
            moments.setdefault(int(weight), {})[name] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": moments})
        torch.set_rng_state(tensors["torch_rng"])


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class Identity:
    """What must be the same for a training to go on."""

    config: Mapping[str, Any]
    episodes: Sequence[Mapping[str, Any]]
    """session, episode, seed, rows, digest of each."""

    @classmethod
    def of(cls, config: TrainConfig, episodes: Sequence[Mapping[str, Any]]) -> Identity:
        options = {name: value for name, value in asdict(config).items() if name not in MAY_CHANGE}
        # As JSON gives them back: lists for tuples.
        return cls(**json.loads(json.dumps({"config": options, "episodes": list(episodes)}, default=str)))


def save_state(path: Path, identity: Identity, learning: Learning) -> None:
    """Keep where training stands, in one atomic replace; OSError when that fails, leaving what was there."""
    header = {
        **asdict(identity),
        "metrics": learning.metrics.standing(),
        "order": learning.rng.bit_generator.state,
    }
    tensors = {name: tensor.contiguous() for name, tensor in learning.tensors().items()}
    header[DIGEST] = digest(header, tensors)
    replace_file(path, save(tensors, metadata={FORMAT: json.dumps(header)}))


def restore_state(path: Path, identity: Identity, learning: Learning, drawn: Iterator[Any]) -> None:
    """Put `learning` where it stood, and draw the batches it has had.

    ResumeError when nothing was kept, when that is damaged, or when options or recordings have changed since.
    """
    if not path.exists():
        raise ResumeError(f"--resume goes on with a training that was interrupted; there is no {path}: {ANEW}")
    try:
        header, tensors = _read(path)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ResumeError(f"{path} must be as `policy train` wrote it; it is damaged: {ANEW}") from error
    _check_same(Identity(header["config"], header["episodes"]), identity)
    learning.restore(tensors)
    learning.metrics.go_on(header["metrics"])
    for _ in islice(drawn, learning.metrics.step):
        pass
    if learning.rng.bit_generator.state != header["order"]:
        raise ResumeError(f"--resume must draw the same batches as before; another version drew {path}'s: {ANEW}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with safe_open(path, framework="pt") as file:
        header = json.loads((file.metadata() or {})[FORMAT])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if header.pop(DIGEST) != digest(header, tensors):
        raise ValueError("its checksum differs")
    return header, tensors


def _check_same(kept: Identity, asked: Identity) -> None:
    for name, value in asked.config.items():
        if kept.config.get(name) != value:
            raise ResumeError(
                f"--resume goes on with the same options; --{name.replace('_', '-')} was {kept.config.get(name)}, "
                f"and is {value}: ask for the same, or {ANEW}"
            )
    if kept.episodes != asked.episodes:
        raise ResumeError(
            f"--resume goes on with the same recordings; they were {_counted(kept.episodes)}, and are "
            f"{_counted(asked.episodes)}, not all the same: name the same sessions, unchanged, or {ANEW}"
        )


def _counted(episodes: Sequence[Mapping[str, Any]]) -> str:
    return f"{sum(episode['rows'] for episode in episodes):,} rows of {len(episodes)} episodes"
