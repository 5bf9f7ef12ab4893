"""Deadlines, lateness and cadence, on a clock moved by hand."""

from __future__ import annotations

import pytest

from teleop.clock import Beat, FreeMetronome, PacedMetronome, SimulatedMetronome
from tests.fakes import FakeClock

PERIOD_NS = 20_000_000


def paced() -> tuple[FakeClock, PacedMetronome]:
    clock = FakeClock()
    metronome = PacedMetronome(50, now=clock.now, sleep=clock.sleep)
    metronome.start()
    return clock, metronome


def test_the_first_tick_is_due_at_once_and_the_next_ones_a_period_apart() -> None:
    _, metronome = paced()
    assert [metronome.wait(1.0).time_ns for _ in range(4)] == [0, PERIOD_NS, 2 * PERIOD_NS, 3 * PERIOD_NS]


def test_work_within_a_tick_does_not_move_the_next_deadline() -> None:
    clock, metronome = paced()
    for _ in range(100):
        beat = metronome.wait(1.0)
        clock.seconds += 0.013
    assert beat.time_ns == 99 * PERIOD_NS
    assert beat.late_ns == 0


def test_a_late_tick_says_how_late_and_the_one_after_it_is_on_time_again() -> None:
    clock, metronome = paced()
    metronome.wait(1.0)
    clock.seconds += 0.035
    late, next_one = metronome.wait(1.0), metronome.wait(1.0)
    assert (late.time_ns, late.late_ns) == (35_000_000, 15_000_000)
    assert (next_one.time_ns, next_one.late_ns) == (40_000_000, 0)


def test_far_behind_time_slows_instead_of_a_burst_of_ticks() -> None:
    clock, metronome = paced()
    metronome.wait(1.0)
    clock.seconds += 1.0
    beats = [metronome.wait(1.0) for _ in range(3)]
    assert [beat.time_ns for beat in beats] == [1_000_000_000, 1_020_000_000, 1_040_000_000]
    assert beats[0].late_ns == 980_000_000
    assert metronome.reanchored == 1


def test_a_time_scale_stretches_the_period() -> None:
    _, metronome = paced()
    assert [metronome.wait(0.25).time_ns for _ in range(3)] == [0, 4 * PERIOD_NS, 8 * PERIOD_NS]


def test_the_cadence_counts_late_ticks_and_leaves_out_the_time_between_episodes() -> None:
    clock, metronome = paced()
    for _ in range(51):
        metronome.wait(1.0)
    clock.seconds += 60.0
    metronome.start()
    for _ in range(50):
        metronome.wait(1.0)
    clock.seconds += 0.030
    metronome.wait(1.0)
    cadence = metronome.cadence()
    assert cadence is not None
    assert cadence.ticks == 102
    # 50 intervals of the first episode, 50 of the second, the last of which took 30 ms.
    assert cadence.hz == pytest.approx(100 / (99 * 0.02 + 0.03))
    assert cadence.late_max_ms == pytest.approx(10.0)
    assert cadence.late_share == pytest.approx(1 / 102)
    assert cadence.reanchored == 0
    assert "102 ticks" in str(cadence)


def test_there_is_no_cadence_before_the_second_tick() -> None:
    _, metronome = paced()
    metronome.wait(1.0)
    assert metronome.cadence() is None


def test_simulated_time_never_waits_and_is_never_late() -> None:
    metronome = SimulatedMetronome(50)
    beats = [metronome.wait(1.0), metronome.wait(1.0), metronome.wait(0.5)]
    assert [beat.time_ns for beat in beats] == [0, PERIOD_NS, 3 * PERIOD_NS]
    assert {beat.late_ns for beat in beats} == {0}
    metronome.start()
    assert metronome.wait(1.0).time_ns == 0


def test_a_free_metronome_tells_real_time_and_never_waits() -> None:
    clock = FakeClock()
    metronome = FreeMetronome(now=clock.now)
    clock.seconds = 3.0
    metronome.start()
    clock.seconds += 0.05
    assert metronome.wait(0.25) == Beat(time_ns=50_000_000, late_ns=0)
