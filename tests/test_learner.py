from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from policy.checkpoint import Checkpoint, save_checkpoint
from policy.heads import HEADS
from policy.learner import Learner
from policy.models import ARCHITECTURES, vision_of
from policy.vision import see_all
from teleop.frame import ACTION_HIGH, ACTION_LOW, Action, checked_action
from tests.lessons import constant_checkpoint, road_picture


def loaded(tmp_path: Path, *action: float) -> Learner:
    save_checkpoint(constant_checkpoint(np.array(action, np.float32)), tmp_path / "policy")
    return Learner.load(tmp_path / "policy")


def test_it_acts_as_its_network_says(tmp_path: Path) -> None:
    action = loaded(tmp_path, -0.25, 0.5, 0.125).act(road_picture(0.3))
    assert action.dtype == np.float32
    assert action.tolist() == [-0.25, 0.375, 0.0], "the weaker pedal is taken off the stronger"


@pytest.mark.parametrize(("wanted", "done"), [((-7, -1, 0), (-1, 0, 1)), ((7, 7, 0), (1, 1, 0))])
def test_its_actions_are_always_in_range(tmp_path: Path, wanted: Action, done: Action) -> None:
    action = loaded(tmp_path, *wanted).act(road_picture(0.0))
    assert checked_action(action, "learner").tolist() == list(done)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("loss", ["mse", "bins"])
@pytest.mark.parametrize("asked", [{}, {"native": True}, {"dashboard": True}])
def test_driving_gives_what_training_computed(tmp_path: Path, arch: str, loss: str, asked: dict[str, Any]) -> None:
    """From recorded observations to actions on both ways, with the checkpoint between them."""
    torch.manual_seed(0)
    vision = vision_of(arch, **{"native": False, "dashboard": False, "speed": True} | asked)
    network = ARCHITECTURES[arch](vision, HEADS[loss])
    save_checkpoint(Checkpoint(arch, vision, network.state_dict(), loss), tmp_path / "policy")
    observations = [road_picture(bend, noise) for noise, bend in enumerate((-0.4, 0.0, 0.7))]
    views, speeds = see_all(observations, vision)
    expected = network.act(torch.from_numpy(views), torch.from_numpy(speeds)).detach().numpy()
    learner = Learner.load(tmp_path / "policy")
    for observation, action in zip(observations, expected, strict=True):
        np.testing.assert_allclose(learner.act(observation), np.clip(action, ACTION_LOW, ACTION_HIGH), atol=1e-5)


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
