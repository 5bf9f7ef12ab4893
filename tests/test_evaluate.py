"""Evaluation: fixed tracks, every one of them reported, the worst first."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from policy.checkpoint import save_checkpoint
from teleop.drivers.autopilot import Autopilot
from teleop.evaluate import TrackScore, bootstrap_interval, evaluate, evaluate_with_progress, summary, track_score_of
from teleop.frame import Action, Start, Tick
from teleop.learners import LearnerFrom, driver_named
from tests.lessons import constant_checkpoint


@dataclass
class StraightOn:
    """Drives straight on until it is off the playfield."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.0, 0.5, 0.0], np.float32)


def track_score(seed: int, score: float, **changed: object) -> TrackScore:
    values = {
        "why": "finished",
        "lap_finished": True,
        "lap_time_s": 14.0,
        "tiles": 280,
        "tiles_missed": 0,
        "off_track_s": 0.0,
        "steps": 700,
    }
    return TrackScore(seed=seed, score=score, **{**values, **changed})  # type: ignore[arg-type]


def test_the_worst_track_is_listed_first() -> None:
    evaluation = summary([track_score(7, 930.0), track_score(8, 140.0), track_score(9, 910.0)])
    assert [track.seed for track in evaluation.tracks] == [8, 9, 7]


def test_the_share_at_900_counts_a_track_at_exactly_900() -> None:
    evaluation = summary([track_score(1, 900.0), track_score(2, 899.9), track_score(3, 930.0), track_score(4, 20.0)])
    assert evaluation.share_900 == 0.5


def test_the_sums_are_those_of_the_tracks() -> None:
    evaluation = summary(
        [
            track_score(1, 900.0, tiles_missed=3, off_track_s=2.0),
            track_score(2, 600.0, lap_finished=False, tiles_missed=1),
            track_score(3, 930.0),
        ]
    )
    assert evaluation.mean == pytest.approx(810.0)
    assert evaluation.median == 900.0
    assert evaluation.min == 600.0
    assert evaluation.laps_finished == pytest.approx(2 / 3)
    assert evaluation.tiles_missed == pytest.approx(4 / 3)
    assert evaluation.off_track_s == pytest.approx(2 / 3)


def test_the_interval_of_equal_scores_is_their_value() -> None:
    assert bootstrap_interval(np.full(20, 930.0)) == (930.0, 930.0)


def test_the_interval_of_a_normal_sample_is_about_two_standard_errors_wide() -> None:
    values = np.random.default_rng(5).normal(900.0, 20.0, size=400)
    low, high = bootstrap_interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 20.0 / np.sqrt(400), rel=0.15)


def test_an_evaluation_without_tracks_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one track"):
        summary([])


def test_two_workers_report_exactly_what_one_does(tmp_path: Path) -> None:
    checkpoint = tmp_path / "policy.safetensors"
    save_checkpoint(constant_checkpoint(np.array([0.05, 0.4, 0.0], np.float32)), checkpoint)
    seeds = [900_000, 900_001]
    one, two = (evaluate(LearnerFrom(checkpoint), seeds, workers) for workers in (1, 2))
    assert one == two


def test_driving_off_the_playfield_is_a_crash_with_stocks_penalty() -> None:
    track = evaluate(StraightOn, [900_000]).tracks[0]
    assert track.why == "crashed"
    assert not track.lap_finished
    assert track.score < 0
    assert track.off_track_s > 0


def test_the_autopilot_finishes_a_lap_and_misses_no_tile() -> None:
    track = evaluate(Autopilot, [900_000]).tracks[0]
    assert track.why == "finished"
    assert track.lap_finished
    assert track.tiles_missed == 0
    assert track.score > 900
    assert track.lap_time_s is not None
    assert track.lap_time_s == pytest.approx(track.steps / 50)


def test_the_simulated_human_laps_but_not_as_well_as_the_autopilot() -> None:
    track = evaluate(driver_named("simulated"), [104]).tracks[0]
    assert track.lap_finished
    assert 800 < track.score < 900


def test_progress_without_a_terminal_is_plain_lines() -> None:
    text = io.StringIO()
    evaluate_with_progress(StraightOn, [900_000], 1, Console(file=text), "driving 1 track")
    assert text.getvalue().startswith("driving 1 track ...\n")
    assert "done in" in text.getvalue()


def test_a_short_cut_across_the_grass_is_no_lap() -> None:
    came_round = {"score": 200.0, "lap_finished": 1, "lap_time_s": 9.0, "tiles": 300, "off_track_s": 5.0, "steps": 1000}
    cut = track_score_of(7, "truncated", {**came_round, "tiles_missed": 16})
    whole = track_score_of(7, "truncated", {**came_round, "tiles_missed": 15})
    assert (cut.lap_finished, cut.lap_time_s) == (False, None)
    assert (whole.lap_finished, whole.lap_time_s) == (True, 9.0)
