from __future__ import annotations

import pytest
import torch
from torch import nn

from policy.heads import HEADS
from policy.models import ARCHITECTURES, BC, Network, PilotNet, normalise, vision_of
from policy.vision import SMALLEST_SIDE, Vision


def test_pictures_are_normalised_to_minus_one_to_one_channels_first() -> None:
    picture = torch.tensor([[[[0, 255, 51]]]], dtype=torch.uint8)  # (1, 1, 1, 3)
    normal = normalise(picture)
    assert normal.shape == (1, 3, 1, 1)
    torch.testing.assert_close(normal.flatten(), torch.tensor([-1.0, 1.0, -0.6]))


def shapes_of(network: Network) -> list[tuple[int, ...]]:
    """After each convolution and the flattening, for one picture."""
    vision = type(network).vision(rows=84)
    features, shapes = torch.zeros(1, 3, vision.height, vision.width), []
    for layer in network.convolutions:
        features = layer(features)
        shapes.append(tuple(features.shape[1:]))
    return shapes[::2]


def parameters(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_layers_of_bc_have_the_shapes_their_comments_say() -> None:
    assert shapes_of(BC(BC.vision(84))) == [(16, 13, 15), (32, 6, 7), (48, 4, 5), (960,)]


def test_pilotnet_is_the_published_network_layer_by_layer() -> None:
    vision = PilotNet.vision(84)
    assert (vision.height, vision.width, vision.colour) == (66, 200, "YUV")
    network = PilotNet(vision, actions=1)
    assert shapes_of(network) == [(24, 31, 98), (36, 14, 47), (48, 5, 22), (64, 3, 20), (64, 1, 18), (1152,)]
    convolutions = [parameters(layer) for layer in network.convolutions if isinstance(layer, nn.Conv2d)]
    layers = [parameters(layer) for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert convolutions == [1_824, 21_636, 43_248, 27_712, 36_928]
    assert layers == [115_300, 5_050, 510, 11]
    assert parameters(network) == 252_219


def test_pilotnet_with_gas_and_brake_has_22_parameters_more() -> None:
    assert parameters(PilotNet(PilotNet.vision(84))) == 252_241


def test_pilotnet_over_the_views_own_pixels_keeps_its_convolutions() -> None:
    vision = vision_of("pilotnet", native=True, dashboard=False, speed=False)
    assert (vision.height, vision.width, vision.colour) == (84, 96, "YUV")
    native = PilotNet(vision, actions=1)
    assert parameters(native) == 233_019
    assert parameters(native.convolutions) == parameters(PilotNet(PilotNet.vision(84)).convolutions)


def test_an_architecture_sees_its_own_way_but_for_what_is_asked_for() -> None:
    assert vision_of("bc", native=False, dashboard=False, speed=True) == Vision()
    assert vision_of("bc", native=False, dashboard=True, speed=True) == Vision(48, 48, rows=96)
    assert vision_of("bc", native=True, dashboard=True, speed=False) == Vision(96, 96, rows=96, speed=False)
    assert vision_of("pilotnet", native=False, dashboard=True, speed=True) == Vision(200, 66, "YUV", 96, speed=True)


def test_steering_and_pedals_share_no_weights() -> None:
    model = BC(Vision())
    view = torch.randint(0, 256, (2, 42, 48, 3), dtype=torch.uint8)
    model(view, torch.ones(2))[:, 0].sum().backward()
    learning = {
        name.split(".")[0] for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.any()
    }
    assert learning == {"steering"}


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("loss", HEADS)
@pytest.mark.parametrize("native", [False, True])
def test_every_architecture_with_every_head_gives_one_action_a_view(arch: str, loss: str, native: bool) -> None:
    vision = vision_of(arch, native=native, dashboard=False, speed=True)
    network = ARCHITECTURES[arch](vision, HEADS[loss])
    view = torch.zeros(4, vision.height, vision.width, 3, dtype=torch.uint8)
    assert network(view, torch.zeros(4)).shape == (4, 3 * HEADS[loss].values)
    assert network.act(view, torch.zeros(4)).shape == (4, 3)


def test_the_smallest_view_suits_bc_and_is_refused_by_pilotnet() -> None:
    smallest = Vision(width=SMALLEST_SIDE, height=SMALLEST_SIDE)
    view = torch.zeros(1, SMALLEST_SIDE, SMALLEST_SIDE, 3, dtype=torch.uint8)
    assert BC(smallest)(view, torch.zeros(1)).shape == (1, 3)
    with pytest.raises(ValueError, match="a view of 24x24 is too small for this architecture's convolutions"):
        PilotNet(smallest)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("told", [True, False])
def test_the_speed_matters_where_it_is_told(arch: str, told: bool) -> None:
    torch.manual_seed(0)
    vision = vision_of(arch, native=False, dashboard=False, speed=told)
    view = torch.zeros(2, vision.height, vision.width, 3, dtype=torch.uint8)
    slow, fast = ARCHITECTURES[arch](vision)(view, torch.tensor([0.0, 100.0]))
    assert torch.equal(slow, fast) == (not told)


def test_the_published_pilotnet_is_told_no_speed_and_bc_is() -> None:
    assert not PilotNet.vision(84).speed
    assert BC.vision(84).speed
