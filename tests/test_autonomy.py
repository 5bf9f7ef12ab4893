"""Two measures of autonomy, and what they are counted from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from teleop.autonomy import Autonomy
from teleop.frame import COAST, Frame, Source, Start, Tick
from teleop.sinks.interventions import Interventions
from tests.fakes import ToyWorld

OUTCOME = ToyWorld().reset(1)
HUMAN, LEARNER = Source.HUMAN, Source.LEARNER


def test_the_papers_own_example_is_ninety_percent() -> None:
    assert Autonomy(elapsed_s=600, interventions=10).autonomy == pytest.approx(0.9)


def test_the_formula_never_falls_below_nothing() -> None:
    assert Autonomy(elapsed_s=5, interventions=1).autonomy == 0.0


def test_no_time_is_no_autonomy_rather_than_a_full_one() -> None:
    assert Autonomy().autonomy is None
    assert Autonomy().self_driven is None
    assert str(Autonomy()) == "no time was driven"


def test_the_share_of_time_is_another_measure() -> None:
    told = Autonomy(elapsed_s=100, interventions=1, human_s=2)
    assert told.self_driven == pytest.approx(0.98)
    assert told.autonomy == pytest.approx(0.94)
    assert str(told) == (
        "autonomy 94.0% by the paper's formula (interventions: 1, 6 s each, in 100 s); self-driven 98.0% of the time"
    )


def counted(drivers: Sequence[Source | None], elsewhere: bool = False) -> Interventions:
    """A frame a second; None is a pause."""
    sink = Interventions(lambda: elsewhere)
    sink.on_start(Start(seed=1, mode="dagger", paced=True))
    for second, driver in enumerate(drivers):
        tick = Tick(second, second * 10**9, OUTCOME)
        if driver is None:
            sink.on_idle(tick, "paused")
        else:
            sink.on_frame(Frame(tick, {driver: COAST}, driver, COAST, True, 0.0, 0, OUTCOME))
    return sink


def test_a_takeover_counts_once_however_long_it_lasts() -> None:
    told = counted([LEARNER, HUMAN, HUMAN, LEARNER, LEARNER, HUMAN, LEARNER]).autonomy
    assert told == Autonomy(elapsed_s=6, interventions=2, human_s=3)


def test_a_pause_is_no_time_and_who_drives_on_after_it_did_not_take_over_again() -> None:
    assert counted([HUMAN, HUMAN, None, None, HUMAN, HUMAN]).autonomy == Autonomy(2, 1, 2)


def test_a_takeover_in_the_simulators_own_window_counts_too() -> None:
    assert counted([LEARNER] * 11, elsewhere=True).figures() == {
        "interventions": 1,
        "autonomy": pytest.approx(0.4),
        "self_driven": 1.0,
        "failed_handbacks": 0,
        "driven_s": 10.0,
        "human_s": 0.0,
        "hands_on_s": 10.0,
        "hz": pytest.approx(1.0),
    }


def driven_by(*stretches: tuple[Source, range]) -> tuple[int, int]:
    """(interventions, failed hand-backs), at 50 frames a second."""
    sink = Interventions()
    sink.on_start(Start(seed=1, mode="dagger", paced=True))
    frames = [(driver, step) for driver, steps in stretches for step in steps]
    for number, (driver, step) in enumerate(frames):
        tick = Tick(step, number * 20_000_000, OUTCOME)
        sink.on_frame(Frame(tick, {driver: COAST}, driver, COAST, True, 0.0, 0, OUTCOME))
    told = sink.figures()
    return int(told["interventions"] or 0), int(told["failed_handbacks"] or 0)


def test_who_rewinds_and_lets_it_happen_again_answers_one_mistake_and_gave_nothing_back() -> None:
    taken, again = (LEARNER, range(200)), (LEARNER, range(150, 200))
    assert driven_by(taken, (HUMAN, range(200, 220)), again, (HUMAN, range(200, 260))) == (1, 0)
    assert driven_by(taken, (HUMAN, range(200, 220)), (LEARNER, range(150, 170)), (HUMAN, range(170, 260))) == (1, 0)
    assert driven_by(taken, (HUMAN, range(200, 220)), (HUMAN, range(150, 260))) == (1, 0)
    assert driven_by(taken, again, (HUMAN, range(200, 260))) == (1, 0)


def test_where_the_learner_drives_on_past_a_takeover_that_was_taken_back_the_next_one_is_another() -> None:
    past = (LEARNER, range(150, 230))
    assert driven_by((LEARNER, range(200)), (HUMAN, range(200, 220)), past, (HUMAN, range(230, 260))) == (2, 0)


def test_who_sees_a_second_mistake_and_goes_back_beyond_the_first_took_over_twice() -> None:
    first, on = (HUMAN, range(100, 130)), (LEARNER, range(130, 240))
    assert driven_by((LEARNER, range(100)), first, on, (HUMAN, range(90, 260))) == (2, 0)


def test_an_episode_begins_at_nothing() -> None:
    sink = counted([HUMAN, HUMAN])
    sink.on_start(Start(seed=2, mode="dagger", paced=True))
    assert sink.autonomy == Autonomy()
    assert np.all([value in (0, None) for value in sink.figures().values()])
