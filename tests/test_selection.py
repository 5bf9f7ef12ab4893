from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from policy.checkpoint import load_checkpoint, save_checkpoint
from policy.selection import Driving, SelectionError, select
from teleop.evaluate import evaluate
from teleop.learners import LearnerFrom
from tests.lessons import constant_checkpoint


def saved(path: Path, gas: float, steering: float = 0.0) -> Path:
    save_checkpoint(constant_checkpoint(np.array([steering, gas, 0], np.float32)), path)
    return path


def gas_of(path: Path) -> float:
    return load_checkpoint(path).weights["pedals.head.2.bias"][0].item()


def test_the_candidate_that_drives_best_becomes_the_checkpoint(tmp_path: Path) -> None:
    candidates = [saved(tmp_path / name, gas) for name, gas in {"a": 0.25, "b": 0.75, "c": 0.5}.items()]
    said: list[str] = []
    selection = select(candidates, saved(tmp_path / "out", 0.25), gas_of, said.append)
    assert (selection.chosen, selection.scores) == ("b", {"a": 0.25, "b": 0.75, "c": 0.5})
    assert gas_of(tmp_path / "out") == 0.75
    assert said == ["candidate a: 0.2", "candidate b: 0.8", "candidate c: 0.5"]
    told = load_checkpoint(tmp_path / "out").metrics["selection"]
    assert (told["chosen"], told["scores"]) == ("b", selection.scores)
    assert told["elapsed_s"] >= 0
    assert told["cpu_s"] >= 0


def test_among_equals_the_first_is_chosen(tmp_path: Path) -> None:
    candidates = [saved(tmp_path / name, gas) for name, gas in {"a": 0.25, "b": 0.75}.items()]
    assert select(candidates, tmp_path / "out", lambda _: 900.0, print).chosen == "a"


def test_an_interrupt_while_choosing_leaves_the_checkpoint_and_says_so(tmp_path: Path) -> None:
    def press_ctrl_c(_: Path) -> float:
        raise KeyboardInterrupt

    out = saved(tmp_path / "out", 0.5)
    with pytest.raises(KeyboardInterrupt, match=r"stopped while choosing; .*--resume chooses again"):
        select([saved(tmp_path / "a", 0.25)], out, press_ctrl_c, print)
    assert gas_of(out) == 0.5


def test_driving_scores_what_teleop_evaluate_reports_on_the_first_validation_tracks(tmp_path: Path) -> None:
    candidate = saved(tmp_path / "policy", gas=0.4, steering=0.05)  # off the playfield in three seconds
    assert Driving(tracks=1)(candidate) == evaluate(LearnerFrom(candidate), [900_000]).mean


def test_a_candidate_that_can_not_be_driven_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match=r"(?s)`teleop evaluate .*`, which failed: .*there is no checkpoint"):
        Driving(tracks=1)(tmp_path / "nowhere")
