"""What is learned from, as `policy train` is asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from policy.batches import Ingredient
from policy.checkpoint import load_checkpoint
from policy.config import TrainConfig
from policy.train import train
from teleop.frame import COAST, Source
from tests.lessons import mark, record_episode


def taken_over_at_60(row: dict[str, Any]) -> None:
    """A learner drives alone before."""
    if row["step"] < 60:
        row |= {"driver": int(Source.LEARNER), "learner_action": row["action"]}
        row |= {"human_action": COAST, "hands_on": False}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two demonstrations and a correction."""
    path = tmp_path_factory.mktemp("sessions") / "toy.zarr"
    record_episode(path, seed=0)
    mark(record_episode(path, seed=1), operator="Ada")
    record_episode(path, seed=2, mode="dagger", edit=taken_over_at_60)
    return path


def weights_of(session: Path, out: Path, **options: Any) -> torch.Tensor:
    """Every number of the policy that four steps of training make."""
    train(TrainConfig((session,), out, steps=4, **options))
    return torch.cat([tensor.flatten() for _, tensor in sorted(load_checkpoint(out).weights.items())])


def test_a_session_of_demonstrations_teaches_the_same_by_every_rule(tmp_path: Path) -> None:
    record_episode(tmp_path / "demos.zarr")
    demos, corrections, labelled = (
        weights_of(tmp_path / "demos.zarr", tmp_path / rule, labels=rule)
        for rule in ("demos", "corrections", "labelled")
    )
    assert torch.equal(demos, corrections)
    assert torch.equal(demos, labelled)


def test_what_a_batch_holds_is_shown_before_training(session: Path, tmp_path: Path) -> None:
    shown: list[Ingredient] = []
    train(TrainConfig((session,), tmp_path / "policy", steps=1, weights="takeover=4"), show=shown.extend)
    assert [(one.kind, one.rows, one.episodes) for one in shown] == [("demo", 80, 2), ("takeover", 30, 1)]
    assert [one.share for one in shown] == pytest.approx([0.4, 0.6])


@pytest.mark.parametrize(
    ("options", "episodes"),
    [
        ({"labels": "demos"}, [0, 1]),
        ({"labels": "corrections"}, [0, 1, 2]),
        ({"operator": ("Ada",)}, [1]),
        ({"zoom_in": True, "labels": "demos"}, [0, 1]),
    ],
)
def test_the_checkpoint_tells_what_was_asked_for_and_taken(
    session: Path, tmp_path: Path, options: dict[str, Any], episodes: list[int]
) -> None:
    train(TrainConfig((session,), tmp_path / "policy", steps=1, **options))
    checkpoint = load_checkpoint(tmp_path / "policy")
    assert [episode["seed"] for episode in checkpoint.episodes] == episodes
    assert checkpoint.labels == options.get("labels", "labelled")
    assert all(list(np.atleast_1d(checkpoint.config[name])) == list(np.atleast_1d(options[name])) for name in options)
    assert checkpoint.episodes[-1]["rows"] == (90 if "zoom_in" in options else 30 if 2 in episodes else 40)


@pytest.mark.parametrize("options", [{"shift": 2.0}, {"turn_deg": 8.0}, {"label_lead": 3}, {"weights": "takeover=2"}])
def test_every_option_changes_what_is_learned(session: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    plain = weights_of(session, tmp_path / "plain")
    assert torch.equal(plain, weights_of(session, tmp_path / "again"))
    assert not torch.equal(plain, weights_of(session, tmp_path / "changed", **options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "all"}, "--labels is demos, corrections, labelled or layer:NAME; got 'all'"),
        ({"weights": "most"}, "--weights is uniform, half-corrections, or weights like"),
        ({"label_lead": -1}, "--label-lead is at least 0; got -1"),
        ({"before_takeover_s": np.nan}, "--before-takeover-s is a number from 0 up; got nan"),
        ({"setting_off": 1.5}, "--setting-off is from 0 to 1; got 1.5"),
        ({"shift": -1.0}, "--shift is a number from 0 up; got -1.0"),
        ({"turn_deg": np.inf}, "--turn-deg is a number from 0 up; got inf"),
    ],
)
def test_a_recipe_that_can_not_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainConfig((Path("toy.zarr"),), Path("policy"), **options)
