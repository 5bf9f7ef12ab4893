"""Distribution shift: every figure on cases whose answer is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from teleop.drivers.autopilot import Autopilot
from teleop.frame import EVALUATION_SEED
from teleop.shift.bootstrap import resampled
from teleop.shift.coverage import Neighbourhood, coverage, jensen_shannon
from teleop.shift.demonstrations import Recorded, without_copies
from teleop.shift.disagreement import disagreement
from teleop.shift.failures import departures, worst_departures
from teleop.shift.horizon import LAUNCH_STEPS, horizon
from teleop.shift.measure import Plan, Policy
from teleop.shift.rollouts import AutopilotLap, Rollout
from teleop.shift.survival import survival
from tests.drives import demonstration, rollout

FRAMES = 1000


def leaves_at(frame: int) -> Rollout:
    return rollout(np.arange(frame + 1) == frame)


def over_at(frames: int, why: str = "finished") -> Rollout:
    return rollout(np.zeros(frames), why)


# Survival.


def test_survival_is_kaplan_and_meiers_of_an_example_worked_by_hand() -> None:
    """Leaving at 3, 5, 5 and 8; over without leaving at 4 and 7. At risk: 6 at 3, 4 at 5, 1 at 8."""
    told = survival([leaves_at(3), over_at(4), leaves_at(5), leaves_at(5), over_at(7), leaves_at(8)])
    expected = [1, 1, 1, 5 / 6, 5 / 6, 5 / 12, 5 / 12, 5 / 12, 0]
    np.testing.assert_allclose(told.share, expected, atol=1e-12)
    assert told.at_risk.tolist() == [6, 6, 6, 6, 5, 4, 2, 2, 1]
    assert (told.departed, told.rollouts, told.median_frame) == (4, 6, 5)


def test_who_finishes_early_is_not_counted_as_staying_on_the_road_for_ever() -> None:
    told = survival([over_at(100)] * 5 + [leaves_at(200)] * 5)
    assert told.share[-1] == 0


def test_who_never_leaves_the_road_survives() -> None:
    told = survival([over_at(700), over_at(650)])
    assert told.share.min() == told.low.min() == 1
    assert told.median_frame is None


def test_the_band_over_tracks_is_about_two_standard_errors_to_either_side() -> None:
    """Where nobody is censored the estimate is a share of tracks, whose standard error is the binomial's."""
    told = survival([leaves_at(frame) for frame in range(100)])
    assert told.share[49] == pytest.approx(0.5)
    assert told.high[49] - told.low[49] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 100), rel=0.15)


def test_a_bootstrap_draws_as_many_tracks_as_there_are() -> None:
    assert (resampled(7).sum(axis=1) == 7).all()
    assert not np.array_equal(resampled(7), resampled(7, stream=1))


# Horizon.


def after_launch(departed: npt.ArrayLike, why: str = "truncated") -> Rollout:
    """A rollout that is off the road on these frames after its first two seconds."""
    return rollout(np.concatenate([np.zeros(LAUNCH_STEPS), np.asarray(departed)]), why)


def errs(never_recovers: bool, tracks: int = 300) -> list[Rollout]:
    """An error starts by chance; it lasts a moment, or until the end."""
    rng = np.random.default_rng(4)
    rollouts = []
    for _ in range(tracks):
        starts = rng.random(FRAMES) < 0.0006
        off = np.logical_or.accumulate(starts) if never_recovers else np.convolve(starts, np.ones(5))[:FRAMES] > 0
        rollouts.append(after_launch(off))
    return rollouts


def test_the_cost_of_errors_that_are_recovered_from_grows_with_the_horizon() -> None:
    told = horizon(errs(never_recovers=False))
    assert told.slope is not None
    assert told.low is not None
    assert told.high is not None
    assert told.slope == pytest.approx(1, abs=0.15)
    assert told.low < told.slope < told.high


def test_the_cost_of_errors_that_are_never_recovered_from_grows_with_its_square() -> None:
    told = horizon(errs(never_recovers=True))
    assert told.slope is not None
    assert told.scale is not None
    assert told.fitted is not None
    assert told.slope == pytest.approx(2, abs=0.15)
    middle = int(np.sqrt(told.fitted[0] * told.fitted[1]))
    assert told.scale * middle**told.slope == pytest.approx(told.cost[middle - 1], rel=0.2)


def test_no_slope_is_told_where_hardly_anybody_leaves_the_road() -> None:
    told = horizon([leaves_at(300), *[over_at(700)] * 20])
    assert told.slope is None


def test_the_cost_is_the_mean_number_of_frames_off_the_road() -> None:
    there_and_back = np.zeros(10)
    there_and_back[4:7] = 1
    told = horizon([after_launch(there_and_back), after_launch(np.zeros(10))])
    assert told.cost.tolist() == pytest.approx([0, 0, 0, 0, 0.5, 1, 1.5, 1.5, 1.5, 1.5])


def test_who_drove_off_the_playfield_stays_off_the_road() -> None:
    crashed = after_launch([0, 0, 1, 1], why="crashed")
    assert horizon([crashed, after_launch(np.zeros(8))]).cost[-1] == pytest.approx(6 / 2)


# The shift factor.


def actions(frames: int, steering: float) -> npt.NDArray[np.float32]:
    return np.tile(np.array([steering, 0.5, 0.0], np.float32), (frames, 1))


def test_the_shift_factor_is_1_where_the_states_are_the_same() -> None:
    noise = np.random.default_rng(5).normal(size=(200, 3)).astype(np.float32)
    told = disagreement(
        [rollout(np.zeros(200), learner_action=noise)], [demonstration(200, learner_action=noise)], "made up"
    )
    assert told.steering.factor == told.pedals.factor == 1


def test_the_shift_factor_says_how_much_more_the_policy_disagrees_on_its_own_states() -> None:
    here = [rollout(np.zeros(200), learner_action=actions(200, 0.3), referee_action=actions(200, -0.3))]
    there = [demonstration(200, learner_action=actions(200, 0.2))]
    told = disagreement(here, there, "made up")
    assert told.steering.on_rollouts == pytest.approx(0.6)
    assert told.steering.factor == pytest.approx(3)


def test_the_first_second_counts_for_no_factor_but_is_shown_over_time() -> None:
    lost = actions(200, 0.1)
    lost[:50] = 1
    there = [demonstration(200, learner_action=actions(200, 0.1))]
    told = disagreement([rollout(np.zeros(200), learner_action=lost)], there, "made up")
    assert told.steering.factor == pytest.approx(1)
    assert told.profiles[0].on_rollouts[0] == pytest.approx((50 * 1 + 50 * 0.1) / 100)


def test_disagreement_is_told_by_where_the_car_is() -> None:
    apart = np.where(np.arange(200) < 100, 0.5, -5.5)
    off = actions(200, 0.1)
    off[100:, 0] = 0.7
    told = disagreement([rollout(np.zeros(200), lateral=apart, learner_action=off)], [demonstration(200)], "made up")
    across = told.profiles[1]
    assert across.against == "distance from the centre line"
    assert across.on_rollouts[[0, 5]] == pytest.approx([0.1, 0.7])
    assert across.rollout_frames[[0, 5]].tolist() == [100, 100]
    assert np.isnan(across.on_demonstrations[5])


def test_who_is_the_referee_has_no_factor() -> None:
    assert disagreement([rollout(np.zeros(200))], [demonstration(200)], "made up").steering.factor is None


# Coverage.


def test_distances_of_distributions() -> None:
    half = np.array([0.5, 0.5, 0.0, 0.0])
    assert jensen_shannon(half, half) == 0
    assert jensen_shannon(half, half[::-1]) == pytest.approx(1)
    assert jensen_shannon(half, np.array([0.0, 0.5, 0.5, 0.0])) == pytest.approx(np.sqrt(0.5))


def test_driving_the_same_has_no_distance_and_driving_elsewhere_the_greatest() -> None:
    shown = [demonstration(300)]
    same = coverage([rollout(np.zeros(300))], shown, [])
    assert same.distance == 0
    assert same.held_out_distance is None
    aside = coverage([rollout(np.zeros(300), lateral=np.full(300, 9.0))], shown, shown)
    assert aside.distance == 1
    assert aside.axis_distances == (1, 0, 0)
    assert aside.held_out_distance == 0
    assert aside.demonstrations.sum() == pytest.approx(1)


def with_features(features: npt.NDArray[np.float64]) -> dict[str, Any]:
    return {"features": features.astype(np.float32)}


def test_one_frame_in_a_hundred_lies_outside_the_radius_when_nothing_is_novel() -> None:
    rng = np.random.default_rng(6)
    shown = [demonstration(2000, **with_features(rng.normal(size=(200, 4)))) for _ in range(5)]
    near = Neighbourhood.of(shown)
    assert near is not None
    same = rollout(np.zeros(10_000), **with_features(rng.normal(size=(1000, 4))))
    assert near.outside([same]) == pytest.approx(0.01, abs=0.008)
    elsewhere = rollout(np.zeros(10_000), **with_features(10 + rng.normal(size=(1000, 4))))
    assert near.outside([elsewhere]) == 1


def test_in_a_single_lap_the_next_frame_is_no_neighbour() -> None:
    """The feature moves on by 1 a kept frame, so the nearest frame 2 s away is 10 off."""
    near = Neighbourhood.of([demonstration(2000, **with_features(np.arange(200.0)[:, None]))])
    assert near is not None
    assert near.radius * near.scale[0] == pytest.approx(10)


def test_a_small_feature_tells_what_is_novel_beside_a_large_one() -> None:
    rng = np.random.default_rng(7)
    shown = [demonstration(2000, **with_features(rng.normal(size=(200, 2)) * [100, 1])) for _ in range(5)]
    near = Neighbourhood.of(shown)
    assert near is not None
    novel = rng.normal(size=(200, 2)) * [100, 1] + [0, 10]
    assert near.outside([rollout(np.zeros(2000), **with_features(novel))]) == 1


def test_a_policy_without_features_has_no_novelty() -> None:
    told = coverage([rollout(np.zeros(300))], [demonstration(300)], [demonstration(300)])
    assert (told.radius, told.outside, told.held_out_outside) == (None, None, None)


# Failures.


def test_every_departure_is_told_with_where_it_began_and_how_long_it_lasted() -> None:
    off = np.zeros(400)
    off[100:130] = off[390:] = 1
    bend = np.where(np.arange(400) == 70, -0.05, 0.01)
    first, last = departures(rollout(off, curvature=bend))
    assert (first.frame, first.frames_off, first.came_back) == (100, 30, True)
    assert (first.curvature, first.x) == (-0.05, 100.0)
    assert (last.frame, last.frames_off, last.came_back) == (390, FRAMES - 390, False)


def test_the_worst_moments_take_turns_between_policies_and_tracks() -> None:
    def off_for(frames: int, policy: str, seed: int) -> Rollout:
        off = np.zeros(900)
        off[200 : 200 + frames] = off[800:803] = 1
        return rollout(off, policy=policy, seed=seed)

    bad = [off_for(10 * i, "bad", i) for i in range(1, 15)]
    good = [off_for(50, "good", 1)]
    worst = [departure for _, departure in worst_departures([bad, good, [over_at(700)]])]
    assert [(one.policy, one.frames_off) for one in worst[:3]] == [("bad", 140), ("good", 50), ("bad", 130)]
    assert len(worst) == 10
    assert len({(one.policy, one.seed) for one in worst}) == 10


# What is compared with what.


def recorded(digest: str) -> Recorded:
    return Recorded(Path("s.zarr"), 0, digest)


def policy(*trained_on: str) -> Policy:
    return Policy("-".join(trained_on), Autopilot, frozenset(trained_on))


def test_all_policies_are_asked_about_the_same_laps_that_none_was_trained_on() -> None:
    plan = Plan.of([policy("a"), policy("a", "b")], [recorded("a"), recorded("b"), recorded("c")], tracks=2)
    assert [one.digest for one in plan.held_out] == ["c"]
    assert [one.digest for one in plan.trained_on(policy("a"))] == ["a"]
    assert not any(isinstance(job, AutopilotLap) for job in plan.jobs(policy("a")))
    assert plan.seeds == range(EVALUATION_SEED, EVALUATION_SEED + 2)


def test_where_all_laps_were_trained_on_the_autopilot_drives_five_more() -> None:
    plan = Plan.of([policy("a")], [recorded("a")], tracks=2)
    assert [job.seed for job in plan.jobs(policy("a")) if isinstance(job, AutopilotLap)] == list(
        range(800_000, 800_005)
    )


def test_a_recording_that_two_sessions_hold_is_compared_with_once() -> None:
    first, copy, other = Recorded(Path("a"), 0, "x"), Recorded(Path("b"), 3, "x"), Recorded(Path("b"), 4, "y")
    assert without_copies([first, copy, other]) == (first, other)
