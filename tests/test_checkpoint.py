from __future__ import annotations

import json
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from policy.checkpoint import DIGEST, FORMAT, Checkpoint, CheckpointError, digest, load_checkpoint, save_checkpoint
from policy.vision import Vision
from tests.lessons import constant_checkpoint


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    save_checkpoint(constant_checkpoint(), path)
    return path


def rewritten(path: Path, header: dict[str, Any] | None = None, weights: dict[str, Any] | None = None) -> Path:
    """The checkpoint with parts of its header and weights replaced."""
    changed = header_of(path) | (header or {})
    save_file(load_file(path) | (weights or {}), path, metadata={FORMAT: json.dumps(changed)})
    return path


def header_of(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(json.loads(file.read(length))["__metadata__"][FORMAT])
    return header


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    checkpoint = constant_checkpoint(np.array([0.5, 1, 0], np.float32), Vision(width=60, height=40))
    save_checkpoint(checkpoint, tmp_path / "policy")
    loaded = load_checkpoint(tmp_path / "policy")
    assert (loaded.arch, loaded.vision, loaded.labels) == ("bc", Vision(width=60, height=40), "demos")
    assert loaded.episodes == checkpoint.episodes
    for name, tensor in checkpoint.weights.items():
        torch.testing.assert_close(loaded.weights[name], tensor, rtol=0, atol=0)


def test_the_first_checkpoints_which_hold_less_keep_loading(tmp_path: Path) -> None:
    path = saved(tmp_path)
    header, weights = header_of(path), load_checkpoint(path).weights
    del header["loss"], header[DIGEST]
    header["vision"] = {"width": 48, "height": 42}
    save_file(dict(weights), path, metadata={FORMAT: json.dumps(header | {DIGEST: digest(header, weights)})})
    loaded = load_checkpoint(path)
    assert (loaded.loss, loaded.vision) == ("mse", Vision(48, 42, "RGB", rows=84, speed=True))


def test_it_is_one_file_at_exactly_the_path_given(tmp_path: Path) -> None:
    saved(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["policy"]


def test_any_safetensors_library_reads_the_weights(tmp_path: Path) -> None:
    assert load_file(saved(tmp_path)).keys() == constant_checkpoint().weights.keys()


def test_the_same_policy_is_the_same_bytes(tmp_path: Path) -> None:
    first = saved(tmp_path).read_bytes()
    assert saved(tmp_path).read_bytes() == first


def test_a_reader_never_sees_half_a_checkpoint(tmp_path: Path) -> None:
    path = saved(tmp_path)
    checkpoint = constant_checkpoint()
    stop = threading.Event()

    def write_again_and_again() -> None:
        while not stop.is_set():
            save_checkpoint(checkpoint, path)

    writer = threading.Thread(target=write_again_and_again)
    writer.start()
    try:
        for _ in range(20):
            load_checkpoint(path)
    finally:
        stop.set()
        writer.join()


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    (tmp_path / ".policy.partial").mkdir()  # where the new one would be written first
    with pytest.raises(OSError, match="partial"):
        save_checkpoint(constant_checkpoint(np.ones(3, np.float32)), path)
    assert path.read_bytes() == before


def test_a_missing_checkpoint_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*make one with `policy train --out"):
        load_checkpoint(tmp_path / "nowhere")


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="a checkpoint is one file"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 2000, -1])
def test_a_truncated_checkpoint_is_an_error(tmp_path: Path, kept: int) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"can't be used as a checkpoint.*train it again"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am a text file of some length",
        b"\xff" * 64,
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
        (40).to_bytes(8, "little") + b'{"__metadata__":{"teleop-policy":"[1]"}}',
    ],
)
def test_garbage_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "policy"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is another kind, or cut short"):
        load_checkpoint(path)


class Bomb:
    """What a pickle from a stranger may hold."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a checkpoint was unpickled",))


def test_a_pickle_is_an_error_and_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "policy"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError, match="is another kind"):
        load_checkpoint(path)
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="is another kind"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format_version": 2}, "it must be of format 1; it is of 2"),
        ({"arch": "transformer"}, "its architecture must be one of bc, pilotnet; got 'transformer'"),
        ({"arch": ["bc"]}, r"its architecture must be one of bc, pilotnet; got \['bc'\]"),
        ({"loss": "l7"}, "its loss must be one of mse, smooth_l1, bins; got 'l7'"),
        ({"loss": "bins"}, "its weights must fit its architecture; steering.head.2.weight is"),
        ({"arch": "pilotnet"}, "its weights must fit its architecture; a view of 42x48 is too small"),
        ({"vision": None}, "its header must say how it sees"),
        ({"vision": {"width": 48, "height": 42, "zoom": 2}}, "zoom"),
        ({"vision": {"width": 10**9, "height": 10**9}}, "a whole number from 24 to 256; got 1000000000"),
        ({"vision": {"colour": "BGR"}}, "a view's colour is RGB or YUV; got 'BGR'"),
        ({"vision": {"colour": ["RGB"]}}, "a view's colour is RGB or YUV"),
        ({"vision": {"rows": 85}}, "a view's rows are 84 or 96; got 85"),
        ({"vision": {"rows": 84.0}}, "a view's rows are 84 or 96; got 84.0"),
        ({"vision": {"speed": 1}}, "a view's speed is true or false; got 1"),
        ({"vision": {"width": 96, "height": 84}}, "its weights must fit its architecture; steering.head.0.weight is"),
        ({"labels": 3}, "label rule and the episodes"),
        ({"episodes": None}, "label rule and the episodes"),
        ({"episodes": ["000000"]}, "label rule and the episodes"),
        ({"metrics": 1}, "the configuration and the metrics"),
    ],
)
def test_a_header_that_lies_is_an_error(tmp_path: Path, header: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(rewritten(saved(tmp_path), header))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"extra": torch.zeros(3)}, "tensors missing or unknown: extra"),
        (
            {"pedals.head.2.bias": torch.zeros(3)},
            r"pedals.head.2.bias is torch.float32 \(3,\), not torch.float32 \(2,\)",
        ),
        ({"pedals.head.2.bias": torch.zeros(2, dtype=torch.float64)}, "torch.float64"),
        ({"pedals.head.2.bias": torch.full((2,), torch.nan)}, "pedals.head.2.bias holds numbers that are not finite"),
    ],
)
def test_weights_that_do_not_fit_are_an_error(tmp_path: Path, weights: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(rewritten(saved(tmp_path), weights=weights))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "policy"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(CheckpointError, match="at most 256 MB"):
        load_checkpoint(path)


def test_a_damaged_weight_is_an_error(tmp_path: Path) -> None:
    path = saved(tmp_path)
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"as it was written; its checksum differs.*train it again"):
        load_checkpoint(path)


def test_a_header_that_was_edited_to_another_valid_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="its checksum differs"):
        load_checkpoint(rewritten(saved(tmp_path), {"vision": {"width": 49, "height": 42}}))


def test_any_damaged_byte_is_either_harmless_or_a_clear_error(tmp_path: Path) -> None:
    path, rng = saved(tmp_path), np.random.default_rng(0)
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    original = load_checkpoint(path)
    for size in [header, len(whole)] * 75:  # every other time in the header, which is small
        damaged = bytearray(whole)
        for place in rng.integers(0, size, rng.integers(1, 4)):
            damaged[place] ^= rng.integers(1, 256)
        path.write_bytes(damaged)
        try:
            assert same_policy(load_checkpoint(path), original)
        except CheckpointError:
            continue


def same_policy(one: Checkpoint, other: Checkpoint) -> bool:
    same_weights = all(torch.equal(one.weights[name], tensor) for name, tensor in other.weights.items())
    return same_weights and {**vars(one), "weights": 0, "sha256": 0} == {**vars(other), "weights": 0, "sha256": 0}
