from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from policy.heads import HEADS, SPREAD, Bins, mse, one_pedal, smooth_l1
from policy.models import ARCHITECTURES, vision_of
from teleop.frame import ACTION_HIGH, ACTION_LOW


def test_mse_is_the_mean_of_the_squared_errors_over_rows_and_outputs_each_in_units_of_its_spread() -> None:
    policy = torch.tensor([[0.2, 0.8, 0.0], [0.0, 0.0, 0.0]])
    expert = torch.tensor([[-0.2, 0.4, 0.0], [0.1, 0.0, 0.8]])
    # (4^2 + 1^2 + 0 + 1^2 + 0 + 2^2) / 6
    assert mse(policy, expert).item() == pytest.approx(22 / 6)


def test_smooth_l1_is_quadratic_below_a_quarter_of_the_spread_and_linear_above() -> None:
    zero, spread = torch.zeros(1, 3), torch.tensor(SPREAD)
    assert smooth_l1(0.2 * spread[None], zero).item() == pytest.approx(0.5 * 0.2**2 / 0.25)
    assert smooth_l1(2.0 * spread[None], zero).item() == pytest.approx(2.0 - 0.125)


def test_one_foot_has_one_pedal() -> None:
    both = torch.tensor([[0.1, 0.5, 0.2], [0.2, 0.1, 0.4], [0.3, -0.1, 0.0], [0.4, 0.7, 0.0]])
    alone = torch.tensor([[0.1, 0.3, 0.0], [0.2, 0.0, 0.3], [0.3, 0.0, 0.1], [0.4, 0.7, 0.0]])
    torch.testing.assert_close(one_pedal(both), alone)


def any_actions(count: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(ACTION_LOW, ACTION_HIGH, (count, 3)).astype(np.float32))


def test_an_action_is_shared_between_its_two_nearest_bins_and_is_their_mean() -> None:
    head, actions = Bins(), torch.cat([any_actions(100), torch.tensor([[-1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])])
    shares = head.two_hot(actions)  # (102, 3, K)
    assert int((shares > 0).sum(dim=2).max()) == 2
    torch.testing.assert_close(shares.sum(dim=2), torch.ones(102, 3))
    torch.testing.assert_close(head.decode(shares.clamp(min=1e-30).log().flatten(1)), actions, rtol=0, atol=1e-5)


def test_an_answer_of_bins_is_always_in_range_but_for_rounding() -> None:
    actions = Bins().decode(50 * torch.randn(100, 63, generator=torch.manual_seed(0)))
    assert (actions >= torch.from_numpy(ACTION_LOW) - 1e-6).all()
    assert (actions <= torch.from_numpy(ACTION_HIGH) + 1e-6).all()


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_where_the_expert_went_left_or_right_bins_pick_a_side_and_regression_answers_the_middle(arch: str) -> None:
    left, right = [-0.4, 1.0, 0.0], [0.4, 1.0, 0.0]
    forked = torch.tensor([left, right, left, right, right])  # three of five went right
    regressed, binned = (learned(arch, loss, forked) for loss in ("mse", "bins"))
    assert regressed[0].item() == pytest.approx(0.08, abs=0.04)
    assert binned[0].item() > 0.35
    assert regressed[1].item() == pytest.approx(1.0, abs=0.1)
    assert binned[1].item() > 0.9


def learned(arch: str, loss: str, expert: Tensor) -> Tensor:
    """The action (3,) that a network learns for one picture, shown with each of these actions."""
    torch.manual_seed(0)
    vision = vision_of(arch, native=False, dashboard=False, speed=True)
    network = ARCHITECTURES[arch](vision, HEADS[loss])
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    view = torch.randint(0, 256, (1, vision.height, vision.width, 3), dtype=torch.uint8)
    view, speed = view.expand(len(expert), -1, -1, -1), torch.full((len(expert),), 50.0)
    for _ in range(100):
        step_loss = HEADS[loss].loss(network(view, speed), expert)
        optimizer.zero_grad()
        step_loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.act(view, speed)[0].detach()
