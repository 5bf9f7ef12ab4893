"""A trained policy on disk: one safetensors file whose header says, in JSON, what the weights are and came from.

Nothing in it is ever executed or unpickled, so a checkpoint from a stranger is safe to open: it loads, or it is a
CheckpointError that says what is wrong. Writing is one atomic replace: a reader sees the old file or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from policy.heads import HEADS
from policy.models import ARCHITECTURES, Network
from policy.vision import Vision
from teleop.errors import UserError

FORMAT = "teleop-policy"
FORMAT_VERSION = 1
DIGEST = "content_sha256"
"""In the header: of the rest of the header and of the tensors, so that a damaged number does not drive."""
LARGEST_FILE = 256 * 2**20
"""Bytes; our networks have about one megabyte."""
REMEDY = "train it again with `policy train`, or pick another file"


class CheckpointError(UserError):
    """A file that is not a checkpoint we can use: the rule, what was got, the remedy."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything a policy is."""

    arch: str
    """A name in policy.models.ARCHITECTURES."""
    vision: Vision
    """How it sees."""
    weights: Mapping[str, Tensor]
    """The network's state dict."""
    loss: str = "mse"
    """A name in policy.heads.HEADS: what the outputs mean. The first checkpoints lack it; theirs are the action."""
    labels: str = ""
    """The rule that chose and labelled the rows it learned from."""
    episodes: tuple[Mapping[str, Any], ...] = ()
    """What it learned from: session, episode, seed, rows used, sha256 digest, and whether it only validated on it."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The resolved training configuration."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """How training went."""
    sha256: str = ""
    """Of the file it was read from, hex."""

    def build(self) -> Network:
        """The network with these weights, in evaluation mode. CheckpointError when they don't belong together."""
        try:
            model = ARCHITECTURES[self.arch](self.vision, HEADS[self.loss])
        except ValueError as error:
            raise CheckpointError(str(error)) from error
        _check_weights(self.weights, model.state_dict())
        model.load_state_dict(self.weights)
        return model.eval()


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write exactly `path`, in one atomic replace; OSError when that fails, leaving what was there."""
    header = {name: value for name, value in vars(checkpoint).items() if name not in ("weights", "vision", "sha256")}
    header |= {"format": FORMAT, "format_version": FORMAT_VERSION, "vision": asdict(checkpoint.vision)}
    weights = {name: tensor.detach().contiguous() for name, tensor in checkpoint.weights.items()}
    header[DIGEST] = digest(header, weights)
    content = save(weights, metadata={FORMAT: json.dumps(header)})
    replace_file(path, content)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one atomic replace: whoever reads it sees the old content or the new."""
    partial = _partial(path)
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def try_writing(path: Path) -> None:
    """Raise the OSError that `save_checkpoint` would, unless its folder takes files; leaves nothing behind."""
    partial = _partial(path)
    partial.touch()
    partial.unlink()


def _partial(path: Path) -> Path:
    """Where a file is written first."""
    return path.with_name(f".{path.name}.partial")


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; CheckpointError for anything else."""
    content = _read(path)
    header = _header(path, content)
    labels, episodes = header.get("labels"), header.get("episodes")
    config, metrics = header.get("config"), header.get("metrics")
    if not (isinstance(labels, str) and _is_list_of_objects(episodes)):
        raise _error(path, "its header must name the label rule and the episodes", "they are missing")
    if not (isinstance(config, dict) and isinstance(metrics, dict)):
        raise _error(path, "its header must hold the configuration and the metrics", "they are missing")
    checkpoint = Checkpoint(
        arch=_one_of(path, "architecture", header.get("arch"), ARCHITECTURES),
        vision=_vision(path, header.get("vision")),
        loss=_one_of(path, "loss", header.get("loss", "mse"), HEADS),
        weights=_weights(path, content),
        labels=labels,
        episodes=tuple(header["episodes"]),
        config=config,
        metrics=metrics,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    try:
        checkpoint.build()
    except CheckpointError as error:
        raise _error(path, "its weights must fit its architecture", str(error)) from error
    if header.pop(DIGEST, None) != digest(header, checkpoint.weights):
        raise _error(path, "its content must be as it was written", "its checksum differs, so it was damaged or edited")
    return checkpoint


def digest(header: Mapping[str, Any], weights: Mapping[str, Tensor]) -> str:
    """Of a header without it and its tensors: sha256, hex."""
    content = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, tensor in sorted(weights.items()):
        content.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        content.update(tensor.numpy().data)
    return content.hexdigest()


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise CheckpointError(f"a checkpoint is one file; {path} is a directory: name the file that `--out` wrote")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _error(path, f"it must have at most {LARGEST_FILE // 2**20} MB", f"it has {size // 2**20} MB")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}: make one with `policy train --out {path}`") from error
    except OSError as error:
        raise CheckpointError(f"can't read the checkpoint {path}: {error.strerror}: check its permissions") from error


def _header(path: Path, content: bytes) -> dict[str, Any]:
    """Our JSON, from the safetensors header: 8 bytes of its length, then that much JSON."""
    length = int.from_bytes(content[:8], "little")
    try:
        outer = json.loads(content[8 : 8 + length]) if len(content) >= 8 + length else None
        inner = outer["__metadata__"][FORMAT] if isinstance(outer, dict) else None
        header = json.loads(inner) if isinstance(inner, str) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _error(
            path, "it must be a safetensors file that `policy train` wrote", "it is another kind, or cut short"
        )
    version = header.get("format_version")
    if version != FORMAT_VERSION:
        raise _error(path, f"it must be of format {FORMAT_VERSION}", f"it is of {version!r}")
    return header


def _one_of(path: Path, what: str, name: object, known: Mapping[str, object]) -> str:
    if not isinstance(name, str) or name not in known:
        raise _error(path, f"its {what} must be one of {', '.join(known)}", f"got {name!r}")
    return name


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _vision(path: Path, fields: object) -> Vision:
    try:
        if not isinstance(fields, dict):
            raise TypeError(f"got {fields!r}")
        return Vision(**fields)
    except (TypeError, ValueError) as error:
        raise _error(path, "its header must say how it sees", str(error)) from error


def _weights(path: Path, content: bytes) -> dict[str, Tensor]:
    try:
        return load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise _error(path, "its tensors must be whole", f"{error}") from error


def _check_weights(got: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    if got.keys() != expected.keys():
        odd = sorted(got.keys() ^ expected.keys())
        raise CheckpointError(f"tensors missing or unknown: {', '.join(odd[:5])}")
    for name, tensor in expected.items():
        if got[name].shape != tensor.shape or got[name].dtype != tensor.dtype:
            found, wanted = (f"{t.dtype} {tuple(t.shape)}" for t in (got[name], tensor))
            raise CheckpointError(f"{name} is {found}, not {wanted}")
        if not torch.isfinite(got[name]).all():
            raise CheckpointError(f"{name} holds numbers that are not finite")


def _error(path: Path, rule: str, got: str) -> CheckpointError:
    return CheckpointError(f"{path} can't be used as a checkpoint: {rule}; {got}: {REMEDY}")
