from __future__ import annotations

from policy.inspection import facts, layers
from policy.vision import Vision
from tests.lessons import constant_checkpoint


def test_layers_are_told_with_their_shapes_and_hold_every_parameter() -> None:
    checkpoint = constant_checkpoint()
    told = layers(checkpoint)
    assert told[0].name == "steering.convolutions.0"
    assert told[0].what == "convolution 6x6, stride 3, 3 to 16"
    assert told[0].parameters == 6 * 6 * 3 * 16 + 16
    assert told[-1].what == "linear, 64 to 2"
    assert sum(layer.parameters for layer in told) == facts(checkpoint)["policy"]["parameters"]


def test_the_vision_is_told_field_by_field() -> None:
    checkpoint = constant_checkpoint(vision=Vision(width=64, height=56))
    assert facts(checkpoint)["vision"]["width"] == 64
