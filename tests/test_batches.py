from __future__ import annotations

import numpy as np
import pytest

from policy.batches import batches, ingredients
from policy.kinds import Kind
from policy.rows import Rows
from policy.weights import Weights, WeightsError
from tests.lessons import toy_rows

ONE = np.ones


def test_every_row_comes_once_before_any_comes_again() -> None:
    stream = batches(toy_rows(10), np.ones(10), 4, np.random.default_rng(0))
    steps = np.concatenate([next(stream).step for _ in range(5)])
    assert sorted(steps[:10]) == sorted(steps[10:]) == list(range(10))
    assert steps[:10].tolist() != steps[10:].tolist()


def test_a_batch_may_be_larger_than_the_rows() -> None:
    batch = next(batches(toy_rows(3), np.ones(3), 8, np.random.default_rng(0)))
    assert np.bincount(batch.step).tolist() in ([3, 3, 2], [3, 2, 3], [2, 3, 3])


def test_half_of_a_batch_is_mirrored_and_the_rows_in_memory_stay_as_they_are() -> None:
    rows = toy_rows(200)
    before = rows.view.copy()
    batch = next(batches(rows, np.ones(200), 200, np.random.default_rng(0)))
    mirrored = batch.action[:, 0] < 0
    assert 70 < mirrored.sum() < 130
    np.testing.assert_array_equal(rows.view, before)
    for view, step, flipped in zip(batch.view, batch.step, mirrored, strict=True):
        np.testing.assert_array_equal(view, before[step][:, ::-1] if flipped else before[step])


def mixed_rows(**counts: int) -> Rows:
    """Rows of several kinds, a lesson for each."""
    return Rows.joined(
        [toy_rows(count, lesson, Kind[name.upper()]) for lesson, (name, count) in enumerate(counts.items())]
    )


def drawn(rows: Rows, rule: str, batch_count: int) -> list[float]:
    """How often the rows of each kind came, as shares."""
    stream = batches(rows, Weights(rule).of(rows.kind), 100, np.random.default_rng(0))
    kinds = np.concatenate([next(stream).kind for _ in range(batch_count)])
    return [float((kinds == kind).mean()) for kind in np.unique(kinds)]


def test_half_of_what_is_learned_from_are_corrections_if_asked() -> None:
    rows = mixed_rows(demo=900, takeover=60, shadow=40)
    assert drawn(rows, "half-corrections", 100) == pytest.approx([0.5, 0.3, 0.2], abs=0.01)


def test_a_row_of_weight_three_comes_three_times_as_often_and_one_of_none_never() -> None:
    rows = mixed_rows(demo=500, takeover=100, shadow=200)
    assert drawn(rows, "takeover=3,shadow=0", 80) == pytest.approx([5 / 8, 3 / 8], abs=0.01)


def test_rows_of_equal_weight_come_equally_often_within_an_epoch() -> None:
    rows = mixed_rows(demo=50, takeover=25)
    batch = next(batches(rows, Weights("takeover=4").of(rows.kind), 75, np.random.default_rng(0)))
    times = np.bincount(batch.step[batch.kind == Kind.TAKEOVER], minlength=25)
    assert times.tolist() == [2] * 25


def test_what_a_batch_holds_is_told_kind_by_kind() -> None:
    rows = mixed_rows(demo=300, takeover=60, layer=40)
    told = ingredients(rows, Weights("half-corrections").of(rows.kind))
    assert [(one.kind, one.rows, one.episodes) for one in told] == [
        ("demo", 300, 1),
        ("takeover", 60, 1),
        ("layer", 40, 1),
    ]
    assert [one.weight for one in told] == pytest.approx([2 / 3, 2, 2])
    assert [one.share for one in told] == pytest.approx([0.5, 0.3, 0.2])


@pytest.mark.parametrize("rule", ["", "half", "demo", "demo=", "demo=-1", "demo=nan", "none=1", "demo=1,demo=2"])
def test_a_rule_that_is_none_is_refused_with_the_grammar(rule: str) -> None:
    with pytest.raises(ValueError, match=r"--weights is uniform, half-corrections, or weights like demo=1,takeover=3"):
        Weights(rule)


def test_half_corrections_of_demonstrations_alone_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"there are no corrections .* use --weights uniform"):
        Weights("half-corrections").of(toy_rows(5).kind)


def test_weights_that_leave_nothing_are_refused() -> None:
    with pytest.raises(WeightsError, match=r"by demo=0 every row weighs 0"):
        Weights("demo=0").of(toy_rows(5).kind)
