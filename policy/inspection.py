"""What stands in a checkpoint, as plain values to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from policy.checkpoint import Checkpoint


@dataclass(frozen=True)
class Layer:
    """One layer with parameters."""

    name: str
    what: str
    """Such as `Conv2d 3 to 16, 6x6, stride 3`."""
    parameters: int


def layers(checkpoint: Checkpoint) -> list[Layer]:
    """The layers that hold the weights, in the order in which the architecture names them."""
    return [
        Layer(name, _described(module), sum(weight.numel() for weight in module.parameters()))
        for name, module in checkpoint.build().named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]


def _described(module: nn.Conv2d | nn.Linear) -> str:
    if isinstance(module, nn.Linear):
        return f"linear, {module.in_features} to {module.out_features}"
    height, width = module.kernel_size
    return f"convolution {height}x{width}, stride {module.stride[0]}, {module.in_channels} to {module.out_channels}"


def facts(checkpoint: Checkpoint) -> Mapping[str, Mapping[str, Any]]:
    """Everything in its header but the episodes, by section."""
    return {
        "policy": {
            "architecture": checkpoint.arch,
            "head": checkpoint.loss,
            "parameters": sum(tensor.numel() for tensor in checkpoint.weights.values()),
            "labels": checkpoint.labels,
            "sha256": checkpoint.sha256,
        },
        "vision": asdict(checkpoint.vision),
        "training": checkpoint.config,
        "metrics": checkpoint.metrics,
    }
