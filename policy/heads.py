"""What a network's outputs mean: how far they are from the expert's action, and which action they stand for.

B is the batch; an output has K numbers for each of the three actions, steering first, then gas, then brake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from teleop.frame import ACTION_HIGH, ACTION_LOW

SPREAD = (0.1, 0.4, 0.4)
"""Of steering, gas and brake, about their standard deviation in good driving: errors count in these units. Unweighted,
the gas, which jumps between nothing and full, would outweigh the steering over ten times in layers that they share, and
it is the steering that keeps the car on the road."""


class Head(Protocol):
    """The last step of a policy."""

    @property
    def values(self) -> int:
        """K: the numbers that each of the three actions gets."""

    def loss(self, outputs: Tensor, expert: Tensor) -> Tensor:
        """How wrong outputs (B, 3K) are beside the expert's actions (B, 3): ()."""

    def decode(self, outputs: Tensor) -> Tensor:
        """The actions (B, 3) that outputs (B, 3K) stand for, not yet clipped to their range."""


@dataclass(frozen=True)
class Regression:
    """The outputs are the action.

    Where the expert did one of two things, the best answer is what lies between, which may be neither: half left and
    half right is straight on.
    """

    distance: Callable[[Tensor, Tensor], Tensor]
    """Between the policy's actions and the expert's, (B, 3) each: ()."""
    values: int = 1

    def loss(self, outputs: Tensor, expert: Tensor) -> Tensor:
        return self.distance(outputs, expert)

    def decode(self, outputs: Tensor) -> Tensor:
        return outputs


@dataclass(frozen=True)
class Bins:
    """The outputs are log odds of K values spread evenly over an action's range; for drivers who press keys.

    An action between two values is taught as a share of both ("two-hot"), so that nothing is rounded. The answer is
    the likeliest value, averaged with its two neighbours alone: it takes a side, where a mean over all would not.
    All three actions count alike, whatever their spread: another difference to a squared error.
    """

    values: int = 21
    """Every 0.1 of steering, every 0.05 of a pedal."""

    def loss(self, outputs: Tensor, expert: Tensor) -> Tensor:
        log_odds = outputs.reshape(-1, self.values)  # (3B, K)
        return functional.cross_entropy(log_odds, self.two_hot(expert).reshape(-1, self.values))

    def two_hot(self, expert: Tensor) -> Tensor:
        """Actions (B, 3) as shares of their two nearest values, (B, 3, K); their mean is the action."""
        low, high = torch.from_numpy(ACTION_LOW), torch.from_numpy(ACTION_HIGH)  # (3,)
        places = (expert - low) / (high - low) * (self.values - 1)  # (B, 3), 0 to K - 1
        away = places[..., None] - torch.arange(self.values)  # (B, 3, K)
        return (1 - away.abs()).clamp(min=0)

    def decode(self, outputs: Tensor) -> Tensor:
        shares = outputs.reshape(-1, 3, self.values).softmax(dim=2)  # (B, 3, K)
        likeliest = shares.argmax(dim=2, keepdim=True)  # (B, 3, 1)
        near = shares * ((torch.arange(self.values) - likeliest).abs() <= 1)  # (B, 3, K)
        place = (near * torch.arange(self.values)).sum(dim=2) / near.sum(dim=2)  # (B, 3), 0 to K - 1
        low, high = torch.from_numpy(ACTION_LOW), torch.from_numpy(ACTION_HIGH)  # (3,)
        return low + place / (self.values - 1) * (high - low)


def one_pedal(actions: Tensor) -> Tensor:
    """Actions (B, 3) with the weaker pedal let go and taken off the stronger: one foot has one pedal.

    The brake is six times as strong as the gas (275 and 44 units/s^2), so a touch of brake that was only an error's
    would hold a car that is to roll on.
    """
    gas_less_brake = actions[:, 1] - actions[:, 2]  # (B,)
    return torch.stack([actions[:, 0], gas_less_brake.clamp(min=0), (-gas_less_brake).clamp(min=0)], dim=1)


def mse(policy: Tensor, expert: Tensor) -> Tensor:
    """Mean squared error between the policy's actions and the expert's, (B, 3) each, in units of `SPREAD`: ()."""
    return (_apart(policy, expert) ** 2).mean()


def smooth_l1(policy: Tensor, expert: Tensor) -> Tensor:
    """Like `mse` for errors below a quarter of the `SPREAD` (times two), like their absolute value beyond: ()."""
    apart = _apart(policy, expert)
    return functional.smooth_l1_loss(apart, torch.zeros_like(apart), beta=0.25)


def _apart(policy: Tensor, expert: Tensor) -> Tensor:
    return (policy - expert) / torch.tensor(SPREAD)


HEADS: Mapping[str, Head] = {"mse": Regression(mse), "smooth_l1": Regression(smooth_l1), "bins": Bins()}
"""By the name that `--loss` takes and a checkpoint holds."""
