"""`teleop shift`, as a user types it: on two tracks, with a policy that soon drives off the playfield."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.checkpoint import save_checkpoint
from teleop.cli import run
from teleop.drivers.autopilot import Autopilot
from teleop.errors import UserError
from teleop.frame import Source
from teleop.session import open_session
from teleop.shift.demonstrations import Answer, Recorded, recorded_in
from teleop.shift.rollouts import RollOut
from tests.lessons import constant_checkpoint, mark, record_episode

SAMPLE = Path(__file__).parents[1] / "sessions" / "sample.zarr"


def straight_on(path: Path, trained_on: str = "") -> Path:
    """A checkpoint that hardly steers, and says that it learned from the episode of this digest."""
    checkpoint = constant_checkpoint(np.array([0.02, 0.5, 0.0], np.float32))
    save_checkpoint(replace(checkpoint, episodes=({"digest": trained_on, "held_out": False},)), path)
    return path


def recorded() -> Recorded:
    (one,) = recorded_in(SAMPLE)
    assert isinstance(one, Recorded)
    return one


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command left behind."""
    folder = tmp_path_factory.mktemp("shift")
    policy = straight_on(folder / "straight.safetensors")
    words = ["shift", str(policy), "--sessions", str(SAMPLE), "--tracks", "2", "--workers", "1"]
    assert run([*words, "--out", str(folder / "out")]) == 0
    return folder / "out"


def test_every_number_is_in_the_json_with_the_command_that_made_it(out: Path) -> None:
    told: dict[str, Any] = json.loads((out / "shift.json").read_text())
    assert told["command"].startswith("teleop shift ")
    assert told["seeds"] == {"first": 1_000_000, "last": 1_000_001}
    (policy,) = told["policies"]
    assert policy["name"] == "straight"
    assert policy["survival"]["departed"] == 2
    assert policy["evaluation"]["mean"] < 100
    assert policy["disagreement"]["steering"]["factor"] > 0
    assert 0 < policy["coverage"]["distance"] <= 1
    assert {departure["seed"] for departure in policy["departures"]} == {1_000_000, 1_000_001}


def test_the_worst_moments_are_recorded_on_diagnosis_tracks_where_all_wheels_are_off(out: Path) -> None:
    told = json.loads((out / "shift.json").read_text())
    episodes = {episode.name: episode for episode in open_session(out / "rollouts.zarr").episodes}
    assert [moment["departure"]["seed"] for moment in told["moments"]] == [800_000, 800_001]
    for moment in told["moments"]:
        episode = episodes[moment["episode"]]
        assert (episode.attrs["mode"], episode.attrs["seed"]) == ("rollout", moment["departure"]["seed"])
        assert episode.attrs["learner"]["name"] == "straight.safetensors"
        assert episode.wheels_on_road[moment["frame"]] == 0 < episode.wheels_on_road[moment["frame"] - 1]
        assert (episode.driver == Source.LEARNER).all()


def test_the_page_is_left_beside_its_numbers(out: Path) -> None:
    assert (out / "index.html").stat().st_size > 1000


def test_the_autopilot_agrees_with_itself_in_recorded_states() -> None:
    answered = Answer("autopilot", recorded())(Autopilot())
    episode = open_session(SAMPLE).episodes[0]
    np.testing.assert_array_equal(answered.learner_action, answered.referee_action)
    np.testing.assert_array_equal(answered.referee_action, episode.autopilot_action)
    assert np.abs(answered.lateral).max() < 6
    assert not answered.departed.any()
    assert answered.features is None


def test_a_rollout_holds_what_stood_before_each_action() -> None:
    driven = RollOut("autopilot", 1_000_003)(Autopilot())
    assert driven.frames == driven.track.steps
    assert driven.step.tolist() == list(range(driven.frames))
    assert driven.speed[0] < 1 < driven.speed[50]
    assert not driven.departed.any()


def test_what_was_taken_back_or_discarded_is_no_demonstration(tmp_path: Path) -> None:
    copy = tmp_path / "copy.zarr"
    shutil.copytree(SAMPLE, copy)
    mark(copy / "episodes" / "000000", excluded=[[0, 240]])
    (one,) = recorded_in(copy)
    assert isinstance(one, Recorded)
    assert Answer("autopilot", one)(Autopilot()).step.tolist() == list(range(240, 250))
    mark(copy / "episodes" / "000000", discarded=True)
    assert list(recorded_in(copy)) == []


def test_the_way_to_what_was_retaken_is_no_demonstration(tmp_path: Path) -> None:
    copy = tmp_path / "copy.zarr"
    shutil.copytree(SAMPLE, copy)
    mark(copy / "episodes" / "000000", mode="retake", parent={"session": "0", "episode": "000003", "step": 240})
    (one,) = recorded_in(copy)
    assert isinstance(one, Recorded)
    assert Answer("autopilot", one)(Autopilot()).step.tolist() == list(range(240, 250))


def test_an_episode_of_another_track_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "copy.zarr"
    shutil.copytree(SAMPLE, copy)
    mark(copy / "episodes" / "000000", seed=5)
    with pytest.raises(UserError, match="began elsewhere"):
        Answer("autopilot", replace(recorded(), session=copy))(Autopilot())


def test_a_session_of_another_world_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_episode(tmp_path / "toy.zarr", rows=60)
    words = ["shift", "autopilot", "--sessions", str(tmp_path / "toy.zarr"), "--out", str(tmp_path / "out")]
    assert run(words) == 1
    assert "leave this session out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["autopilot", "autopilot", "--sessions", str(SAMPLE)], "given once"),
        (["autopilot", "--sessions", str(SAMPLE), "--tracks", "0"], "at least 1"),
        (["--sessions", str(SAMPLE)], "0 policies"),
    ],
)
def test_wrong_usage_is_told_before_any_driving(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shift", *words, "--out", str(tmp_path / "out")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
