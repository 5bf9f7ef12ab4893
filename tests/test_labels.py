from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.kinds import Kind
from policy.labels import LabelRule, Labels
from teleop.frame import COAST, Mode, Source
from teleop.session import Episode, open_session
from tests.lessons import EditRow, as_it_is, mark, record_episode
from tests.sessions import add_layer

LEARNER = int(Source.LEARNER)


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Episode]:
    """Records one episode of 90 rows, in which the steering of row t is t / 100, and opens it."""

    def make(mode: Mode = "dagger", edit: EditRow = as_it_is, rows: int = 90, **attrs: Any) -> Episode:
        def row_by_row(row: dict[str, Any]) -> None:
            action = np.array([row["step"] / 100, 0.5, 0], np.float32)
            row |= {"action": action, "human_action": action}
            edit(row)

        mark(record_episode(tmp_path / "toy.zarr", rows=rows, mode=mode, edit=row_by_row), **attrs)
        return open_session(tmp_path / "toy.zarr").episodes[-1]

    return make


def driven_by_a_learner(row: dict[str, Any]) -> None:
    """From step 60 on, and nobody has an opinion."""
    if row["step"] >= 60:
        row |= {"driver": LEARNER, "learner_action": row["action"], "human_action": COAST, "hands_on": False}


def watched_then_taken_over(row: dict[str, Any]) -> None:
    """A learner drives up to 70, with the expert's hands on from 60; hands off again from 80, while he drives on."""
    if row["step"] < 70:
        row |= {"driver": LEARNER, "learner_action": row["action"]}
    row["hands_on"] = 60 <= row["step"] < 80


def rows_of(labels: Labels, kind: Kind) -> list[int]:
    return np.flatnonzero(labels.kind == kind).tolist()


def test_just_before_a_takeover_hands_label_nothing_but_a_coin_surprises_nobody(
    recorded: Callable[..., Episode],
) -> None:
    def every_other(row: dict[str, Any]) -> None:
        if row["step"] % 2:
            row |= {"driver": LEARNER, "learner_action": row["action"]}

    by_hand = LabelRule("labelled").read(recorded(edit=every_other))
    assert not rows_of(by_hand, Kind.SHADOW)[:-1]
    by_coin = LabelRule("labelled").read(recorded(edit=every_other, gate="mixed 0.5"))
    assert rows_of(by_coin, Kind.SHADOW) == list(range(51, 90, 2))


def test_demos_are_what_the_expert_drove_in_demonstrations(recorded: Callable[..., Episode]) -> None:
    for mode in ("demo", "import"):
        labels = LabelRule("demos").read(recorded(mode, driven_by_a_learner))
        assert rows_of(labels, Kind.DEMO) == list(range(50, 60))
        assert labels.labelled.sum() == 10
    for mode in ("dagger", "rollout"):
        assert not LabelRule("demos").read(recorded(mode)).labelled.any()


def test_a_retake_teaches_from_the_step_at_which_it_left_its_parent(recorded: Callable[..., Episode]) -> None:
    episode = recorded("retake", parent={"session": "toy.zarr", "episode": "000000", "step": 72})
    for name in ("demos", "corrections", "labelled"):
        assert rows_of(LabelRule(name).read(episode), Kind.DEMO) == list(range(72, 90))


def test_corrections_are_what_was_driven_with_hands_on_after_a_takeover(recorded: Callable[..., Episode]) -> None:
    labels = LabelRule("corrections").read(recorded(edit=watched_then_taken_over))
    assert rows_of(labels, Kind.TAKEOVER) == list(range(70, 80))
    assert labels.labelled.sum() == 10


def test_labelled_takes_hands_on_beside_a_driving_learner_too(recorded: Callable[..., Episode]) -> None:
    labels = LabelRule("labelled", before_takeover_s=0).read(recorded(edit=watched_then_taken_over))
    assert rows_of(labels, Kind.SHADOW) == list(range(60, 70))
    assert rows_of(labels, Kind.TAKEOVER) == list(range(70, 80))
    np.testing.assert_allclose(labels.action[60:80, 0], np.arange(60, 80) / 100)


def test_just_before_a_takeover_hands_that_were_on_label_nothing(recorded: Callable[..., Episode]) -> None:
    episode = recorded(edit=watched_then_taken_over)
    assert rows_of(LabelRule(before_takeover_s=0.08).read(episode), Kind.SHADOW) == list(range(60, 66))
    assert not rows_of(LabelRule().read(episode), Kind.SHADOW)


def test_what_is_relabelled_after_a_rewind_counts_up_to_the_very_takeover(recorded: Callable[..., Episode]) -> None:
    def rewound_then_taken_over(row: dict[str, Any]) -> None:
        row["hands_on"] = row["step"] >= 70
        if row["step"] < 80:
            row |= {"driver": LEARNER, "learner_action": row["action"]}
        row["step"] -= 0 if row["step"] < 70 else 10

    labels = LabelRule("labelled", before_takeover_s=0.5).read(recorded(edit=rewound_then_taken_over))
    assert rows_of(labels, Kind.SHADOW) == list(range(70, 80))
    assert rows_of(labels, Kind.TAKEOVER) == list(range(80, 90))


def test_before_a_takeover_is_told_by_the_persons_time_not_by_the_games(recorded: Callable[..., Episode]) -> None:
    def in_slow_motion(row: dict[str, Any]) -> None:
        watched_then_taken_over(row)
        row["time_scale"] = 0.25

    labels = LabelRule(before_takeover_s=0.16).read(recorded(edit=in_slow_motion))
    assert rows_of(labels, Kind.SHADOW) == list(range(60, 68))


def test_of_demonstrations_labelled_takes_exactly_what_demos_takes(recorded: Callable[..., Episode]) -> None:
    episode = recorded("demo", excluded=[[70, 75]])
    demos, labelled = LabelRule("demos").read(episode), LabelRule("labelled").read(episode)
    np.testing.assert_array_equal(demos.kind, labelled.kind)
    np.testing.assert_array_equal(demos.action, labelled.action)


def test_a_layer_lies_over_what_is_labelled(recorded: Callable[..., Episode]) -> None:
    layer = np.full((90, 3), np.nan, np.float32)
    layer[65:72] = (-0.5, 0, 1)
    episode = recorded(edit=watched_then_taken_over, excluded=[[66, 67]])
    add_layer(episode.path, "careful", layer, committed=71)
    labels = LabelRule("layer:careful").read(episode)
    assert rows_of(labels, Kind.LAYER) == [65, 67, 68, 69, 70]
    assert rows_of(labels, Kind.TAKEOVER) == list(range(71, 80))
    np.testing.assert_array_equal(labels.action[70], layer[70])
    assert labels.action[71, 0] == np.float32(0.71)


def test_the_first_second_is_left_out_unless_asked_for(recorded: Callable[..., Episode]) -> None:
    episode = recorded("demo")
    assert rows_of(LabelRule().read(episode), Kind.DEMO) == list(range(50, 90))
    assert rows_of(LabelRule(zoom_in=True).read(episode), Kind.DEMO) == list(range(90))


def test_a_label_leads_by_what_the_expert_did_later_and_never_past_the_end(recorded: Callable[..., Episode]) -> None:
    labels = LabelRule(lead=6).read(recorded("demo"))
    assert rows_of(labels, Kind.DEMO) == list(range(50, 84))
    np.testing.assert_allclose(labels.action[50:84, 0], np.arange(56, 90) / 100)


def test_a_lead_is_counted_in_the_persons_time(recorded: Callable[..., Episode]) -> None:
    def slow_from_70(row: dict[str, Any]) -> None:
        row["time_scale"] = 1.0 if row["step"] < 70 else 0.25

    labels = LabelRule(lead=8).read(recorded("demo", slow_from_70))
    later = np.round(labels.action[:, 0] * 100).astype(int) - np.arange(90)
    assert set(later[50:62]) == {8}
    assert set(later[70:88]) == {2}
    assert later[66] == 4  # three ticks at full speed, then a quarter
    assert rows_of(labels, Kind.DEMO)[-1] == 87


def test_a_lead_never_reaches_across_a_takeover_or_a_hand_back(recorded: Callable[..., Episode]) -> None:
    labels = LabelRule(lead=4, before_takeover_s=0).read(recorded(edit=watched_then_taken_over))
    assert rows_of(labels, Kind.SHADOW) == list(range(60, 66))
    assert rows_of(labels, Kind.TAKEOVER) == list(range(70, 76))


def test_a_lead_never_reaches_across_a_rewind(recorded: Callable[..., Episode]) -> None:
    def rewound_at_70(row: dict[str, Any]) -> None:
        row["step"] -= 0 if row["step"] < 70 else 10

    labels = LabelRule(lead=4).read(recorded("demo", rewound_at_70))
    assert rows_of(labels, Kind.DEMO) == [*range(50, 56), *range(70, 86)]


def test_a_lead_never_reaches_across_a_pause(recorded: Callable[..., Episode]) -> None:
    def paused_before_70(row: dict[str, Any]) -> None:
        row["time_ns"] += 3_000_000_000 if row["step"] >= 70 else 0

    labels = LabelRule(lead=4).read(recorded("demo", paused_before_70))
    assert rows_of(labels, Kind.DEMO) == [*range(50, 66), *range(70, 86)]


def test_a_lead_never_reaches_across_rows_that_are_excluded(recorded: Callable[..., Episode]) -> None:
    labels = LabelRule(lead=4).read(recorded("demo", excluded=[[70, 71]]))
    assert rows_of(labels, Kind.DEMO) == [*range(50, 66), *range(71, 86)]


@pytest.mark.parametrize("name", ["", "everything", "layer:", "layer"])
def test_a_rule_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"--labels is demos, corrections, labelled or layer:NAME; got"):
        LabelRule(name)
