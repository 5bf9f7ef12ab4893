from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from policy.batches import batches
from policy.checkpoint import load_checkpoint
from policy.cli import run
from policy.config import TrainConfig
from policy.dataset import DatasetError, load_lessons
from policy.glances import glances, moments
from policy.heads import HEADS
from policy.labels import LabelRule
from policy.learner import Learner
from policy.models import PilotNet
from policy.offline import evaluate
from policy.pictures import panel
from policy.road_augment import CAMERA_HEIGHT, PITCH, AstrayOnRoad, correction, moved
from policy.rows import Lesson
from policy.saliency import saliency
from policy.train import train
from policy.udacity import SEEN, evened, sampled, taught
from policy.vision import Vision, see
from policy.worlds import vision_for
from teleop.errors import UsageError
from teleop.exchange.udacity_log import Recording, import_recording
from teleop.frame import Image
from teleop.learners import LearnerFrom
from teleop.session import open_session
from tests.driving_logs import record_log, road_scene
from tests.lessons import record_episode


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five drives of a dozen rows, steered where the road leads."""
    folder = tmp_path_factory.mktemp("drives")
    for seed in range(5):
        record_log(folder / "log", rows=13, seed=seed)
    return import_recording(Recording(folder / "log"), folder / "drives").session


def config(*sessions: Path, **asked: Any) -> TrainConfig:
    out = sessions[0].with_name(f"policy-{asked.get('steps', 2)}.safetensors")
    options: dict[str, Any] = {"arch": "pilotnet", "steps": 2, "batch_size": 4} | asked
    return TrainConfig(sessions=sessions, out=out, **options)


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


def lessons(session: Path) -> list[Lesson]:
    return load_lessons([session], SEEN, LabelRule(), lambda _: None)


def taught_by(session: Path, side_offset: float = 0.2) -> list[Lesson]:
    return taught(lessons(session), SEEN, side_offset, np.random.default_rng(0), lambda _: None)


def test_a_view_is_rows_60_to_134_in_yuv() -> None:
    observation = road_scene(0.3)
    view, speed = see(observation, SEEN)
    expected = cv2.resize(observation[60:135], (200, 66), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(view, cv2.cvtColor(expected, cv2.COLOR_RGB2YUV))
    assert speed == 0
    hidden = observation.copy()
    hidden[:60], hidden[135:] = 7, 9
    np.testing.assert_array_equal(see(hidden, SEEN)[0], view)


UDACITYS: dict[str, Any] = {"width": 200, "height": 66, "rows": 75, "speed": False, "world": "Udacity"}


@pytest.mark.parametrize("fields", [{"rows": 84}, {"speed": True}, {"world": "Mars"}])
def test_a_view_that_udacity_does_not_offer_is_none(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rows are 75|shows? no speed|world is CarRacing-v3 or Udacity; got 'Mars'"):
        Vision(**UDACITYS | fields)


@pytest.mark.parametrize("loss", HEADS)
def test_pilotnet_steers_with_the_published_number_of_parameters_and_leaves_the_pedals(loss: str) -> None:
    network = PilotNet(SEEN, HEADS[loss])
    outputs = 11 * HEADS[loss].values
    assert sum(weight.numel() for weight in network.parameters()) == 252_219 - 11 + outputs
    view, speed = torch.randint(0, 256, (2, 66, 200, 3), dtype=torch.uint8), torch.zeros(2)
    assert network(view, speed).shape == (2, 3 * HEADS[loss].values)
    actions = network.act(view, speed)
    assert actions[:, 1:].tolist() == [[0, 0], [0, 0]]
    assert actions[0, 0] != 0


def test_every_moment_teaches_what_its_three_cameras_saw(session: Path) -> None:
    lesson, first = lessons(session)[0], taught_by(session)[0]
    moments = len(first.rows) // 3
    assert moments >= 6
    center, left, right = (first.rows[np.arange(n * moments, (n + 1) * moments)] for n in range(3))
    np.testing.assert_array_equal(left.step, center.step)
    np.testing.assert_array_equal(left.action[:, 0], np.clip(center.action[:, 0] + np.float32(0.2), -1, 1))
    np.testing.assert_array_equal(right.action[:, 0], np.clip(center.action[:, 0] - np.float32(0.2), -1, 1))
    episode = open_session(session).episodes[0]
    for rows, name in ((center, "observation"), (left, "observation_left"), (right, "observation_right")):
        view, _ = see(episode.column(name)[rows.step[3]], SEEN)
        np.testing.assert_array_equal(rows.view[3], view)
    assert (first.rows.action[:, 1:] == 0).all()
    np.testing.assert_allclose(lesson.rows.speed, episode.pose[:, 3])


def test_a_session_without_side_cameras_teaches_by_the_one_in_the_middle(session: Path) -> None:
    alone = [Lesson(lesson.origin, lesson.rows) for lesson in lessons(session)]
    rows = taught(alone, SEEN, 0.2, np.random.default_rng(0), lambda _: None)
    assert sum(len(lesson.rows) for lesson in rows) <= sum(len(lesson.rows) for lesson in alone)


def test_the_mirror_turns_the_left_camera_into_the_right(session: Path) -> None:
    (lesson, *_) = taught_by(session)
    weight = np.ones(len(lesson.rows))
    drawn = next(batches(lesson.rows, weight, 20, np.random.default_rng(1)))
    for view, steering in zip(drawn.view, drawn.action[:, 0], strict=True):
        same = [row for row, known in enumerate(lesson.rows.view) if np.array_equal(known, view)]
        mirrored = [row for row, known in enumerate(lesson.rows.view) if np.array_equal(known[:, ::-1], view)]
        expected = lesson.rows.action[same, 0] if same else -lesson.rows.action[mirrored, 0]
        assert steering in expected


def test_straight_driving_is_thinned_and_bends_are_all_kept() -> None:
    straight, bends = np.zeros(900, np.float32), np.linspace(-0.8, 0.8, 100, dtype=np.float32)
    steering = np.concatenate([straight, bends])
    kept = evened(steering, np.random.default_rng(0))
    assert kept[np.abs(steering) > 0.04].all()
    assert 30 < kept[:900].sum() < 70, "the mean over bins is 1000 / 21"
    again = evened(steering, np.random.default_rng(0))
    np.testing.assert_array_equal(kept, again)
    assert evened(bends, np.random.default_rng(0)).mean() > 0.8


@pytest.mark.parametrize(("hz", "a_second"), [(10, 10), (15, 10), (50, 10), (5, 5)])
def test_at_most_ten_rows_a_second_are_learned_from(hz: int, a_second: int) -> None:
    time_ns = np.arange(10 * hz) * 1_000_000_000 // hz
    assert sampled(time_ns).sum() == pytest.approx(10 * a_second, abs=2)
    assert (np.diff(time_ns[sampled(time_ns)]) > 50_000_000).all()


def seen_on_the_ground(points: Sequence[tuple[float, float]], shift: float = 0.0, turn: float = 0.0) -> Image:
    """uint8 (1, 66, 200, 3): dots on a road, at metres (right, ahead) of the camera, which then moves and turns."""
    picture = np.zeros((160, 320, 3), np.uint8)
    for right, ahead in points:
        x, z = right - shift, ahead
        x, z = x * np.cos(turn) - z * np.sin(turn), x * np.sin(turn) + z * np.cos(turn)
        depth = z * np.cos(PITCH) + CAMERA_HEIGHT * np.sin(PITCH)
        down = CAMERA_HEIGHT * np.cos(PITCH) - z * np.sin(PITCH)
        focal = 80 / np.tan(np.radians(30))
        place = 159.5 + focal * x / depth, 79.5 + focal * down / depth
        cv2.circle(picture, (round(place[0] * 16), round(place[1] * 16)), 48, (255, 255, 255), -1, shift=4)
    view, _ = see(picture, Vision(200, 66, "RGB", 75, False, "Udacity"))
    return view[None]


def middles(view: Image) -> list[tuple[float, float]]:
    """Where the dots are, from left to right."""
    _, _, _, centroids = cv2.connectedComponentsWithStats((view[0, :, :, 0] > 60).astype(np.uint8))
    return sorted(map(tuple, centroids[1:].tolist()))


@pytest.mark.parametrize(("shift", "turn_deg"), [(0.8, 0.0), (-0.5, 0.0), (0.0, 4.0), (0.0, -6.0), (0.6, -3.0)])
def test_a_moved_view_shows_the_ground_where_geometry_says(shift: float, turn_deg: float) -> None:
    points = [(-2.0, 9.0), (0.0, 6.0), (1.5, 12.0)]
    turn = float(np.radians(turn_deg))
    got = moved(seen_on_the_ground(points), SEEN, floats(*[shift]), floats(*[turn]))
    expected = seen_on_the_ground(points, shift, turn)
    assert len(middles(expected)) == 3
    np.testing.assert_allclose(middles(got), middles(expected), atol=1.0)


def test_the_correction_leads_back_in_two_seconds() -> None:
    """0.81 m aside at 9 and 30 miles an hour, and at rest: by a simple arc, and no shorter than seven metres."""
    steering = correction(floats(*[4.02, 13.4, 0.0]), floats(*[0.81, 0.81, 0.81]), np.zeros(3, np.float32))
    np.testing.assert_allclose(steering, [-0.16, -0.015, -0.21], atol=0.01)
    left, right = correction(floats(*[8, 8]), np.zeros(2, np.float32), floats(*[-0.05, 0.05]))
    assert left == -right > 0


def test_augmentation_moves_views_and_steers_back(session: Path) -> None:
    rows = taught_by(session)[0].rows
    before = rows.view.copy(), rows.action.copy()
    AstrayOnRoad(SEEN, shift=0.4, turn_deg=2)(rows, np.random.default_rng(0))
    changed = rows.action[:, 0] - before[1][:, 0]
    assert changed.std() > 0.01
    assert np.abs(changed.mean()) < 0.1
    assert (rows.action[:, 1:] == 0).all()
    assert (rows.view != before[0]).any(axis=(1, 2, 3)).all()


@pytest.fixture(scope="module")
def policy(session: Path) -> Path:
    """Trained on the five drives, too short to drive: what a trained one does, the closed loop shows."""
    return train(config(session, steps=3)).checkpoint


def test_the_command_keeps_the_average_and_says_so(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = session.with_name("other.safetensors")
    asked = ["train", "--arch", "pilotnet", "--steps", "1", "--batch-size", "4", "--shift", "0.3", "--out", str(out)]
    assert run([*asked, str(session)]) == 0
    said = capsys.readouterr().err
    assert "moments kept" in said
    assert "nothing is chosen, the weights' average is kept" in said
    assert f"Next: teleop udacity --learner {out}" in said
    assert "selection" not in load_checkpoint(out).metrics


def test_a_learner_steers_and_works_no_pedal(policy: Path) -> None:
    action = Learner.load(policy).act(road_scene(0.7))
    assert 0 < abs(action[0]) < 1
    assert action[1:].tolist() == [0, 0]


def test_each_world_refuses_the_others_policies(policy: Path) -> None:
    learner = Learner.load(policy)
    assert learner.observation_shape == (160, 320, 3)
    with pytest.raises(ValueError, match=r"uint8 \(160, 320, 3\), as Udacity gives it; got uint8 \(96, 96, 3\)"):
        learner.act(np.zeros((96, 96, 3), np.uint8))
    with pytest.raises(UsageError, match="teleop udacity --learner"):
        LearnerFrom(policy)()


def test_training_goes_on_with_the_same_moments_that_it_chose_at_first(session: Path) -> None:
    first = load_checkpoint(train(config(session, shift=0.2)).checkpoint).weights
    again = load_checkpoint(train(config(session, shift=0.2, resume=True)).checkpoint).weights
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_visual_backprop_looks_at_the_view_alone_and_its_pictures_fit_the_observation(
    session: Path, policy: Path
) -> None:
    checkpoint = load_checkpoint(policy)
    mask = saliency(checkpoint.build(), checkpoint.vision, road_scene(0.2))
    assert mask.shape == (160, 320)
    assert not mask[:60].any()
    assert not mask[135:].any()
    assert mask.max() > 0
    episode = open_session(session).episodes[0]
    (glance,) = glances(checkpoint, moments([episode], (), first=0)[:1])
    assert panel(glance).size == (640, 160 + 14)


def test_worlds_are_not_mixed(session: Path, tmp_path: Path) -> None:
    toy = tmp_path / "toy.zarr"
    record_episode(toy)
    for first, second in ((session, toy), (toy, session)):
        with pytest.raises(DatasetError, match=r"a policy sees one world.*leave this session out, and train another"):
            train(config(first, second, arch="pilotnet"))


def test_a_policy_is_looked_at_in_its_own_world(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = tmp_path / "toy.zarr"
    record_episode(toy)
    assert run(["saliency", str(policy), str(toy), "--out", str(tmp_path / "out")]) == 1
    assert "a policy sees one world" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"arch": "bc"}, "got --arch bc"),
        ({"native": True, "dashboard": True}, "got --native, --dashboard"),
        ({"dashboard": True}, "got --dashboard"),
        ({"setting_off": 0.1}, "got --setting-off"),
    ],
)
def test_what_udacitys_world_does_not_offer_is_refused(session: Path, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        vision_for(config(session, **asked))


def test_offline_evaluation_reads_what_the_middle_camera_saw(session: Path, policy: Path) -> None:
    found = evaluate(load_checkpoint(policy), lessons(session))
    assert found.total.rows == 60
    assert 0 < found.total.steering < 1
    assert found.total.gas == found.total.brake == 0
