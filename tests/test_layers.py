"""Labels that were added later, read beside what was recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from teleop.session import SessionError, open_session
from tests.sessions import add_layer, change_json, message_of, record

LABELS = np.linspace(0, 1, 180, dtype=np.float32).reshape(60, 3)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = record(tmp_path / "toy", 60)
    add_layer(path / "episodes" / "000000", "careful", LABELS, committed=40)
    return path


def test_a_layer_is_read_up_to_its_own_committed_rows(session: Path) -> None:
    (episode,) = open_session(session).episodes
    assert episode.layers == ("careful",)
    np.testing.assert_array_equal(episode.layer("careful")[:40], LABELS[:40])
    assert np.isnan(episode.layer("careful")[40:]).all()


def test_an_episode_without_layers_has_none(tmp_path: Path) -> None:
    assert open_session(record(tmp_path / "toy", 60)).episodes[0].layers == ()


def test_a_layer_leaves_what_was_recorded_as_it_was(session: Path, tmp_path: Path) -> None:
    bare = open_session(record(tmp_path / "bare", 60)).episodes[0]
    assert open_session(session).episodes[0].digest() == bare.digest()


@pytest.mark.parametrize("committed", [None, -1, 61, "40"])
def test_a_layer_that_does_not_say_how_long_it_is_is_damage_with_a_name(session: Path, committed: object) -> None:
    group = session / "episodes" / "000000" / "labels" / "careful"
    change_json(group / "zarr.json", lambda json: json["attributes"].update(committed=committed))
    message = message_of(lambda: open_session(session).episodes[0].layer("careful"))
    assert f"careful/zarr.json must give `committed`, at most the 60 rows of its episode; got {committed!r}" in message


def test_a_layers_missing_chunk_is_an_error_that_names_it(session: Path) -> None:
    chunk = session / "episodes" / "000000" / "labels" / "careful" / "action" / "c.0.0"
    chunk.unlink()
    with pytest.raises(SessionError, match=r"careful/action/c\.0\.0 is missing, though its rows were committed"):
        open_session(session).episodes[0].layer("careful")


def test_a_retake_that_does_not_say_from_where_is_damage_with_a_name(session: Path) -> None:
    file = session / "episodes" / "000000" / "zarr.json"
    change_json(file, lambda json: json["attributes"].update(mode="retake", parent={"episode": "000000"}))
    ((name, error),) = open_session(session).damaged
    assert name == "000000"
    assert "gives no valid parent" in str(error)
