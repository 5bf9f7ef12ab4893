from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import nn

from policy.glances import GlanceError, chosen_episodes, glances, moments, onward
from policy.models import ARCHITECTURES, vision_of
from policy.pictures import panel, save_animation, save_sheet
from policy.saliency import on_observation, overlaid, saliency, visual_backprop
from policy.vision import Vision
from teleop.frame import Image
from teleop.session import Session, open_session
from tests.lessons import constant_checkpoint, mark, record_episode, road_picture


def seeing_white(*strides: int) -> nn.Sequential:
    """Convolutions that answer as much as they see white: one channel, 3x3, with the given strides."""
    layers: list[nn.Module] = []
    for number, stride in enumerate(strides):
        convolution = nn.Conv2d(1 if number else 3, 1, kernel_size=3, stride=stride)
        nn.init.constant_(convolution.weight, 0.1)
        nn.init.constant_(convolution.bias, 0.0)  # type: ignore[arg-type]
        layers += [convolution, nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten())


def test_the_mask_is_where_something_was_seen() -> None:
    pictures = torch.zeros(1, 3, 24, 24)
    pictures[:, :, 5:8, 15:18] = 1
    mask = visual_backprop(seeing_white(1, 2), pictures)[0]
    row, column = divmod(int(mask.argmax()), 24)
    assert 5 <= row < 8
    assert 15 <= column < 18
    assert mask.max() == 1
    assert mask[:, :9].max() == mask[14:].max() == 0


def test_masks_are_the_product_of_what_each_layer_saw_spread_over_what_it_saw_it_in() -> None:
    """By hand, for one layer: each output's value goes to the nine pixels that it was made of."""
    pictures = torch.zeros(1, 3, 5, 5)
    pictures[0, :, 0, 0] = 1
    pictures[0, :, 4, 4] = 2
    mask = visual_backprop(seeing_white(2), pictures)[0]
    expected = torch.zeros(5, 5)
    expected[:3, :3] = 0.5
    expected[2:, 2:] += 1
    torch.testing.assert_close(mask, expected / 1.5)


@pytest.mark.parametrize("arch", ["bc", "pilotnet"])
@pytest.mark.parametrize("native", [False, True])
def test_every_architectures_mask_has_the_size_of_its_view(arch: str, native: bool) -> None:
    vision = vision_of(arch, native=native, dashboard=False, speed=True)
    torch.manual_seed(0)
    network = ARCHITECTURES[arch](vision)
    masks = visual_backprop(network.convolutions, torch.rand(2, 3, vision.height, vision.width))
    assert masks.shape == (2, vision.height, vision.width)
    assert masks.min() >= 0
    assert masks.amax(dim=(1, 2)).tolist() == [1, 1]
    whole = saliency(network, vision, road_picture(0.2))
    assert whole.shape == (96, 96)
    assert not whole[84:].any(), "the dashboard is not seen"


def test_a_network_that_is_silent_has_an_empty_mask() -> None:
    checkpoint = constant_checkpoint()
    mask = saliency(checkpoint.build(), checkpoint.vision, road_picture(0.0))
    assert mask.shape == (96, 96)
    assert not mask.any()


def test_a_view_that_shows_the_dashboard_has_a_mask_over_it() -> None:
    mask = on_observation(np.ones((48, 48), np.float32), Vision(width=48, height=48, rows=96))
    assert (mask == 1).all()


def test_what_counts_glows_and_the_rest_is_dimmed() -> None:
    picture, mask = road_picture(0.0), np.zeros((96, 96), np.float32)
    mask[10, 20] = 1
    shown = overlaid(picture, mask)
    assert shown[10, 20].tolist() == [255, 235, 0]
    assert (shown[50] < picture[50]).all()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    path = tmp_path_factory.mktemp("sessions") / "toy.zarr"
    record_episode(path, seed=1, rows=60)
    mark(record_episode(path, seed=2, rows=70), discarded=True)
    record_episode(path, seed=3, rows=90)
    return open_session(path)


def test_moments_are_spread_over_all_episodes_that_nobody_discarded(session: Session) -> None:
    chosen = moments(chosen_episodes(session, None), ())
    assert len(chosen) == 24
    assert (chosen[0][0].name, chosen[0][1]) == ("000000", 50)
    assert (chosen[-1][0].name, chosen[-1][1]) == ("000002", 89)
    assert {episode.name for episode, _ in chosen} == {"000000", "000002"}


def test_moments_are_found_by_episode_and_step(session: Session) -> None:
    chosen = moments(chosen_episodes(session, 1), (3, 60))
    assert [(episode.name, row) for episode, row in chosen] == [("000001", 3), ("000001", 60)]


def test_moments_that_are_not_there_are_refused(session: Session) -> None:
    with pytest.raises(GlanceError, match=r"toy.zarr has, with rows: 0, 1, 2: name one"):
        chosen_episodes(session, 7)
    with pytest.raises(GlanceError, match=r"must have the steps 1000; none has: name others with --frames"):
        moments(chosen_episodes(session, 0), (1000,))


def test_an_animation_goes_on_every_fourth_tick_to_the_end(session: Session) -> None:
    episode = session.episodes[0]
    assert [row for _, row in onward((episode, 50), 50)] == [50, 54, 58]


def test_a_glance_shows_what_was_seen_and_done(session: Session) -> None:
    action = np.array([-0.25, 0.5, 0.0], np.float32)
    (glance,) = glances(constant_checkpoint(action), moments(chosen_episodes(session, 2), (70,)))
    episode = session.episodes[2]
    np.testing.assert_array_equal(glance.observation, episode.observation[70])
    np.testing.assert_array_equal(glance.expert, episode.human_action[70])
    np.testing.assert_allclose(glance.policy, action)


def read(file: Path) -> list[Image]:
    """Every picture of an image file."""
    pictures = []
    with Pillow.open(file) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pictures.append(np.array(image.convert("RGB")))
    return pictures


def test_a_sheet_shows_all_moments_and_an_animation_one_after_another(session: Session, tmp_path: Path) -> None:
    seen = glances(constant_checkpoint(), moments(chosen_episodes(session, 2), (51, 60, 70, 80)))
    save_sheet(seen, tmp_path / "sheet.png")
    save_animation(seen, tmp_path / "animation.gif", 50)
    width, height = panel(seen[0]).size
    (sheet,) = read(tmp_path / "sheet.png")
    assert sheet.shape == (2 * height, 3 * width, 3)
    np.testing.assert_array_equal(sheet[height:, :width], np.array(panel(seen[3])))
    assert [picture.shape for picture in read(tmp_path / "animation.gif")] == [(height, width, 3)] * 4
    with Pillow.open(tmp_path / "animation.gif") as image:
        assert image.info["duration"] == 80
