from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from policy.batches import batches
from policy.candidates import candidates
from policy.checkpoint import load_checkpoint
from policy.config import TrainConfig
from policy.metrics import Progress
from policy.resume import ResumeError
from policy.run_folder import RunFolder
from policy.train import Stopped, TrainingError, train
from tests.lessons import record_episode


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode: nothing is held out."""
    path = tmp_path_factory.mktemp("sessions") / "toy.zarr"
    record_episode(path)
    return path


@pytest.fixture(scope="module")
def stopped(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoint `policy` of a training that was interrupted."""
    folder = tmp_path_factory.mktemp("stopped")
    interrupted(session, folder / "policy")
    return folder


@pytest.fixture
def out(stopped: Path, tmp_path: Path) -> Path:
    """The checkpoint of a copy of that training."""
    shutil.copytree(stopped, tmp_path / "copy")
    return tmp_path / "copy" / "policy"


def config(session: Path, out: Path, **changes: Any) -> TrainConfig:
    fields: dict[str, Any] = {"sessions": (session,), "out": out, "steps": 40, "batch_size": 4}
    return TrainConfig(**fields | changes)


def interrupting(step: int) -> Callable[[Progress], None]:
    """Presses Ctrl+C when told of `step`."""

    def watch(progress: Progress) -> None:
        if progress.step == step:
            signal.raise_signal(signal.SIGINT)

    return watch


def interrupted(session: Path, out: Path, **changes: Any) -> None:
    with pytest.raises(Stopped):
        train(config(session, out, **changes), interrupting(25))


def same_weights(one: Path, other: Path) -> bool:
    first, second = load_checkpoint(one).weights, load_checkpoint(other).weights
    return all(torch.equal(tensor, second[name]) for name, tensor in first.items())


@pytest.mark.parametrize(
    "changes", [{"loss": "bins", "shift": 0.5}, {"arch": "pilotnet", "native": True, "batch_size": 2, "steps": 30}]
)
def test_a_resumed_training_ends_with_the_same_weights_as_one_in_a_piece(
    session: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole = train(config(session, tmp_path / "whole", **changes))
    interrupted(session, tmp_path / "halved", **changes)
    assert not same_weights(tmp_path / "halved", tmp_path / "whole")
    halved = train(config(session, tmp_path / "halved", resume=True, **changes))
    assert same_weights(tmp_path / "halved", tmp_path / "whole")
    for one, other in zip(whole.candidates, halved.candidates, strict=True):
        assert same_weights(one, other)
    assert [report.loss for report in halved.progress] == [report.loss for report in whole.progress]


def test_a_crash_costs_what_was_learned_since_the_last_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy.keeper.STATE_EVERY", 15)

    def crash(progress: Progress) -> None:
        if progress.step == 25:
            raise RuntimeError("lights out")

    session = tmp_path / "toy.zarr"
    for seed in range(5):  # enough to hold one out
        record_episode(session, seed, rows=60)
    whole = train(config(session, tmp_path / "whole"))
    with pytest.raises(RuntimeError):
        train(config(session, tmp_path / "crashed"), crash)
    assert not (tmp_path / "crashed").exists()
    resumed = train(config(session, tmp_path / "crashed", resume=True))
    assert same_weights(tmp_path / "crashed", tmp_path / "whole")
    assert [report.step for report in resumed.progress] == [25, 40]
    assert resumed.progress[-1].validation_loss == whole.progress[-1].validation_loss


def test_a_whole_training_resumed_is_done_already(session: Path, tmp_path: Path) -> None:
    trained = train(config(session, tmp_path / "policy"))
    (tmp_path / "policy").unlink()
    resumed = train(config(session, tmp_path / "policy", resume=True))
    assert same_weights(tmp_path / "policy", trained.candidates[0])
    assert resumed.progress == trained.progress


def test_the_session_and_the_checkpoint_may_move_before_a_resume(session: Path, out: Path) -> None:
    elsewhere = out.parent / "toy.zarr"
    shutil.copytree(session, elsewhere)
    train(config(elsewhere, out, resume=True))
    assert load_checkpoint(out).metrics["step"] == 40


def test_without_a_state_there_is_nothing_to_resume(session: Path, tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match=r"--resume goes on with a training that was interrupted; there is no .*anew"):
        train(config(session, tmp_path / "policy", resume=True))


def test_a_new_training_is_not_mixed_up_with_the_state_of_an_old_one(session: Path, out: Path) -> None:
    with pytest.raises(TrainingError):
        train(config(session, out, learning_rate=1e30))
    with pytest.raises(ResumeError, match="there is no"):
        train(config(session, out, resume=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 32}, "--batch-size was 4, and is 32"),
        ({"steps": 100}, "--steps was 40, and is 100"),
        ({"arch": "pilotnet"}, "--arch was bc, and is pilotnet"),
        ({"seed": 1}, "--seed was 0, and is 1"),
    ],
)
def test_a_resume_with_other_options_is_refused(
    session: Path, out: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResumeError, match=f"{message}: ask for the same, or train anew, without --resume"):
        train(config(session, out, resume=True, **changes))


def test_a_resume_with_other_recordings_is_refused(session: Path, out: Path) -> None:
    longer = out.parent / "toy.zarr"
    shutil.copytree(session, longer)
    record_episode(longer, seed=1)
    with pytest.raises(ResumeError, match="they were 40 rows of 1 episodes, and are 80 rows of 2 episodes"):
        train(config(longer, out, resume=True))


@pytest.mark.parametrize("place", [0, 20, 3000, -3])
def test_a_damaged_state_is_a_clear_error(session: Path, out: Path, place: int) -> None:
    state = RunFolder.of(out).state
    content = bytearray(state.read_bytes())
    content[place] ^= 255
    state.write_bytes(content)
    with pytest.raises(ResumeError, match=r"must be as `policy train` wrote it; it is damaged: train anew"):
        train(config(session, out, resume=True))


def test_batches_drawn_otherwise_than_before_are_noticed(
    session: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wasteful(*arguments: Any) -> Any:
        for batch in batches(*arguments):
            arguments[3].random()
            yield batch

    monkeypatch.setattr("policy.train.batches", wasteful)
    with pytest.raises(ResumeError, match="must draw the same batches as before"):
        train(config(session, out, resume=True))


def test_the_candidates_of_few_steps_are_few(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert [path.name for path in candidates(folder, 1)] == ["step-1-average", "step-1-weights"]
    assert [path.name for path in candidates(folder, 2)] == ["step-2-average", "step-1-average", "step-2-weights"]
