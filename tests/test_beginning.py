"""`policy train --start-from`: a training that goes on from another's weights."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from policy import cli
from policy.checkpoint import load_checkpoint
from policy.config import TrainConfig
from policy.metrics import Progress
from policy.train import Stopped, train
from teleop.errors import UsageError
from tests.lessons import record_episode


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sessions") / "toy.zarr"
    record_episode(path)
    return path


@pytest.fixture(scope="module")
def parent(session: Path) -> Path:
    """Learned for a while."""
    out = session.with_name("parent.safetensors")
    train(config(session, out, seed=7))
    return out


def config(session: Path, out: Path, **changes: Any) -> TrainConfig:
    fields: dict[str, Any] = {"sessions": (session,), "out": out, "steps": 40, "batch_size": 4}
    return TrainConfig(**fields | changes)


def weights(checkpoint: Path) -> torch.Tensor:
    return torch.cat([tensor.flatten() for _, tensor in sorted(load_checkpoint(checkpoint).weights.items())])


def test_it_begins_with_the_weights_of_the_checkpoint_and_learns_on(
    session: Path, parent: Path, tmp_path: Path
) -> None:
    hardly = config(session, tmp_path / "hardly", steps=1, learning_rate=1e-9, start_from=parent)
    train(hardly)
    torch.testing.assert_close(weights(hardly.out), weights(parent), atol=1e-6, rtol=0)
    further = config(session, tmp_path / "further", start_from=parent)
    train(further)
    assert (weights(further.out) - weights(parent)).abs().max() > 0.001
    assert load_checkpoint(further.out).config["start_from"] == "parent.safetensors"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"arch": "pilotnet"}, "the architecture is bc, asked for is pilotnet"),
        ({"loss": "bins"}, "the loss is mse, asked for is bins"),
        ({"speed": False}, "the view's speed is True, asked for is False"),
        ({"native": True}, "the view's width is 48, asked for is 96"),
    ],
)
def test_another_kind_of_policy_is_nothing_to_begin_with(
    options: dict[str, Any], told: str, session: Path, parent: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"{told}: ask for the same, or train from scratch"):
        train(config(session, tmp_path / "policy", start_from=parent, **options))
    assert not (tmp_path / "policy").exists()


def test_a_file_that_is_no_checkpoint_is_told(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(session), "--out", str(tmp_path / "policy"), "--start-from", str(tmp_path / "nothing")]
    assert cli.run([*words, "--select-tracks", "0"]) == 1
    assert "there is no checkpoint" in capsys.readouterr().err


def test_interrupted_it_resumes_to_the_same_weights_without_what_it_began_with(
    session: Path, parent: Path, tmp_path: Path
) -> None:
    begun_with = tmp_path / "parent.safetensors"
    begun_with.write_bytes(parent.read_bytes())
    whole, halved = (config(session, tmp_path / name, start_from=begun_with) for name in ("whole", "halved"))
    train(whole)

    def interrupt(progress: Progress) -> None:
        if progress.step == 25:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped):
        train(halved, interrupt)
    begun_with.unlink()
    train(config(session, tmp_path / "halved", start_from=begun_with, resume=True))
    assert torch.equal(weights(whole.out), weights(halved.out))
