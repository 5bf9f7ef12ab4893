"""A policy drives CarRacing-v3 as gymnasium makes it, without anything of teleop."""

from __future__ import annotations

import pytest
import torch

from policy.learner import Learner
from policy.models import ARCHITECTURES, vision_of
from teleop.drivers.learner import LearnerDriver
from teleop.evaluate import drive_track
from tests.experiments.stock import stock_score

STEPS = 120


def wild(arch: str) -> Learner:
    """A learner that was taught nothing, and whose actions depend on every pixel."""
    torch.manual_seed(0)
    vision = vision_of(arch, native=False, dashboard=False, speed=True)
    network = ARCHITECTURES[arch](vision)
    last = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)][-1]
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.weight *= 3
        last.bias[-2] += 0.5  # gas
    return Learner(network, vision)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_stock_car_racing_gives_exactly_the_score_that_evaluation_reports(
    arch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = wild(arch)
    monkeypatch.setattr("teleop.evaluate.MAX_STEPS", STEPS)
    reported = drive_track(LearnerDriver(learner), 1_000_000)
    assert reported.steps == STEPS
    assert stock_score(learner, 1_000_000, STEPS) == reported.score
