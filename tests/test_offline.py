from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from policy.checkpoint import Checkpoint, CheckpointError
from policy.dataset import load_lessons
from policy.kinds import Kind
from policy.labels import LabelRule
from policy.offline import Changes, copycat_test, errors, evaluate, rule_of
from policy.rows import Lesson, Rows
from policy.vision import Vision
from tests.lessons import constant_checkpoint, expert_action, record_episode, toy_rows

HALF_LEFT = np.array([-0.5, 0.5, 0.0], np.float32)


def rows_that_do(steering: list[float], steps: list[int] | None = None) -> Rows:
    """Rows in which the expert steers like this and works no pedal."""
    rows = toy_rows(len(steering))
    action = np.zeros((len(steering), 3), np.float32)
    action[:, 0] = steering
    step = rows.step if steps is None else np.array(steps, np.int32)
    return replace(rows, action=action, step=step)


def steering_test(rows: Rows, guess: list[float]) -> Changes:
    policy = np.zeros((len(guess), 3), np.float32)
    policy[:, 0] = guess
    return copycat_test(policy, rows)[0]


def test_errors_are_told_for_each_action() -> None:
    policy = np.array([[0.5, 1.0, 0.0], [0.0, 0.0, 0.0]], np.float32)
    expert = np.array([[-0.5, 0.8, 0.0], [0.1, 0.0, 0.3]], np.float32)
    found = errors(policy, expert)
    assert found.rows == 2
    assert [found.steering, found.gas, found.brake] == pytest.approx([0.55, 0.1, 0.15])
    assert found.mse == pytest.approx(0.19)


def test_who_repeats_the_last_action_has_a_small_error_and_foresees_no_change() -> None:
    hand = [0.0] * 20 + [1.0] * 20
    copycat = [0.0, *hand[:-1]]
    found = steering_test(rows_that_do(hand), copycat)
    assert found.error == found.repeat_error == pytest.approx(1 / 39)
    assert found.changes == 1
    assert found.change_accuracy == found.repeat_change_accuracy == 0
    assert found.change_error == found.repeat_change_error == 1


def test_who_sees_the_road_foresees_changes_in_spite_of_a_larger_error() -> None:
    hand = [0.0] * 20 + [1.0] * 20
    found = steering_test(rows_that_do(hand), [value + 0.2 for value in hand])
    assert found.error > found.repeat_error
    assert found.change_accuracy == 1
    assert found.change_error == pytest.approx(0.2)


def test_a_smooth_hand_changes_where_it_moves_most() -> None:
    hand = np.cumsum([0.0, *[0.02] * 80, *[0.05] * 10]).tolist()
    found = steering_test(rows_that_do(hand), hand)
    assert (found.rows, found.changes) == (90, 10)
    assert found.threshold == pytest.approx(0.05)


def test_a_hand_that_rests_never_changes() -> None:
    found = steering_test(rows_that_do([0.3] * 30), [0.0] * 30)
    assert found.changes == 0
    assert found.change_accuracy is found.change_error is found.repeat_change_accuracy is None


def test_a_row_is_only_compared_with_the_row_just_before_it() -> None:
    rows = rows_that_do([0.0, 0.0, 1.0, 1.0, 0.0], steps=[50, 51, 60, 61, 62])
    assert steering_test(rows, [0.0] * 5).rows == 3
    joined = Rows.joined([rows_that_do([0.0] * 3), replace(rows_that_do([1.0] * 3), lesson=np.ones(3, np.int32))])
    assert steering_test(joined, [0.0] * 6).rows == 4


@pytest.fixture
def lessons(tmp_path: Path) -> list[Lesson]:
    for seed in range(3):
        record_episode(tmp_path / "toy.zarr", seed=seed, rows=60 + seed)
    return load_lessons([tmp_path / "toy.zarr"], Vision(), LabelRule(), lambda _: None)


def knowing(lessons: list[Lesson]) -> Checkpoint:
    """A policy that always steers half left, learned from the first lesson and validated on the second."""
    first, second, _ = (dict(lesson.origin) for lesson in lessons)
    return replace(constant_checkpoint(HALF_LEFT), episodes=(first, second | {"held_out": True, "session": "renamed"}))


def test_a_policy_is_compared_with_every_label(lessons: list[Lesson]) -> None:
    found = evaluate(constant_checkpoint(HALF_LEFT), lessons)
    bends = np.concatenate([np.random.default_rng(n).uniform(-1, 1, 60 + n)[50:] for n in range(3)])
    assert found.total.rows == len(bends) == 33
    assert found.total.steering == pytest.approx(float(np.abs(bends + 0.5).mean()), abs=1e-6)
    assert found.total.gas == 0
    assert found.total.brake == pytest.approx(float(expert_action(0.0)[2]))
    assert [(one.seed, one.errors.rows) for one in found.episodes] == [(0, 10), (1, 11), (2, 12)]


def test_rows_that_training_saw_are_told_apart_by_their_content(lessons: list[Lesson]) -> None:
    found = evaluate(knowing(lessons), lessons)
    assert [one.seen for one in found.episodes] == ["learned from", "validated on", "new"]
    assert {seen: part.rows for seen, part in found.by_seen.items()} == {
        "learned from": 10,
        "validated on": 11,
        "new": 12,
    }
    assert found.by_seen["new"] == found.episodes[2].errors


def test_errors_are_told_for_each_kind_of_row(lessons: list[Lesson]) -> None:
    rows = lessons[0].rows
    rows.kind[:4] = Kind.TAKEOVER
    found = evaluate(knowing(lessons), lessons)
    assert {kind: part.rows for kind, part in found.by_kind.items()} == {"demo": 29, "takeover": 4}
    assert found.by_kind["takeover"].steering == pytest.approx(np.abs(rows.action[:4, 0] + 0.5).mean())


def test_a_policy_is_asked_by_the_rule_it_learned_by() -> None:
    checkpoint = replace(constant_checkpoint(), labels="corrections", config={"label_lead": 7, "zoom_in": True})
    assert rule_of(checkpoint) == LabelRule("corrections", lead=7, zoom_in=True)
    assert rule_of(checkpoint, "demos") == LabelRule("demos", lead=7, zoom_in=True)


@pytest.mark.parametrize("config", [{"label_lead": -1}, {"label_lead": "7"}, {"before_takeover_s": float("nan")}])
def test_a_checkpoint_with_a_rule_that_is_none_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="must tell the rule it learned by"):
        rule_of(replace(constant_checkpoint(), config=config))
