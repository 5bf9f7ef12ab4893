"""The session that is recorded into: opened when it is needed, and its best so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from teleop.best import Best
from teleop.frame import End, Why
from teleop.logbook import Logbook
from teleop.session import SessionError, open_session
from tests.fakes import TOY_ENV, ToyWorld
from tests.sessions import change_json, record


def ended(why: Why, score: float, lap_time_s: float | None) -> End:
    return End(why, 5, 5, ToyWorld().reset(1), {"score": score, "lap_time_s": lap_time_s})


def attributes(episode: Path, **attrs: Any) -> None:
    change_json(episode / "zarr.json", lambda metadata: metadata["attributes"].update(attrs))


def test_the_best_is_that_of_laps_that_were_finished_and_not_discarded(tmp_path: Path) -> None:
    path = record(tmp_path / "mine", 5, 5, 5, 5)
    laps, left, discarded = (path / "episodes" / f"00000{number}" for number in (0, 1, 2))
    attributes(laps, figures={"score": 900.0, "lap_time_s": 20.0})
    attributes(left, figures={"score": 950.0, "lap_time_s": 19.0}, end="stopped")
    attributes(discarded, figures={"score": 990.0, "lap_time_s": 18.0}, discarded=True)
    assert Best.of(open_session(path)) == Logbook(path, TOY_ENV).best == Best(900.0, 20.0)


def test_score_and_lap_time_are_the_best_each_of_its_own_lap(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "mine", TOY_ENV)
    for end in (ended("finished", 900.0, 20.0), ended("finished", 800.0, 19.0), ended("stopped", 990.0, None)):
        logbook.note(end)
    assert logbook.best == Best(900.0, 19.0)


def test_a_session_is_made_when_it_is_first_recorded_into(tmp_path: Path) -> None:
    with Logbook(tmp_path / "mine", TOY_ENV) as logbook:
        assert not list(tmp_path.iterdir())
        recorder = logbook.open()
        assert logbook.path.exists()
        assert logbook.open() is recorder
        with Logbook(tmp_path / "mine", TOY_ENV) as another, pytest.raises(SessionError, match="one writer"):
            another.open()
