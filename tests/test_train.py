from __future__ import annotations

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from policy.checkpoint import load_checkpoint
from policy.config import TrainConfig
from policy.dataset import DatasetError
from policy.heads import Regression, mse
from policy.learner import Learner
from policy.metrics import Progress
from policy.models import vision_of
from policy.train import Stopped, TrainingError, one_cycle, train
from teleop.session import open_session
from tests.lessons import expert_action, mark, record_episode, road_picture


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sessions") / "toy.zarr"
    for seed in range(10):
        record_episode(path, seed=seed)
    return path


def config(session: Path, out: Path, **changes: Any) -> TrainConfig:
    fields: dict[str, Any] = {"sessions": (session,), "out": out, "steps": 30, "batch_size": 32}
    return TrainConfig(**fields | changes)


def test_the_learning_rate_rises_once_and_falls_to_zero() -> None:
    rates = [one_cycle(done) for done in np.linspace(0, 1, 101)]
    peak = int(np.argmax(rates))
    assert rates[0] == 0
    assert rates[peak] == 1
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert rates == sorted(rates[: peak + 1]) + sorted(rates[peak + 1 :], reverse=True)


def test_a_policy_learns_to_do_what_the_expert_did(session: Path, tmp_path: Path) -> None:
    train(config(session, tmp_path / "policy", steps=150, learning_rate=3e-3))
    learner = Learner.load(tmp_path / "policy")
    for bend in (-0.7, -0.2, 0.1, 0.6):
        action = learner.act(road_picture(bend, noise=1000))
        np.testing.assert_allclose(action, expert_action(bend), atol=0.15)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(session: Path, tmp_path: Path) -> None:
    weights = {}
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        train(config(session, tmp_path / name, seed=seed, steps=8))
        weights[name] = load_checkpoint(tmp_path / name).weights
    for name, tensor in weights["first"].items():
        assert torch.equal(tensor, weights["again"][name])
    assert any(not torch.equal(tensor, weights["other"][name]) for name, tensor in weights["first"].items())


def test_the_checkpoint_says_what_it_was_made_from(session: Path, tmp_path: Path) -> None:
    train(config(session, tmp_path / "policy", seed=7))
    checkpoint = load_checkpoint(tmp_path / "policy")
    assert checkpoint.labels == "labelled"
    assert [episode["digest"] for episode in checkpoint.episodes] == [
        episode.digest() for episode in open_session(session).episodes
    ]
    assert sum(episode["held_out"] for episode in checkpoint.episodes) == 1
    assert checkpoint.config["seed"] == 7
    assert checkpoint.config["sessions"] == ["toy.zarr"]
    assert checkpoint.metrics["step"] == 30
    assert 0 < checkpoint.metrics["validation_loss"] < 2


def test_where_nothing_is_held_out_all_is_learned_from_and_no_loss_is_told(session: Path, tmp_path: Path) -> None:
    train(config(session, tmp_path / "policy", steps=2, hold_out=False))
    checkpoint = load_checkpoint(tmp_path / "policy")
    assert not any(episode["held_out"] for episode in checkpoint.episodes)
    assert checkpoint.metrics["validation_loss"] is None


def test_whoever_watches_hears_what_metrics_jsonl_keeps(session: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    trained = train(config(session, tmp_path / "policy", steps=60), seen.append)
    kept = [json.loads(line) for line in (tmp_path / "policy.run" / "metrics.jsonl").read_text().splitlines()]
    assert [progress.step for progress in seen] == [line["step"] for line in kept] == [25, 50, 60]
    assert [progress.loss for progress in seen] == [line["loss"] for line in kept]
    assert list(trained.progress) == seen
    assert seen[-1].loss < seen[0].loss
    assert seen[0].samples_per_s > 0
    assert seen[-1].left_s == 0
    assert trained.rows == 360


def test_with_few_episodes_all_are_learned_from_and_it_is_said(tmp_path: Path) -> None:
    record_episode(tmp_path / "one.zarr")
    said: list[str] = []
    trained = train(config(tmp_path / "one.zarr", tmp_path / "policy", steps=3), say=said.append)
    assert said == ["learning from 40 rows of 1 episode, none held out: no validation loss"]
    assert trained.progress[-1].validation_loss is None


def at_step(step: int, act: Callable[[], None]) -> Callable[[Progress], None]:
    def watch(progress: Progress) -> None:
        if progress.step == step:
            act()

    return watch


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_leaves_a_good_checkpoint(session: Path, tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=r"stopped at step 25 of 500.*the same command with --resume goes on"):
        train(config(session, tmp_path / "policy", steps=500), at_step(25, press_ctrl_c))
    assert load_checkpoint(tmp_path / "policy").metrics["step"] == 25
    Learner.load(tmp_path / "policy").act(road_picture(0.0))


def test_ctrl_c_within_a_step_waits_for_its_end(session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted_loss(policy: Tensor, expert: Tensor) -> Tensor:
        press_ctrl_c()
        return mse(policy, expert)

    monkeypatch.setattr("policy.train.HEADS", {"mse": Regression(interrupted_loss)})
    with pytest.raises(Stopped, match="stopped at step 1 of 30"):
        train(config(session, tmp_path / "policy"))
    assert load_checkpoint(tmp_path / "policy").metrics["step"] == 1


def test_after_training_ctrl_c_does_what_it_did_before(session: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    train(config(session, tmp_path / "policy", steps=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_training_beside_the_main_thread_needs_no_signals(session: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(train, config(session, tmp_path / "policy", steps=1)).result().rows == 360


def test_ctrl_c_before_the_first_step_leaves_what_was_there(session: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        train(config(session, tmp_path / "policy"), say=lambda _: press_ctrl_c())
    assert caught.type is KeyboardInterrupt
    assert not (tmp_path / "policy").exists()


def test_candidates_are_averages_of_three_moments_and_the_last_weights(session: Path, tmp_path: Path) -> None:
    trained = train(config(session, tmp_path / "policy", steps=40))
    names = [path.name for path in trained.candidates]
    assert names == ["step-40-average", "step-32-average", "step-24-average", "step-40-weights"]
    checkpoints = [load_checkpoint(path) for path in trained.candidates]
    assert [one.metrics["step"] for one in checkpoints] == [40, 32, 24, 40]
    bias = [one.weights["steering.head.2.bias"].item() for one in checkpoints]
    assert len(set(bias)) == 4
    assert load_checkpoint(tmp_path / "policy").weights["steering.head.2.bias"].item() == bias[0]


def test_a_new_training_takes_away_the_candidates_of_the_one_before(session: Path, tmp_path: Path) -> None:
    for steps in (20, 10):
        trained = train(config(session, tmp_path / "policy", steps=steps))
    assert set((tmp_path / "policy.run" / "candidates").iterdir()) == set(trained.candidates)
    assert len(list((tmp_path / "policy.run" / "tensorboard").iterdir())) == 1


@pytest.mark.parametrize("changes", [{"arch": "pilotnet"}, {"loss": "bins"}, {"dashboard": True}, {"speed": False}])
def test_a_checkpoint_sees_and_answers_as_it_was_trained(
    session: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    train(config(session, tmp_path / "policy", steps=2, batch_size=2, **changes))
    checkpoint = load_checkpoint(tmp_path / "policy")
    asked = config(session, tmp_path / "policy", **changes)
    assert checkpoint.vision == vision_of(asked.arch, native=False, dashboard=asked.dashboard, speed=asked.speed)
    assert (checkpoint.arch, checkpoint.loss) == (asked.arch, asked.loss)
    Learner.load(tmp_path / "policy").act(road_picture(0.0))


def test_a_loss_that_is_not_finite_stops_and_names_the_batch(session: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nan|inf") as caught:
        train(config(session, tmp_path / "policy", steps=200, learning_rate=1e30))
    assert "of episode 00000" in str(caught.value)
    assert "of toy.zarr: lower --learning-rate" in str(caught.value)
    assert not (tmp_path / "policy").exists()


def test_a_refused_session_writes_nothing(tmp_path: Path) -> None:
    mark(record_episode(tmp_path / "toy.zarr"), seed=1_000_000)
    with pytest.raises(DatasetError):
        train(config(tmp_path / "toy.zarr", tmp_path / "policy"))
    assert sorted(file.name for file in tmp_path.iterdir() if not file.name.startswith(".")) == ["toy.zarr"]


def beside(out: Path) -> str:
    """A file stands where the metrics' folder will be."""
    out.with_name("policy.run").touch()
    return "policy"


def in_the_way(out: Path) -> str:
    """A folder stands where the checkpoint is written first."""
    out.with_name(".policy.partial").mkdir()
    return "policy"


def under_a_file(out: Path) -> str:
    out.with_name("file").touch()
    return "file/policy"


def too_long(_: Path) -> str:
    """Its folder of metrics has the longest possible name."""
    return "x" * 251


@pytest.mark.parametrize("prepare", [beside, in_the_way, under_a_file, too_long])
def test_a_place_that_can_not_be_written_is_told_before_training(
    session: Path, tmp_path: Path, prepare: Callable[[Path], str]
) -> None:
    out = tmp_path / prepare(tmp_path / "policy")
    seen: list[Progress] = []
    with pytest.raises(TrainingError, match=r"--out is a file that can be written.*name another place"):
        train(config(session, out), seen.append)
    assert not seen


def test_a_folder_that_does_not_exist_is_made(session: Path, tmp_path: Path) -> None:
    train(config(session, tmp_path / "made" / "for" / "policy", steps=1))
    assert sorted(file.name for file in (tmp_path / "made" / "for").iterdir()) == ["policy", "policy.run"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "--steps is at least 1; got 0"),
        ({"batch_size": -1}, "--batch-size is at least 1; got -1"),
        ({"threads": 0}, "--threads is from 1 to .*, the cores of this machine; got 0"),
        ({"threads": 10_000}, "--threads is from 1 to .*, the cores of this machine; got 10000"),
        ({"seed": -1}, r"--seed is from 0 to 2\^63 - 1; got -1"),
        ({"learning_rate": 0.0}, "--learning-rate is a positive number; got 0.0"),
        ({"learning_rate": np.nan}, "--learning-rate is a positive number; got nan"),
        ({"weight_decay": -0.1}, "--weight-decay is a number from 0 up; got -0.1"),
        ({"average_decay": 2.0}, "--average-decay is from 0 to 1; got 2.0"),
        ({"sessions": ()}, "at least one SESSION"),
        ({"until_round": "mine=1"}, "--until-round is of one of the sessions; got mine"),
        ({"until_round": "toy=0"}, "--until-round is one of the sessions and a round from 1, SESSION=N; got toy=0"),
        ({"until_round": "toy"}, "SESSION=N; got toy"),
        ({"out": Path()}, "is a directory: add a file name"),
        ({"out": Path(__file__).parents[1] / "sessions/sample.zarr/mine"}, "holds what was recorded: choose a place"),
    ],
)
def test_a_configuration_that_can_not_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainConfig(**dict[str, Any](sessions=(Path("toy.zarr"),), out=Path("policy")) | changes)
