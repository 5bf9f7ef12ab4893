"""The commands, as a user types them: exit codes, and errors without a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from teleop.cli import run
from teleop.writer import SessionWriter
from tests.fakes import TOY_ENV


def exit_code(*words: str) -> int:
    """What a shell would see; a parser's own refusal included."""
    try:
        return run(words)
    except SystemExit as stop:
        return int(stop.code or 0)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--help") == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("record", "evaluate", "demo", "info", "verify"))


@pytest.mark.parametrize("words", [("fly",), ("evaluate",), ("record",), ("evaluate", "autopilot", "--tracks", "many")])
def test_wrong_usage_exits_with_2(words: tuple[str, ...]) -> None:
    assert exit_code(*words) == 2


def test_an_evaluation_of_no_tracks_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("evaluate", "autopilot", "--tracks", "0") == 2
    assert "at least 1" in capsys.readouterr().err


def test_a_policy_that_is_not_there_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("evaluate", str(tmp_path / "missing.safetensors"), "--tracks", "1") == 1
    error = capsys.readouterr().err
    assert "missing.safetensors" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("command", ["info", "verify"])
def test_a_session_that_is_not_there_is_a_clear_error(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(command, str(tmp_path / "nothing")) == 1
    error = capsys.readouterr().err
    assert "nothing.zarr" in error
    assert "teleop record" in error


def test_a_session_without_episodes_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SessionWriter(tmp_path / "empty", TOY_ENV):
        pass
    assert run(["info", str(tmp_path / "empty")]) == 0
    assert "no episodes yet" in capsys.readouterr().out


def test_a_name_the_system_does_not_take_is_told_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["record", str(tmp_path / ("x" * 300)), "--expert", "autopilot", "--headless"]) == 1
    assert "choose another place" in capsys.readouterr().err


def test_an_evaluation_is_written_as_json_and_as_a_picture(tmp_path: Path) -> None:
    figures, picture = tmp_path / "scores.json", tmp_path / "scores.svg"
    words = ("evaluate", "autopilot", "--tracks", "1", "--first-seed", "900000", "--workers", "1")
    assert exit_code(*words, "--json", str(figures), "--picture", str(picture)) == 0
    told = json.loads(figures.read_text())
    assert {"mean", "low", "high", "median", "min", "share_900", "tracks"} <= set(told)
    assert told["tracks"][0]["seed"] == 900_000
    assert picture.read_text().startswith("<svg")


def test_figures_and_picture_are_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "scores")
    assert exit_code("evaluate", "autopilot", "--json", file, "--picture", file) == 2
    assert "two files" in capsys.readouterr().err


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A copy of the sample."""
    shutil.copytree(Path(__file__).parents[1] / "sessions" / "sample.zarr", tmp_path / "sample.zarr")
    return tmp_path / "sample.zarr"


def test_a_session_of_a_world_that_is_not_known_is_not_checkable_here(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = json.loads((session / "zarr.json").read_text())
    root["attributes"]["env"]["kwargs"] = {"bogus": 1}
    (session / "zarr.json").write_text(json.dumps(root))
    assert exit_code("verify", str(session)) == 0
    assert "not checkable here" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--json", "--picture"])
def test_a_folder_in_a_files_place_is_told_before_any_driving(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("evaluate", "autopilot", option, str(tmp_path)) == 2
    assert "it is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "autopilot", "--json"),
        ("evaluate", "autopilot", "--picture"),
        ("bank", "sample.zarr", "--learner", "mine.safetensors", "--json"),
    ],
)
@pytest.mark.parametrize("place", ["zarr.json", "episodes/000000/mine.json"])
def test_nothing_is_written_over_what_was_recorded(
    words: tuple[str, ...], place: str, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (session / "zarr.json").read_bytes()
    assert exit_code(*words, str(session / place)) == 2
    assert "sample.zarr holds what was recorded: choose a place outside of it" in capsys.readouterr().err
    assert (session / "zarr.json").read_bytes() == before


def test_no_result_takes_the_place_of_what_it_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learner = tmp_path / "mine.safetensors"
    learner.write_text("weights")
    assert exit_code("evaluate", str(learner), "--json", str(learner)) == 2
    assert exit_code("bank", str(tmp_path), "--learner", str(learner), "--json", str(learner)) == 2
    assert capsys.readouterr().err.count("it is what the result is about: choose another name") == 2
    assert learner.read_text() == "weights"


@pytest.mark.parametrize(
    "words", [("demo",), ("budget",), ("shift", "autopilot", "--sessions", "sample.zarr")], ids=lambda words: words[0]
)
@pytest.mark.parametrize("place", [".", "episodes/mine"])
def test_no_folder_of_results_is_a_sessions_or_within_one(
    words: tuple[str, ...], place: str, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*words, "--out", str(session / place)) == 2
    assert "sample.zarr holds what was recorded: choose another --out" in capsys.readouterr().err
    assert not (session / "episodes" / "mine").exists()


def test_the_demo_does_not_take_a_file_for_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    assert exit_code("demo", "--out", str(file)) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_a_file_that_cannot_be_written_is_told_before_any_driving(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("evaluate", "autopilot", "--tracks", "1", "--json", str(tmp_path / "no" / "scores.json")) == 2
    assert "no folder" in capsys.readouterr().err
