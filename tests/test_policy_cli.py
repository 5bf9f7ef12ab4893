from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from policy import cli
from policy.checkpoint import load_checkpoint
from policy.learner import Learner
from tests.lessons import mark, record_episode


@pytest.fixture
def session(tmp_path: Path) -> Path:
    record_episode(tmp_path / "toy.zarr", rows=60)
    return tmp_path / "toy.zarr"


def policy(*arguments: str | Path) -> int:
    return cli.run([str(argument) for argument in arguments])


def test_train_writes_a_checkpoint_at_exactly_out(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "for me"
    typed = session.with_suffix("")
    assert (
        policy("train", "--arch", "bc", "--out", out, "--steps", "3", "--seed", "1", "--select-tracks", "0", typed) == 0
    )
    assert sorted(file.name for file in out.parent.iterdir()) == ["for me", "for me.run"]
    assert Learner.load(out).name == "for me"
    told = capsys.readouterr().err
    assert "learning from 10 rows of 1 episode" in told
    assert "teleop evaluate" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "train"),
        (["learn"], "learn"),
        (["train", "toy.zarr"], "--out"),
        (["train", "--out", "trained"], "SESSION"),
        (["train", "--out", "trained", "--steps", "none", "toy.zarr"], "--steps"),
        (["train", "--out", "trained", "--steps", "0", "toy.zarr"], "--steps is at least 1; got 0"),
        (["train", "--out", "trained", "--learning-rate", "nan", "toy.zarr"], "--learning-rate is a positive number"),
        (["train", "--out", "trained", "--weight-decay", "-1", "toy.zarr"], "--weight-decay is a number from 0 up"),
        (["train", "--out", "trained", "--seed", "-1", "toy.zarr"], "--seed is from 0 to"),
        (["train", "--out", "trained", "--loss", "l7", "toy.zarr"], "--loss"),
        (["train", "--out", ".", "toy.zarr"], "is a directory"),
        (["train", "--out", "trained", "--select-tracks", "101", "toy.zarr"], "--select-tracks is from 0 to 100; got"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        policy(*arguments)
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert told in " ".join(printed.replace("│", " ").split())
    assert "Traceback" not in printed


def test_a_missing_session_exits_with_1_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy("train", "--out", tmp_path / "policy", tmp_path / "nowhere") == 1
    assert "nowhere" in capsys.readouterr().err


def test_a_held_out_track_exits_with_1_and_says_the_rule(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(session / "episodes" / "000000", seed=900_017)
    assert policy("train", "--out", tmp_path / "policy", session) == 1
    assert "tracks from seed 900000 on are for validation and evaluation" in capsys.readouterr().err


def test_a_place_that_can_not_be_written_exits_with_1(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert policy("train", "--out", tmp_path / "file" / "policy", "--steps", "1", "--select-tracks", "0", session) == 1
    assert "error: --out is a file that can be written" in capsys.readouterr().err


def test_ctrl_c_exits_with_130_and_says_where_the_policy_is(session: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy"
    words = ["train", "--out", str(out), "--steps", "1000000", str(session)]
    metrics = tmp_path / "policy.run" / "metrics.jsonl"
    with subprocess.Popen([sys.executable, "-m", "policy", *words], stderr=subprocess.PIPE, text=True) as training:
        while training.poll() is None and not (metrics.exists() and metrics.stat().st_size):
            time.sleep(0.05)
        training.send_signal(signal.SIGINT)
        told = training.communicate(timeout=60)[1]
    assert training.returncode == 130
    assert f"of 1000000; {out} holds the policy so far, and the same command with --resume goes on" in told
    assert "Traceback" not in told
    Learner.load(out)


def test_ctrl_c_before_the_first_step_exits_with_130_and_says_that_nothing_was_written(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("policy.train.load_lessons", press_ctrl_c)
    assert policy("train", "--out", tmp_path / "policy", session) == 130
    assert "no checkpoint was written" in capsys.readouterr().err
    assert not (tmp_path / "policy").exists()


def scored_by_step(_: int) -> Callable[[Path], float]:
    """In place of driving: the earlier, the better."""
    return lambda candidate: -load_checkpoint(candidate).metrics["step"]


def test_train_chooses_among_its_candidates_and_tells_what_that_cost(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.selection.Driving", scored_by_step)
    assert policy("train", "--out", tmp_path / "policy", "--steps", "5", session) == 0
    told = capsys.readouterr().err
    assert "choosing among 4 candidates by their mean score on validation tracks: 10 each" in told
    assert "candidate step-4-average: -4.0" in told
    assert "chosen: step-3-average; choosing took" in told
    assert load_checkpoint(tmp_path / "policy").metrics["step"] == 3


def test_where_the_simulator_is_missing_it_is_told_before_training(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.selection.SIMULATOR", ("gymnasium", "no_such_package"))
    assert policy("train", "--out", tmp_path / "policy", session) == 1
    assert "there is no no_such_package: install teleop with its dependencies, or" in capsys.readouterr().err
    assert not (tmp_path / "policy.run").exists()


def test_training_loads_no_pygame_and_no_gymnasium(session: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from policy.cli import run;"
        "words = ['train', '--steps', '1', '--select-tracks', '0', '--out'];"
        f"code = run([*words, {str(tmp_path / 'policy')!r}, {str(session)!r}]);"
        "print(code, [name for name in ('pygame', 'gymnasium') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"


def test_it_is_a_module_with_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "policy", "train", "--help"], capture_output=True, text=True, check=True
    )
    assert "--steps" in done.stdout
    assert "SESSION" in done.stdout.upper()
