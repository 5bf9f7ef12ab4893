"""The networks: from a view and a speed to an action. Shapes stand at the line ends; B is the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy.vision import Vision

SPEED_SCALE = 100.0
"""Track units a second: about the fastest a good driver goes."""


def normalise(view: Tensor) -> Tensor:
    """uint8 pictures (B, height, width, 3) as float32 (B, 3, height, width) in [-1, 1].

    Done here, not in the data, so that memory holds one byte a value. In place, because fresh memory for every
    intermediate result would cost a tenth of a training step. The result is channels-last, which suits convolutions.
    """
    return view.float().div_(127.5).sub_(1.0).permute(0, 3, 1, 2)  # (B, 3, height, width)


class BC(nn.Module):
    """A small network for behavioral cloning: one tower steers, another works the pedals.

    They share nothing, because the mean squared error does not treat them alike: an expert's gas jumps between
    nothing and full, its steering stays within a few tenths. In shared layers the gas outweighs the steering about
    twenty times, and it is the steering that keeps the car on the road.
    """

    def __init__(self, vision: Vision) -> None:
        super().__init__()
        self.steering = _Tower(vision, outputs=1)
        self.pedals = _Tower(vision, outputs=2)

    def forward(self, view: Tensor, speed: Tensor) -> Tensor:
        """The action for each view, not yet clipped to its range.

        `view` is uint8 (B, height, width, 3), `speed` float32 (B,) in track units a second.
        """
        pictures = normalise(view)  # (B, 3, height, width)
        return torch.cat([self.steering(pictures, speed), self.pedals(pictures, speed)], dim=1)  # (B, 3)


class _Tower(nn.Module):
    """Three convolutions, then the speed, then two layers."""

    def __init__(self, vision: Vision, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(  # (B, 3, 42, 48)
            nn.Conv2d(3, 16, kernel_size=6, stride=3),  # (B, 16, 13, 15)
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, stride=2),  # (B, 32, 6, 7)
            nn.ReLU(),
            nn.Conv2d(32, 48, kernel_size=3),  # (B, 48, 4, 5)
            nn.ReLU(),
            nn.Flatten(),  # (B, 960)
        )
        self.head = nn.Sequential(
            nn.Linear(48 * _left_of(vision.height) * _left_of(vision.width) + 1, 64),  # (B, 64)
            nn.ReLU(),
            nn.Linear(64, outputs),  # (B, outputs)
        )

    def forward(self, pictures: Tensor, speed: Tensor) -> Tensor:
        features = self.convolutions(pictures)  # (B, 960)
        speed = speed[:, None] / SPEED_SCALE  # (B, 1)
        outputs: Tensor = self.head(torch.cat([features, speed], dim=1))  # (B, outputs)
        return outputs


def _left_of(side: int) -> int:
    """What a tower's convolutions leave of a picture's side."""
    for kernel, stride in ((6, 3), (3, 2), (3, 1)):
        side = (side - kernel) // stride + 1
    return side


ARCHITECTURES = {"bc": BC}
"""By the name that `--arch` takes and a checkpoint holds."""
