from __future__ import annotations

import pytest
import torch

from policy.models import ARCHITECTURES, BC, normalise
from policy.vision import Vision


def test_pictures_are_normalised_to_minus_one_to_one_channels_first() -> None:
    picture = torch.tensor([[[[0, 255, 51]]]], dtype=torch.uint8)  # (1, 1, 1, 3)
    normal = normalise(picture)
    assert normal.shape == (1, 3, 1, 1)
    torch.testing.assert_close(normal.flatten(), torch.tensor([-1.0, 1.0, -0.6]))


def test_the_layers_have_the_shapes_their_comments_say() -> None:
    shapes = []
    features = torch.zeros(2, 3, 42, 48)
    for layer in BC(Vision()).steering.convolutions:
        features = layer(features)
        shapes.append(tuple(features.shape))
    assert shapes[::2] == [(2, 16, 13, 15), (2, 32, 6, 7), (2, 48, 4, 5), (2, 960)]


def test_steering_and_pedals_share_no_weights() -> None:
    model = BC(Vision())
    view = torch.randint(0, 256, (2, 42, 48, 3), dtype=torch.uint8)
    model(view, torch.ones(2))[:, 0].sum().backward()
    learning = {
        name.split(".")[0] for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.any()
    }
    assert learning == {"steering"}


@pytest.mark.parametrize("vision", [Vision(), Vision(width=96, height=84), Vision(width=24, height=31)])
def test_a_view_of_any_size_gives_one_action_each(vision: Vision) -> None:
    view = torch.zeros(4, vision.height, vision.width, 3, dtype=torch.uint8)
    for build in ARCHITECTURES.values():
        assert build(vision)(view, torch.zeros(4)).shape == (4, 3)


def test_the_speed_matters() -> None:
    torch.manual_seed(0)
    view = torch.zeros(2, 42, 48, 3, dtype=torch.uint8)
    slow, fast = BC(Vision())(view, torch.tensor([0.0, 100.0]))
    assert not torch.allclose(slow, fast)
