"""Layers are written as recordings are: safe from a kill, their author's alone, and never into what was recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from teleop.errors import ActionError
from teleop.frame import Action
from teleop.layers import Layer, LayerWriter
from teleop.library import verify
from teleop.session import Episode, SessionError, open_session
from tests.benchmarks.kills import VERSIONS
from tests.fakes import ToyWorld
from tests.sessions import add_layer, change_json, record

ROWS = 1100
"""More than a chunk's."""
LEFT = np.array([-0.5, 0.25, 0.0], np.float32)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("layers") / "toy", ROWS)


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    """A copy of the recording, made of links: what is replaced in it is replaced there alone."""
    subprocess.run(["cp", "-rl", str(recorded), str(tmp_path / "toy.zarr")], check=True)
    return tmp_path / "toy.zarr"


def only_episode(session: Path) -> Episode:
    (episode,) = open_session(session).episodes
    return episode


def writer(session: Path, name: str = "careful", author: str = "Ada", rule: str = "by hand") -> LayerWriter:
    return LayerWriter(session, name, author, rule)


def labelled(layer: Layer, rows: range, action: Action = LEFT) -> None:
    for row in rows:
        layer.put(row, action)


def test_a_layer_holds_what_was_put_and_says_whose_it_is_and_how_it_was_made(session: Path) -> None:
    digest = only_episode(session).digest()
    with writer(session) as layers:
        layer = layers.begin(only_episode(session))
        labelled(layer, range(990, 1010))
        layer.commit()
    episode = only_episode(session)
    assert np.flatnonzero(np.isfinite(episode.layer("careful")).all(axis=1)).tolist() == list(range(990, 1010))
    assert (episode.layer("careful")[990:1010] == LEFT).all()
    attrs = dict(zarr.open_group(str(episode.path / "labels" / "careful"), mode="r").attrs)
    assert attrs.pop("created_utc")
    assert attrs == {"author": "Ada", "rule": "by hand", "committed": ROWS}
    assert episode.digest() == digest
    assert (episode.path / "labels" / "zarr.json").exists(), "any Zarr library finds the way there"


def test_what_was_not_committed_is_no_part_of_a_layer(session: Path) -> None:
    with writer(session) as layers:
        layers.begin(only_episode(session)).put(3, LEFT)
        assert only_episode(session).layers == ()
        layer = layers.begin(only_episode(session))
        layer.commit()
        assert only_episode(session).layers == (), "nothing was labelled, so there is nothing to keep"


def test_its_author_goes_on_with_it_and_what_is_labelled_again_is_replaced(session: Path) -> None:
    for first, action in ((0, LEFT), (5, -LEFT * [1, -1, 0])):
        with writer(session) as layers:
            layer = layers.begin(only_episode(session))
            labelled(layer, range(first, first + 10), np.array(action, np.float32))
            layer.commit()
    steering = only_episode(session).layer("careful")[:16, 0]
    assert steering[:15].tolist() == [-0.5] * 5 + [0.5] * 10
    assert np.isnan(steering[15])


@pytest.mark.parametrize("other", [{"author": "Bob"}, {"rule": "by the autopilot"}])
def test_nobody_elses_labels_are_written_over(session: Path, other: dict[str, str]) -> None:
    with writer(session) as layers:
        layer = layers.begin(only_episode(session))
        layer.put(0, LEFT)
        layer.commit()
    with writer(session, **other) as layers, pytest.raises(SessionError, match="choose another --name"):
        layers.check([only_episode(session)])


def test_a_layer_that_tells_no_author_is_nobodys_to_go_on_with(session: Path) -> None:
    add_layer(only_episode(session).path, "careful", np.full((ROWS, 3), 0.5, np.float32), told={})
    with writer(session) as layers, pytest.raises(SessionError, match='has the author "None", not "Ada"'):
        layers.begin(only_episode(session))


def test_a_layer_that_was_shorter_than_its_episode_goes_on_to_the_end(session: Path) -> None:
    add_layer(only_episode(session).path, "careful", np.full((40, 3), 0.5, np.float32))
    with writer(session) as layers:
        layer = layers.begin(only_episode(session))
        layer.put(1050, LEFT)
        layer.commit()
    labels = only_episode(session).layer("careful")
    assert np.flatnonzero(np.isfinite(labels[:, 0])).tolist() == [*range(40), 1050]


def test_taking_back_leaves_what_was_there_before(session: Path) -> None:
    with writer(session) as layers:
        first = layers.begin(only_episode(session))
        first.put(0, LEFT)
        first.commit()
        second = layers.begin(only_episode(session))
        labelled(second, range(1050))
        second.commit()
        assert np.isfinite(only_episode(session).layer("careful")[:, 0]).sum() == 1050
        second.restore()
        second.commit()
    assert np.flatnonzero(np.isfinite(only_episode(session).layer("careful")[:, 0])).tolist() == [0]


def test_a_session_is_labelled_by_one_process_at_a_time(session: Path) -> None:
    with writer(session), pytest.raises(SessionError, match="one writer"):
        writer(session, "another")
    writer(session, "another").close()


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden"])
def test_a_layer_has_a_name_that_is_a_folders(session: Path, name: str) -> None:
    with pytest.raises(SessionError, match="a layer is named by letters"):
        writer(session, name)


def test_what_is_no_action_is_no_label(session: Path) -> None:
    with writer(session) as layers, pytest.raises(ActionError, match="Ada proposed"):
        layers.begin(only_episode(session)).put(0, np.array([2.0, 0.0, 0.0], np.float32))


# Killed ---------------------------------------------------------------------------------------------------------------

LABEL_AND_DIE = """
import os, sys
from pathlib import Path
from tests.test_layer_writer import labelled, only_episode, writer
layers = writer(Path(sys.argv[1]))
layer = layers.begin(only_episode(Path(sys.argv[1])))
labelled(layer, range(100))
layer.commit()
labelled(layer, range(100, 200))
(layer.path / "action" / "c.0.0.partial").write_bytes(b"half a chunk")
os.kill(os.getpid(), 9)
"""


def test_a_kill_keeps_what_was_committed_and_the_next_one_goes_on(session: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LABEL_AND_DIE, str(session)], check=False)
    assert done.returncode == -9
    assert np.isfinite(only_episode(session).layer("careful")[:, 0]).sum() == 100
    with writer(session) as layers:
        layer = layers.begin(only_episode(session))
        layer.put(100, LEFT)
        layer.commit()
    assert np.isfinite(only_episode(session).layer("careful")[:, 0]).sum() == 101
    assert verify(session, lambda _: ToyWorld(), VERSIONS).ok


def test_a_kill_before_the_first_commit_was_whole_leaves_no_layer(session: Path) -> None:
    with writer(session) as layers:
        layer = layers.begin(only_episode(session))
        labelled(layer, range(1050))
        *chunks, (_, _group) = layer.take().items()
        layer.write(dict(chunks))
        assert only_episode(session).layers == ()
        again = layers.begin(only_episode(session))
        again.put(0, LEFT)
        again.commit()
    assert np.isfinite(only_episode(session).layer("careful")[:, 0]).sum() == 1


# Verified -------------------------------------------------------------------------------------------------------------


def findings(session: Path) -> list[tuple[str, str]]:
    return [(found.law, found.message) for found in verify(session, lambda _: None, VERSIONS).findings]


def test_verifying_finds_labels_that_are_no_actions_and_layers_that_nobody_made(session: Path) -> None:
    labels = np.full((ROWS, 3), np.nan, np.float32)
    labels[7], labels[8, 0] = (0.0, 1.5, 0.0), 0.5
    add_layer(only_episode(session).path, "odd", labels, told={})
    assert findings(session) == [
        ("layers", "a layer says its author; of odd got None"),
        ("layers", "a layer says its created_utc; of odd got None"),
        ("layers", "a layer says its rule; of odd got None"),
        ("layers", f"a label of layer odd is a whole action, or NaN; broken at row 8, 1 of {ROWS} rows"),
        (
            "layers",
            "a label of layer odd is steering in [-1, 1], gas in [0, 1], brake in [0, 1]; "
            f"broken at row 7, 1 of {ROWS} rows",
        ),
    ]


def test_verifying_finds_a_layer_longer_than_its_episode(session: Path) -> None:
    with writer(session) as layers:
        layer = layers.begin(only_episode(session))
        layer.put(0, LEFT)
        layer.commit()
    change_json(layer.path / "zarr.json", lambda json: json["attributes"].update(committed=ROWS + 1))
    ((law, message),) = findings(session)
    assert law == "integrity"
    assert f"at most the {ROWS} rows" in message
