"""The networks: from a view and a speed to an action. Shapes stand at the line ends; B is the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy.vision import Vision

SPEED_SCALE = 100.0
"""Track units a second: about the fastest a good driver goes."""


def normalise(view: Tensor) -> Tensor:
    """uint8 pictures (B, height, width, 3) as float32 (B, 3, height, width) in [-1, 1].

    Done here, not in the data, so that memory holds one byte a value; the result is channels-last, which is the
    fastest layout for convolutions on a CPU.
    """
    return (view.float() / 127.5 - 1.0).permute(0, 3, 1, 2)  # (B, 3, height, width)


class BC(nn.Module):
    """A small convolutional network for behavioral cloning: three convolutions, the speed, two layers."""

    def __init__(self, vision: Vision) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(  # 42 x 48:
            nn.Conv2d(3, 24, 5, stride=2),  # (B, 24, 19, 22)
            nn.ReLU(),
            nn.Conv2d(24, 48, 3, stride=2),  # (B, 48, 9, 10)
            nn.ReLU(),
            nn.Conv2d(48, 64, 3, stride=2),  # (B, 64, 4, 4)
            nn.ReLU(),
            nn.Flatten(),  # (B, 1024)
        )
        features = 64 * _left_of(vision.height) * _left_of(vision.width)
        self.head = nn.Sequential(
            nn.Linear(features + 1, 128),  # (B, 128)
            nn.ReLU(),
            nn.Linear(128, 3),  # (B, 3)
        )

    def forward(self, view: Tensor, speed: Tensor) -> Tensor:
        """The action for each view, not yet clipped to its range.

        `view` is uint8 (B, height, width, 3), `speed` float32 (B,) in track units a second.
        """
        features = self.convolutions(normalise(view))  # (B, 1024)
        speed = speed[:, None] / SPEED_SCALE  # (B, 1)
        action: Tensor = self.head(torch.cat([features, speed], dim=1))  # (B, 3)
        return action


def _left_of(side: int) -> int:
    """What the three convolutions of `BC` leave of a picture's side."""
    for kernel in (5, 3, 3):
        side = (side - kernel) // 2 + 1
    return side


ARCHITECTURES = {"bc": BC}
"""By the name that `--arch` takes and a checkpoint holds."""
