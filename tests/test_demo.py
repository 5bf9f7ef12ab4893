"""The demo tells its story from start to page; here with a trainer that learns nothing, and one short round."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.demo import OnStep, Plan, Trained, tell_story
from teleop.devices.scripted import Scripted
from teleop.drivers.autopilot import Autopilot
from teleop.errors import UsageError
from teleop.frame import COAST, HZ, Action, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import run_episode
from teleop.session import open_session
from teleop.sinks.recorder import Recorder
from tests.fakes import TOY_ENV, ToyWorld

SHORT = Plan(laps=1, rounds=1, corrected=1, validated=1, tracks=1)


class Lapse(Autopilot):
    """The autopilot, but for a lapse of 1.6 seconds, in which it steers no more."""

    def act(self, tick: Tick) -> Action:
        action = super().act(tick)
        return action * (0, 1, 0) if 150 <= tick.step < 230 else action


@dataclass
class ForgetfulTrainer:
    """Reports a falling loss and hands back the autopilot: with its lapse, until it has seen corrections."""

    steps: int = 100
    loss: str = "mse"
    lessons: list[list[str]] = field(default_factory=list)
    """Names of the sessions of every training."""

    def train(self, sessions: Sequence[Path], checkpoint: Path, on_step: OnStep) -> Trained:
        self.lessons.append([session.name for session in sessions])
        for step in range(1, self.steps + 1):
            on_step(step, 1.0 / step)
        return Trained(Lapse if len(sessions) == 1 else Autopilot, {"name": checkpoint.name, "sha256": "0" * 64})


class ImpatientTrainer(ForgetfulTrainer):
    """Is interrupted before it learns anything: what is recorded by then is all there is of the story."""

    def train(self, sessions: Sequence[Path], checkpoint: Path, on_step: OnStep) -> Trained:
        raise KeyboardInterrupt


def recorded_again(out: Path) -> Path:
    """The laps, after a story that is told no further than to where they are there."""
    with pytest.raises(KeyboardInterrupt):
        tell_story(out, ImpatientTrainer(), 1, Console(file=io.StringIO()), SHORT)
    return out / "laps"


class Constant:
    """Coasts."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return COAST


@dataclass(frozen=True)
class Told:
    """A demo that was run."""

    out: Path
    page: str
    text: str
    trainer: ForgetfulTrainer


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    out = tmp_path_factory.mktemp("demo") / "made" / "here"
    text, trainer = io.StringIO(), ForgetfulTrainer()
    page = tell_story(out, trainer, workers=1, console=Console(file=text, width=120), plan=SHORT)
    return Told(out, page.read_text(encoding="utf-8"), text.getvalue(), trainer)


def test_the_second_policy_learns_from_the_lap_and_from_the_corrections(told: Told) -> None:
    assert told.trainer.lessons == [["laps.zarr"], ["laps.zarr", "corrections.zarr"]]


def test_the_corrections_are_a_round_of_takeovers_from_the_first_policy(told: Told) -> None:
    (episode,) = open_session(told.out / "corrections").episodes
    assert (episode.attrs["mode"], episode.attrs["round"]) == ("dagger", 1)
    assert episode.attrs["learner"]["name"] == "learner-0.safetensors"
    assert set(episode.driver) == {Source.HUMAN, Source.LEARNER}


def test_each_policys_verdict_is_printed_as_soon_as_it_is_known(told: Told) -> None:
    assert told.text.index("From 1 lap:") < told.text.index("round 1 of corrections") < told.text.index("From 1 lap, 1")
    assert "1 of 1 tracks at 900" in told.text


def test_the_page_shows_scores_a_drive_line_survival_frames_a_takeover_and_a_training_curve(told: Told) -> None:
    assert told.page.count("<svg") == 4
    assert told.page.count("data:image/png;base64,") == 3
    assert "1 lap, 1 round" in told.page


def test_the_page_says_how_long_each_policy_lasted_and_what_the_round_cost(told: Told) -> None:
    assert "1 lap, 1 round: 0 of 1 rollout left the road" in told.page
    assert re.search(r"<tr><td>1</td><td>\d+ s</td><td>\d+\.\d s</td><td>[1-9]", told.page)


def test_the_page_needs_no_network(told: Told) -> None:
    assert 'src="http' not in told.page
    assert 'href="http' not in told.page
    assert "@import" not in told.page


def test_laps_that_an_interrupted_demo_left_are_driven_again(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "sessions" / "sample.zarr", tmp_path / "laps.zarr")
    laps = open_session(recorded_again(tmp_path))
    assert [episode.attrs["end"] for episode in laps.episodes] == ["finished"]


def test_driving_that_is_not_the_demos_is_left_alone(tmp_path: Path) -> None:
    with Recorder(tmp_path / "laps", TOY_ENV, block_when_behind=True) as recorder:
        run_episode(
            Start(seed=0, mode="demo", paced=False, expert="human"),
            world=ToyWorld(steps=60),
            device=Scripted(Constant(), "hand"),
            drivers={},
            gate=Only(Source.HUMAN),
            sinks=[recorder],
            metronome=SimulatedMetronome(HZ),
        )
    with pytest.raises(UsageError, match="choose another --out"):
        tell_story(tmp_path, ForgetfulTrainer(), 1, Console(file=io.StringIO()), SHORT)
    assert len(open_session(tmp_path / "laps").episodes) == 1


def test_telling_it_again_uses_the_laps_that_are_there(told: Told, tmp_path: Path) -> None:
    before = open_session(shutil.copytree(told.out / "laps.zarr", tmp_path / "laps.zarr"))
    after = open_session(recorded_again(tmp_path))
    assert after.attrs["id"] == before.attrs["id"]
    assert [one.digest() for one in after.episodes] == [one.digest() for one in before.episodes]
