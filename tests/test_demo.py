"""The demo tells its story from start to page; here with a trainer that learns nothing and two short chapters."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from teleop.demo import OnStep, Plan, tell_story
from teleop.drivers.autopilot import Autopilot
from teleop.evaluate import MakeDriver
from teleop.session import open_session


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
    assert told.text.index("From one lap") < told.text.index("driving 1 new tracks ...", told.text.index("two laps"))
    assert "1 of 1 tracks at 900" in told.text


def test_the_page_shows_scores_a_drive_line_frames_and_a_training_curve(told: Told) -> None:
    assert told.page.count("<svg") == 3
    assert told.page.count("data:image/png;base64,") == 2
    assert "two laps" in told.page


def test_the_page_needs_no_network(told: Told) -> None:
    assert 'src="http' not in told.page
    assert 'href="http' not in told.page
    assert "@import" not in told.page


def test_telling_it_again_uses_the_laps_that_are_there(told: Told) -> None:
    before = [episode.digest() for episode in open_session(told.out / "one-lap").episodes]
    tell_story(told.out, ForgetfulTrainer(), 1, Console(file=io.StringIO()), Plan(laps={"one lap": 1}, tracks=1))
    assert [episode.digest() for episode in open_session(told.out / "one-lap").episodes] == before
