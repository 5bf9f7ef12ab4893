from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.dataset import DatasetError, load_lessons, split_by_episode
from policy.filters import Filters, LastRound
from policy.labels import LabelRule
from policy.rows import Lesson
from policy.vision import Vision, see
from teleop.editing.compacting import compact
from teleop.frame import COAST, Source
from teleop.session import SessionError, open_session
from teleop.writer import SessionWriter
from tests import archives
from tests.lessons import expert_action, mark, record_episode, road_picture, toy_rows
from tests.sessions import add_layer


def lessons(*sessions: Path, said: list[str] | None = None, rule: str = "demos", **only: Any) -> list[Lesson]:
    said = [] if said is None else said
    return load_lessons(sessions, Vision(), LabelRule(rule), said.append, Filters(**only))


def toy_lessons(count: int) -> list[Lesson]:
    return [Lesson({"episode": f"{number:06d}"}, toy_rows(3, number)) for number in range(count)]


def test_a_demo_teaches_what_the_expert_saw_and_did(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, seed=5, rows=60)
    (lesson,) = lessons(session)
    bends = np.random.default_rng(5).uniform(-1, 1, 60)[50:]
    np.testing.assert_array_equal(lesson.rows.action, [expert_action(bend) for bend in bends])
    for row, bend in enumerate(bends):
        view, speed = see(road_picture(bend, noise=50 + row), Vision())
        np.testing.assert_array_equal(lesson.rows.view[row], view)
        assert lesson.rows.speed[row] == np.float32(speed)


def test_a_lesson_remembers_where_it_came_from(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, seed=5, rows=60)
    (lesson,) = lessons(session)
    digest = open_session(session).episodes[0].digest()
    origin = dict(lesson.origin)
    assert len(origin.pop("labels")) == 64
    assert origin == {"session": "toy.zarr", "episode": "000000", "seed": 5, "rows": 10, "digest": digest}


def test_a_lesson_tells_other_labels_on_the_same_recording_apart(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    episode = record_episode(session)
    (recorded,) = lessons(session)
    layer = np.full((90, 3), np.nan, np.float32)
    layer[60] = (0.5, 0, 0)
    add_layer(episode, "careful", layer)
    (relabelled,) = lessons(session, rule="layer:careful")
    assert relabelled.origin["digest"] == recorded.origin["digest"]
    assert relabelled.origin["labels"] != recorded.origin["labels"]
    np.testing.assert_array_equal(relabelled.rows.action[10], layer[60])


def test_the_second_in_which_the_camera_zooms_in_is_left_out(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, rows=55)
    assert lessons(session)[0].rows.step.tolist() == [50, 51, 52, 53, 54]


def test_coasting_with_hands_off_is_a_label_in_a_demo(tmp_path: Path) -> None:
    def hands_off(row: dict[str, Any]) -> None:
        row |= {"hands_on": False, "human_action": COAST, "action": COAST}

    session = tmp_path / "toy.zarr"
    record_episode(session, rows=55, edit=hands_off)
    np.testing.assert_array_equal(lessons(session)[0].rows.action, np.zeros((5, 3)))


def test_a_nudge_is_executed_but_never_a_label(tmp_path: Path) -> None:
    def nudged(row: dict[str, Any]) -> None:
        row |= {"nudge": 0.4, "action": np.array([0.4, 0, 0]), "human_action": COAST}

    session = tmp_path / "toy.zarr"
    record_episode(session, rows=55, edit=nudged)
    np.testing.assert_array_equal(lessons(session)[0].rows.action, np.zeros((5, 3)))


def test_rows_that_a_learner_drove_are_no_demonstration(tmp_path: Path) -> None:
    def learner_from_60(row: dict[str, Any]) -> None:
        if row["step"] >= 60:
            row |= {"driver": int(Source.LEARNER), "human_action": np.nan, "learner_action": COAST}

    session = tmp_path / "toy.zarr"
    record_episode(session, edit=learner_from_60)
    assert lessons(session)[0].rows.step.tolist() == list(range(50, 60))


def test_rows_taken_back_by_a_rewind_are_left_out(tmp_path: Path) -> None:
    def rewound_at_70(row: dict[str, Any]) -> None:
        row["step"] -= 0 if row["step"] < 70 else 10

    session = tmp_path / "toy.zarr"
    record_episode(session, rows=80, edit=rewound_at_70)
    rows = lessons(session)[0].rows
    assert rows.step.tolist() == list(range(50, 70))
    bends = np.random.default_rng(0).uniform(-1, 1, 80)
    np.testing.assert_array_equal(rows.action[:, 0], bends[[*range(50, 60), *range(70, 80)]].astype(np.float32))


def test_discarded_episodes_and_excluded_rows_are_left_out(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, seed=1)
    mark(record_episode(session, seed=2), discarded=True)
    mark(record_episode(session, seed=3, rows=60), excluded=[[0, 52], [55, 58]])
    kept, trimmed = lessons(session)
    assert kept.origin["seed"] == 1
    assert trimmed.rows.step.tolist() == [52, 53, 54, 58, 59]


def test_only_demonstrations_are_demonstrations(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, seed=1)
    record_episode(session, seed=2, mode="dagger")
    assert [lesson.origin["seed"] for lesson in lessons(session)] == [1]


def test_several_sessions_are_learned_together_in_order(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 1)):
        record_episode(tmp_path / f"{name}.zarr", seed=seed)
    loaded = lessons(tmp_path / "a.zarr", tmp_path / "b.zarr")
    assert [(lesson.origin["session"], lesson.origin["seed"]) for lesson in loaded] == [("a.zarr", 3), ("b.zarr", 1)]
    assert [set(lesson.rows.lesson.tolist()) for lesson in loaded] == [{0}, {1}]


def test_a_session_given_twice_is_refused_under_whatever_name(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session)
    shutil.copytree(session, tmp_path / "copy.zarr")
    (tmp_path / "link.zarr").symlink_to(session)
    for again in ("toy", "link.zarr", "copy.zarr"):
        with pytest.raises(DatasetError, match=rf"given once.*toy.zarr and .*{again}.* the same session.*name one"):
            lessons(session, tmp_path / again)


@pytest.mark.parametrize("mode", ["demo", "rollout"])
def test_a_session_that_drove_a_held_out_track_is_refused(tmp_path: Path, mode: Any) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, seed=1)
    mark(record_episode(session, seed=2, mode=mode), seed=900_000)
    with pytest.raises(DatasetError, match=r"from seed 900000 on .*toy.zarr was driven on 900000: leave this session"):
        lessons(session)


def test_pictures_of_another_shape_are_refused(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "toy.zarr", env={"id": "Other", "kwargs": {}}, observation_shape=(160, 320, 3)):
        pass
    with pytest.raises(DatasetError, match=r"pictures of \(96, 96, 3\).*are \(160, 320, 3\): leave this session out"):
        lessons(tmp_path / "toy.zarr")


def test_a_session_without_labels_is_refused(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    record_episode(session, rows=50)
    with pytest.raises(DatasetError, match=r"must label some rows past the first 50.*toy.zarr has none: record some"):
        lessons(session)


def test_a_missing_session_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="nowhere"):
        lessons(tmp_path / "nowhere")


def test_damaged_episodes_are_named_and_left_out(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    missing, garbage = record_episode(session, seed=1), record_episode(session, seed=2)
    record_episode(session, seed=3)
    next((missing / "step").glob("c*")).unlink()
    chunk = next((garbage / "observation").glob("c*"))
    chunk.write_bytes(chunk.read_bytes()[:-8] + b"garbage!")
    said: list[str] = []
    assert [lesson.origin["seed"] for lesson in lessons(session, said=said)] == [3]
    assert len(said) == 2
    assert "episode 000000 is left out" in said[0]
    assert "episode 000001 is left out" in said[1]


def test_an_archive_is_refused_and_the_error_says_how_it_is_restored(tmp_path: Path) -> None:
    compact(archives.record(tmp_path / "mine"), archives.HERE)
    with pytest.raises(DatasetError, match=r"every episode .* is archived.*`teleop compact --restore .*mine\.zarr`"):
        lessons(tmp_path / "mine")


def test_pictures_are_decoded_only_where_rows_are_labelled(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    short, dagger = record_episode(session, rows=50), record_episode(session, mode="dagger")
    record_episode(session, seed=3)
    for episode in (short, dagger):
        next((episode / "observation").glob("c*")).write_bytes(b"garbage")
    said: list[str] = []
    assert [lesson.origin["seed"] for lesson in lessons(session, said=said)] == [3]
    assert not said


def test_few_episodes_are_all_learned_from() -> None:
    loaded = toy_lessons(9)
    learned, held_out = split_by_episode(loaded, np.random.default_rng(0))
    assert list(learned) == loaded
    assert not held_out


@pytest.mark.parametrize(("episodes", "held"), [(10, 1), (20, 2), (100, 10)])
def test_a_tenth_of_the_episodes_is_held_out_whole(episodes: int, held: int) -> None:
    loaded = toy_lessons(episodes)
    learned, held_out = split_by_episode(loaded, np.random.default_rng(0))
    assert len(held_out) == held
    assert sorted(lesson.origin["episode"] for lesson in [*learned, *held_out]) == [
        lesson.origin["episode"] for lesson in loaded
    ]


def test_an_episode_that_does_not_pass_is_left_out_and_it_is_said(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    for seed, (operator, score, end) in enumerate(
        [("Ada", 900.5, "finished"), ("Bob", 900.5, "finished"), ("Ada", 12.0, "finished"), ("Ada", None, "crashed")]
    ):
        mark(record_episode(session, seed=seed), operator=operator, figures={"score": score}, end=end)

    def seeds(**only: Any) -> list[int]:
        return [lesson.origin["seed"] for lesson in lessons(session, said=said, **only)]

    said: list[str] = []
    assert seeds(operators=("Bob",)) == [1]
    assert seeds(operators=("Ada", "Bob"), min_score=12) == [0, 1, 2]
    assert seeds(outcomes=("crashed",)) == [3]
    assert [sentence.split(": ", 1)[1] for sentence in said] == [
        "3 of 4 episodes left out: its operator is Ada, not Bob",
        "1 of 4 episodes left out: its score is unknown, not 12 or more",
        "3 of 4 episodes left out: it ended as finished, not as crashed",
    ]


def test_of_one_session_only_the_rounds_so_far_teach_and_of_others_all_do(tmp_path: Path) -> None:
    corrections, earlier = tmp_path / "mine.zarr", tmp_path / "earlier.zarr"
    for seed, (session, number) in enumerate([(earlier, 3), (corrections, 1), (corrections, 2), (corrections, None)]):
        mark(record_episode(session, seed=seed), round=number)
    said: list[str] = []
    learned = lessons(earlier, corrections, said=said, until_round=LastRound(tmp_path / "mine", 1))
    assert [lesson.origin["seed"] for lesson in learned] == [0, 1, 3]
    assert "1 of 3 episodes left out: it was driven for round 2, and 1 is the last to learn from" in said[0]


def test_a_layer_that_no_episode_has_is_refused_and_those_that_are_there_are_named(tmp_path: Path) -> None:
    session = tmp_path / "toy.zarr"
    add_layer(record_episode(session), "careful", np.zeros((90, 3), np.float32))
    with pytest.raises(DatasetError, match=r"needs an episode with that layer; these sessions have careful: name one"):
        lessons(session, rule="layer:careless")
    assert len(lessons(session, rule="layer:careful")) == 1
