from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from policy.checkpoint import save_checkpoint
from policy.learner import Learner
from policy.models import BC
from policy.vision import Vision, see
from teleop.frame import Action, checked_action
from tests.lessons import constant_checkpoint, road_picture


def loaded(tmp_path: Path, *action: float) -> Learner:
    save_checkpoint(constant_checkpoint(np.array(action, np.float32)), tmp_path / "policy")
    return Learner.load(tmp_path / "policy")


def test_it_acts_as_its_network_says(tmp_path: Path) -> None:
    action = loaded(tmp_path, -0.25, 0.5, 0.125).act(road_picture(0.3))
    assert action.dtype == np.float32
    assert action.tolist() == [-0.25, 0.5, 0.125]


@pytest.mark.parametrize(("wanted", "done"), [((-7, -1, -1), (-1, 0, 0)), ((7, 7, 7), (1, 1, 1))])
def test_its_actions_are_always_in_range(tmp_path: Path, wanted: Action, done: Action) -> None:
    action = loaded(tmp_path, *wanted).act(road_picture(0.0))
    assert checked_action(action, "learner").tolist() == list(done)


def test_driving_gives_what_training_computed() -> None:
    torch.manual_seed(0)
    model, observation = BC(Vision()), road_picture(-0.4)
    view, speed = see(observation, Vision())
    expected = model(torch.from_numpy(view)[None], torch.tensor([speed]))[0].detach().numpy()
    np.testing.assert_allclose(
        Learner(model, Vision()).act(observation), np.clip(expected, [-1, 0, 0], 1), rtol=0, atol=1e-6
    )


def test_it_keeps_no_memory_and_no_hold_on_its_last_action(tmp_path: Path) -> None:
    learner = loaded(tmp_path, 0.5, 0.5, 0.0)
    first = learner.act(road_picture(0.1))
    first[:] = 9
    learner.reset()
    assert learner.act(road_picture(0.1)).tolist() == [0.5, 0.5, 0.0]


def test_it_knows_its_name_and_digest(tmp_path: Path) -> None:
    learner = loaded(tmp_path, 0, 0, 0)
    assert learner.name == "policy"
    assert learner.sha256 == hashlib.sha256((tmp_path / "policy").read_bytes()).hexdigest()


def test_loading_sets_torch_to_one_thread(tmp_path: Path) -> None:
    torch.set_num_threads(2)
    loaded(tmp_path, 0, 0, 0)
    assert torch.get_num_threads() == 1


def test_an_observation_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"an observation is uint8 \(96, 96, 3\)"):
        loaded(tmp_path, 0, 0, 0).act(np.zeros((64, 64, 3), np.uint8))
