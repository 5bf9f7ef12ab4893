"""The main job, end to end, by the commands a user types: record, verify, train, evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import policy.cli
import teleop.cli
from teleop.session import open_session


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    words = ["record", str(folder / "laps"), "--expert", "autopilot", "--headless", "--fast", "--seed", "3"]
    assert teleop.cli.run(words) == 0
    return folder


def test_a_recorded_lap_verifies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert teleop.cli.run(["verify", str(folder / "laps")]) == 0
    (lap,) = open_session(folder / "laps").episodes
    assert f"{lap.committed} rows driven again" in capsys.readouterr().out.replace(",", "")


def test_info_tells_the_track_and_how_the_lap_ended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert teleop.cli.run(["info", str(folder / "laps")]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["000000"])
    assert line.split()[1:5] == ["3", "autopilot", "lap", "finished"]


def test_recording_again_appends_the_next_track(folder: Path) -> None:
    session = folder / "twice"
    words = ["record", str(session), "--expert", "autopilot", "--headless", "--fast"]
    assert teleop.cli.run(words) == 0
    assert teleop.cli.run(words) == 0
    assert [episode.attrs["seed"] for episode in open_session(session).episodes] == [0, 1]


def test_a_policy_trained_from_the_lap_is_evaluated_on_a_new_track(folder: Path) -> None:
    checkpoint, scores = folder / "policy.safetensors", folder / "scores.json"
    words = ["train", "--arch", "bc", "--out", str(checkpoint), "--steps", "30", "--seed", "1", "--select-tracks", "0"]
    assert policy.cli.run([*words, str(folder / "laps")]) == 0
    words = ["evaluate", str(checkpoint), "--tracks", "1", "--first-seed", "900000", "--json", str(scores)]
    assert teleop.cli.run(words) == 0
    assert json.loads(scores.read_text())["tracks"][0]["steps"] > 0


def test_the_sample_session_verifies() -> None:
    sample = Path(__file__).parents[1] / "sessions" / "sample"
    assert teleop.cli.run(["verify", str(sample)]) == 0
