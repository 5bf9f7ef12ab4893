"""Where a policy looks: VisualBackProp (Bojarski et al., arXiv 1611.05418, used on PilotNet in 1704.07911).

A place of the picture counts when every layer of convolutions had something there. Each layer's outputs are averaged
over channels; from the deepest on, the average is spread over the pixels it was made of (a transposed convolution with
weights of one) and multiplied by the average of the layer below. Near the border a picture is seen by fewer outputs, so
that it counts less there: the method's own bias, strong where the deepest layer is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from policy.models import Network, normalise
from policy.vision import Vision, see
from teleop.frame import Image

GLOW = np.array([255, 235, 0], np.float32)
"""RGB of what counts most: nothing on a track has this yellow."""
DIMMED = 0.55
"""How bright a picture stays under its overlay."""
Mask = npt.NDArray[np.float32]


def saliency(network: Network, vision: Vision, observation: Image) -> Mask:
    """How much each pixel of an observation counts for the steering, float32 (height, width) in [0, 1].

    Rows that the policy does not see count 0; all do when some layer is silent.
    """
    view, _ = see(observation, vision)
    masks = visual_backprop(network.convolutions, normalise(torch.from_numpy(view)[None]))  # (1, height, width)
    return on_observation(masks[0].numpy(), vision)


@torch.inference_mode()
def visual_backprop(convolutions: nn.Sequential, pictures: Tensor) -> Tensor:
    """Masks (B, height, width) in [0, 1], each with 1 at its largest, for pictures (B, 3, height, width).

    `convolutions` are Conv2d without padding, each followed by its activation. A mask without any signal is all 0.
    """
    kernels, averages = zip(*_averages(convolutions, pictures), strict=True)
    below = (
        torch.ones_like(pictures[:, :1]),
        *averages[:-1],
    )  # what each convolution was made of; the picture counts 1
    mask = averages[-1]  # (B, 1, h, w) of the deepest layer
    for convolution, average in zip(reversed(kernels), reversed(below), strict=True):
        mask = _spread(mask, convolution, average.shape) * average  # (B, 1, h, w) of the layer below
    largest = mask.amax(dim=(1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
    masks: Tensor = mask / torch.where(largest > 0, largest, 1.0)  # (B, 1, height, width)
    return masks[:, 0]


def _averages(convolutions: nn.Sequential, pictures: Tensor) -> Iterator[tuple[nn.Conv2d, Tensor]]:
    """Each convolution, and the mean over channels of what its activation makes of it: (B, 1, h, w), never negative."""
    outputs = pictures
    for layer, activation in pairwise(convolutions):
        outputs = layer(outputs)
        if isinstance(layer, nn.Conv2d):
            yield layer, activation(outputs).clamp(min=0).mean(dim=1, keepdim=True)


def _spread(mask: Tensor, convolution: nn.Conv2d, shape: torch.Size) -> Tensor:
    """A mask (B, 1, h, w) over the layer below, of `shape`: every pixel to all that the convolution made it of."""
    weights = torch.ones(1, 1, *convolution.kernel_size)
    stride = _pair(convolution.stride)
    # Rows and columns that were left over at the end, when the stride did not divide what was below.
    missing = [
        size - ((small - 1) * step + kernel)
        for size, small, step, kernel in zip(
            shape[2:], mask.shape[2:], stride, _pair(convolution.kernel_size), strict=True
        )
    ]
    return functional.conv_transpose2d(mask, weights, stride=stride, output_padding=_pair(missing))


def on_observation(mask: Mask, vision: Vision) -> Mask:
    """A view's mask (height, width) where it belongs on the observation, 0 where the policy does not look."""
    height, width, _ = vision.scene.shape
    whole = np.zeros((height, width), np.float32)
    whole[vision.shown] = cv2.resize(mask, (width, vision.rows), interpolation=cv2.INTER_LINEAR)
    return whole


def overlaid(observation: Image, mask: Mask) -> Image:
    """An observation, dimmed, on which what counts glows: uint8 of its shape."""
    share = mask[:, :, None]
    return np.asarray(observation * DIMMED * (1 - share) + GLOW * share, np.uint8)


def _pair(numbers: Sequence[int]) -> tuple[int, int]:
    first, second = numbers
    return first, second
