"""The commands that look at a policy: evaluate, inspect, saliency."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy import cli
from policy.checkpoint import load_checkpoint, save_checkpoint
from tests.lessons import constant_checkpoint, record_episode


@pytest.fixture
def session(tmp_path: Path) -> Path:
    record_episode(tmp_path / "toy.zarr", rows=60)
    return tmp_path / "toy.zarr"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint(constant_checkpoint(), tmp_path / "policy")
    return tmp_path / "policy"


def policy(*arguments: str | Path) -> int:
    return cli.run([str(argument) for argument in arguments])


def test_evaluate_prints_tables_and_writes_every_figure(
    checkpoint: Path, session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("evaluate", checkpoint, session.with_suffix(""), "--json", tmp_path / "figures.json") == 0
    told = capsys.readouterr().out
    for heading in ("mean absolute error", "copycat test", "worst first"):
        assert heading in told
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["total"]["rows"] == 10
    assert figures["by_seen"].keys() == {"new"}
    assert [one["action"] for one in figures["changes"]] == ["steering", "gas", "brake"]
    assert "Rows it learned from" not in told


def test_evaluate_says_that_rows_were_learned_from(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("train", "--out", tmp_path / "trained", "--steps", "1", "--select-tracks", "0", session) == 0
    assert policy("evaluate", tmp_path / "trained", session) == 0
    told = capsys.readouterr().out
    assert "learned from" in told
    assert "Rows it learned from say little about any others" in told


def test_neither_figures_nor_pictures_are_written_into_a_session(
    checkpoint: Path, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (session / "zarr.json").read_bytes()
    assert policy("evaluate", checkpoint, session, "--json", session / "zarr.json") == 2
    assert policy("saliency", checkpoint, session, "--out", session / "looks") == 2
    assert capsys.readouterr().err.count("toy.zarr holds what was recorded: choose") == 2
    assert (session / "zarr.json").read_bytes() == before
    assert not (session / "looks").exists()


def test_inspect_shows_everything(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy("inspect", checkpoint) == 0
    told = capsys.readouterr().out
    joined = "".join(told.split())
    assert load_checkpoint(checkpoint).sha256 in joined
    for part in ("163,843", "convolution3x3,stride2,16to32", "toy.zarr000000", "demos", "width"):
        assert part in joined


def test_inspect_of_what_is_no_checkpoint_says_what_it_should_be(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "short").write_bytes(checkpoint.read_bytes()[:500])
    assert policy("inspect", tmp_path / "short") == 1
    assert "error: " in (told := capsys.readouterr().err)
    assert "can't be used as a checkpoint" in told
    assert policy("inspect", tmp_path / "nowhere") == 1
    assert "there is no checkpoint" in capsys.readouterr().err


def test_saliency_writes_a_sheet_and_an_animation(checkpoint: Path, session: Path, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    assert policy("saliency", checkpoint, session, "--out", out, "--frames", "50", "55") == 0
    assert (out / "saliency.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "saliency.gif").read_bytes().startswith(b"GIF89a")


def test_saliency_of_an_episode_that_is_not_there_exits_with_1(
    checkpoint: Path, session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy("saliency", checkpoint, session, "--out", tmp_path / "pictures", "--episode", "3") == 1
    assert "there must be an episode to look at" in capsys.readouterr().err
    assert not (tmp_path / "pictures").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "policy"], "SESSION"),
        (["evaluate", "policy", "toy", "--labels", "all"], "--labels is demos, corrections, labelled or layer:NAME"),
        (["saliency", "policy", "toy"], "--out"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        policy(*arguments)
    assert caught.value.code == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())
