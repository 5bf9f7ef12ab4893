"""The demo tells its story from start to page; here with a trainer that learns nothing and two short chapters."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.demo import OnStep, Plan, tell_story
from teleop.devices.scripted import Scripted
from teleop.drivers.autopilot import Autopilot
from teleop.errors import UsageError
from teleop.evaluate import MakeDriver
from teleop.frame import COAST, HZ, Action, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import run_episode
from teleop.session import open_session
from teleop.sinks.recorder import Recorder
from tests.fakes import TOY_ENV, ToyWorld


@dataclass
class ForgetfulTrainer:
    """Reports a falling loss and hands back the autopilot."""

    steps: int = 100
    loss: str = "mse"
    sessions: list[Path] = field(default_factory=list)

    def train(self, session: Path, checkpoint: Path, on_step: OnStep) -> MakeDriver:
        self.sessions.append(session)
        for step in range(1, self.steps + 1):
            on_step(step, 1.0 / step)
        return Autopilot


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
    plan = Plan(laps={"one lap": 1, "two laps": 2}, tracks=1)
    page = tell_story(out, trainer, workers=1, console=Console(file=text, width=120), plan=plan)
    return Told(out, page.read_text(encoding="utf-8"), text.getvalue(), trainer)


def test_each_chapter_records_its_laps_and_learns_from_them(told: Told) -> None:
    laps = {path.stem: len(open_session(path).episodes) for path in told.trainer.sessions}
    assert laps == {"one-lap": 1, "two-laps": 2}


def test_each_chapters_verdict_is_printed_as_soon_as_it_is_known(told: Told) -> None:
    assert told.text.index("From one lap") < told.text.index("driving 1 new track ...", told.text.index("two laps"))
    assert "1 of 1 tracks at 900" in told.text


def test_the_page_shows_scores_a_drive_line_survival_frames_and_a_training_curve(told: Told) -> None:
    assert told.page.count("<svg") == 4
    assert told.page.count("data:image/png;base64,") == 2
    assert "two laps" in told.page


def test_the_page_says_how_long_each_policy_lasted(told: Told) -> None:
    assert "two laps: 0 of 1 rollout left the road" in told.page


def test_the_page_needs_no_network(told: Told) -> None:
    assert 'src="http' not in told.page
    assert 'href="http' not in told.page
    assert "@import" not in told.page


def test_laps_that_an_interrupted_demo_left_are_driven_again(tmp_path: Path) -> None:
    lap = tmp_path / "one-lap.zarr"
    shutil.copytree(Path(__file__).parents[1] / "sessions" / "sample.zarr", lap)
    tell_story(tmp_path, ForgetfulTrainer(), 1, Console(file=io.StringIO()), Plan(laps={"one lap": 1}, tracks=1))
    assert [episode.attrs["end"] for episode in open_session(lap).episodes] == ["finished"]


def test_driving_that_is_not_the_demos_is_left_alone(tmp_path: Path) -> None:
    with Recorder(tmp_path / "one-lap", TOY_ENV, block_when_behind=True) as recorder:
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
        tell_story(tmp_path, ForgetfulTrainer(), 1, Console(file=io.StringIO()), Plan(laps={"one lap": 1}, tracks=1))
    assert len(open_session(tmp_path / "one-lap").episodes) == 1


def test_telling_it_again_uses_the_laps_that_are_there(told: Told) -> None:
    before = [episode.digest() for episode in open_session(told.out / "one-lap").episodes]
    tell_story(told.out, ForgetfulTrainer(), 1, Console(file=io.StringIO()), Plan(laps={"one lap": 1}, tracks=1))
    assert [episode.digest() for episode in open_session(told.out / "one-lap").episodes] == before
