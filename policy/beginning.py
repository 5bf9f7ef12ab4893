"""What a training begins with: weights drawn at random, or those of a policy that drives already."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from policy.checkpoint import Checkpoint, load_checkpoint
from policy.config import TrainConfig
from policy.heads import HEADS
from policy.models import ARCHITECTURES, Network
from policy.vision import Vision
from teleop.errors import UsageError


def first_network(config: TrainConfig, vision: Vision) -> Network:
    """The network, not yet trained, or as `config.start_from` has it; a resumed training brings its own weights.

    Random numbers are drawn either way, the same ones. CheckpointError when that is none, UsageError when it is of
    another kind than what is asked for.
    """
    model = ARCHITECTURES[config.arch](vision, HEADS[config.loss])
    if config.start_from is not None and not config.resume:
        checkpoint = load_checkpoint(config.start_from)
        _check_alike(config.start_from, checkpoint, config, vision)
        model.load_state_dict(checkpoint.weights)
    return model


def _check_alike(path: Path, checkpoint: Checkpoint, config: TrainConfig, vision: Vision) -> None:
    there = {"architecture": checkpoint.arch, "loss": checkpoint.loss} | _named(checkpoint.vision)
    asked = {"architecture": config.arch, "loss": config.loss} | _named(vision)
    if other := [name for name in asked if there[name] != asked[name]]:
        raise UsageError(
            f"--start-from goes on with a policy of the same architecture, loss and way of seeing; of {path} the "
            f"{other[0]} is {there[other[0]]}, asked for is {asked[other[0]]}: ask for the same, or train from scratch"
        )


def _named(vision: Vision) -> dict[str, object]:
    return {f"view's {field.name}": getattr(vision, field.name) for field in fields(vision)}
