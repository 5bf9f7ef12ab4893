"""`teleop dagger --demos`: what may be asked for, and who drives meanwhile. The rounds themselves: test_rounds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tyro
from rich.console import Console

from policy.checkpoint import save_checkpoint
from policy.config import TrainConfig
from policy.train_command import Train
from teleop import correcting, rounds_driving
from teleop.bank import Bank
from teleop.burden import Burden
from teleop.cli import run
from teleop.collecting import Collection
from teleop.dagger import Round, Scored
from teleop.dagger_command import DaggerCommand
from teleop.drivers.autopilot import Autopilot
from teleop.experts import stand_in
from teleop.frame import Action, Start, Tick
from teleop.learners import options_of_training
from teleop.loop import Driver
from teleop.rounds import Plan, Result
from teleop.rounds_driving import InWindow, in_round, plan_of
from teleop.session import open_session
from tests.lessons import constant_checkpoint

SAMPLE = Path(__file__).parents[1] / "sessions" / "sample.zarr"


class Gentle:
    """Gas, and straight on."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.0, 0.1, 0.0], np.float32)


def load(checkpoint: Path) -> tuple[Driver, Mapping[str, str]]:
    return Gentle(), {"name": checkpoint.name, "sha256": "0"}


def test_in_one_window_the_next_learner_drives_from_the_next_episode_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correcting, "HEADLESS_MAX_STEPS", 10)
    config = DaggerCommand(tmp_path / "mine", expert="autopilot")
    driving = InWindow(config, load, Console(quiet=True))
    for learner, track, number in (("a", 5, 1), ("b", 6, 2)):
        assert driving.drive(Path(learner), [track], number)
        assert open_session(tmp_path / "mine").episodes[-1].attrs["figures"], "the round counts it at once"
    driving.end()
    told = [episode.attrs for episode in open_session(tmp_path / "mine").episodes]
    assert [(attrs["learner"]["name"], attrs["seed"], attrs["round"]) for attrs in told] == [("a", 5, 1), ("b", 6, 2)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--learner", "a.safetensors", "--rounds", "2"], "add --demos"),
        (["--learner", "a.safetensors", "--out", "there"], "add --demos"),
        (["--learner", "a.safetensors", "--warm"], "add --demos"),
        (["--demos", str(SAMPLE), "--rounds", "0"], "at least 1"),
        ([], "add --learner"),
        (["--demos", "mine.zarr"], "no session at"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = run(["dagger", "mine", *words, "--expert", "autopilot", "--headless", "--fast"])
    assert code == (1 if "no session" in told else 2)
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_corrections_are_no_demonstrations(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--demos", str(SAMPLE), "--expert", "autopilot", "--headless", "--fast"]
    assert run(["dagger", str(SAMPLE), *words]) == 2
    assert "name another SESSION" in capsys.readouterr().err


def test_the_rounds_folder_is_named_after_the_session_and_driving_waits_when_it_is_fast() -> None:
    plan = plan_of(DaggerCommand(Path("there/mine"), demos=(SAMPLE,), rounds=3, fast=True))
    assert (plan.out, plan.rounds, plan.episodes) == (Path("there/mine-rounds"), 3, 8)
    assert plan.driving_waits


def test_the_next_learner_is_trained_as_the_first_one_was(tmp_path: Path) -> None:
    config = TrainConfig(
        sessions=(Path("demos"),),
        out=Path("first.safetensors"),
        loss="bins",
        steps=30,
        speed=False,
        zoom_in=True,
        operator=("Ada", "Bo"),
        shift=1.5,
        labels="demos",
    )
    checkpoint = replace(constant_checkpoint(), config={**vars(config), "sessions": ["demos"], "out": "first"})
    save_checkpoint(checkpoint, tmp_path / "first.safetensors")
    words = ["next", "--out", "next.safetensors", *options_of_training(tmp_path / "first.safetensors")]
    again = tyro.cli(Train, args=words)
    expected = replace(config, sessions=(Path("next"),), out=Path("next.safetensors"), labels="labelled", operator=())
    assert {name: getattr(again, name) for name in vars(expected)} == vars(expected), "but whoever corrects is heard"


def test_of_a_learner_that_began_with_anothers_weights_the_few_steps_are_not_taken_over(tmp_path: Path) -> None:
    checkpoint = replace(constant_checkpoint(), config={"start_from": "parent.safetensors", "steps": 1000})
    save_checkpoint(checkpoint, tmp_path / "warm.safetensors")
    assert options_of_training(tmp_path / "warm.safetensors") == []


def test_whoever_stops_in_the_second_round_keeps_the_page_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(plan: Plan, *_: object) -> Iterator[Result]:
        plan.out.mkdir()
        parent, candidate = (Scored(plan.out / f"learner-{number}.safetensors", 500.0) for number in (0, 1))
        yield Result(1, Round(parent, candidate), Burden(), train_s=1.0, validate_s=1.0, bank=Bank(()))
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds_driving, "go_round", stopped)
    shutil.copytree(SAMPLE, tmp_path / "mine.zarr")
    config = DaggerCommand(tmp_path / "mine", demos=(SAMPLE,), expert="autopilot", headless=True, fast=True)
    with pytest.raises(KeyboardInterrupt):
        rounds_driving.correct_in_rounds(config, load, lambda _: [], lambda _: [], Console(quiet=True))
    assert "learner-1.safetensors" in (tmp_path / "mine-rounds" / "index.html").read_text()


def test_in_a_mixture_the_experts_share_falls_from_round_to_round() -> None:
    collection = Collection(Path("s"), [1], Autopilot(), {}, stand_in("autopilot"), "mixed", beta=0.5)
    shares = [in_round(collection, number).beta for number in (1, 2, 3)]
    assert shares == [0.5, 0.25, 0.125]
