"""What is lost, cut or garbled on disk is named with its remedy, costs nothing else, and is never made worse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from teleop.library import info
from teleop.session import Session, next_seed, open_session
from tests.sessions import change_json, message_of, record


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of two episodes."""
    return record(tmp_path_factory.mktemp("whole") / "mine", 120, 5)


@pytest.fixture
def broken(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be broken."""
    return Path(shutil.copytree(whole, tmp_path / "mine.zarr"))


def only_the_second_is_healthy(path: Path) -> str:
    session: Session = open_session(path)
    assert [episode.name for episode in session.episodes] == ["000001"]
    assert len(session.episodes[0].observation) == 5
    ((name, error),) = session.damaged
    assert name == "000000"
    return str(error)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"node_type": "other"}'])
@pytest.mark.parametrize("file", ["zarr.json", "reward/zarr.json"])
def test_garbage_in_one_episodes_metadata_is_named_and_leaves_the_others_open(
    broken: Path, file: str, content: bytes
) -> None:
    damaged = broken / "episodes/000000" / file
    damaged.write_bytes(content)
    message = only_the_second_is_healthy(broken)
    assert str(damaged) in message
    assert "restore" in message


ODD_LAYOUTS: list[dict[str, Any]] = [
    {"shape": None},
    {"shape": []},
    {"shape": ["x"]},
    {"shape": 7},
    {"chunk_grid": {"configuration": {"chunk_shape": [1.5, 3]}}},
    {"chunk_grid": {"configuration": {"chunk_shape": [0, 3]}}},
    {"chunk_grid": {"configuration": {"chunk_shape": []}}},
    {"chunk_grid": []},
    {"chunk_key_encoding": {"configuration": {"separator": 5}}},
    {"chunk_key_encoding": None},
]


@pytest.mark.parametrize("odd", ODD_LAYOUTS, ids=str)
def test_an_array_described_oddly_is_named_and_leaves_the_others_open(broken: Path, odd: dict[str, Any]) -> None:
    file = broken / "episodes/000000/action/zarr.json"
    change_json(file, lambda metadata: metadata.update(odd))
    message = only_the_second_is_healthy(broken)
    assert str(file) in message
    assert "restore" in message


ODD_ATTRIBUTES = [
    ("excluded", 3),
    ("excluded", [3]),
    ("excluded", [[1, 2, 3]]),
    ("excluded", [["a", 2]]),
    ("figures", None),
    ("figures", {"score": "high"}),
    ("operator", ["Ada"]),
    ("seed", None),
]


@pytest.mark.parametrize(("name", "value"), ODD_ATTRIBUTES)
def test_an_episodes_attribute_of_an_odd_type_is_named(broken: Path, name: str, value: object) -> None:
    file = broken / "episodes/000000/zarr.json"
    change_json(file, lambda metadata: metadata["attributes"].update({name: value}))
    message = only_the_second_is_healthy(broken)
    assert message == f"{file} gives no valid {name}: restore the file from a backup"
    assert [name for name, _ in info(broken).damaged] == ["000000"]


def test_the_seed_of_a_damaged_episode_is_not_driven_again(broken: Path) -> None:
    change_json(
        broken / "episodes/000000/zarr.json", lambda metadata: metadata["attributes"].update(seed=41, committed=-1)
    )
    assert next_seed(open_session(broken)) == 42


@pytest.mark.parametrize("file", ["zarr.json", "pose/zarr.json", "observation/c.1.0.0.0", "final_observation/c.0.0.0"])
def test_a_missing_file_is_an_error_that_names_it_never_black_frames(broken: Path, file: str) -> None:
    path, episode = broken, broken / "episodes/000000"
    (episode / file).unlink()
    message = only_the_second_is_healthy(path)
    assert str(episode / file) in message
    assert "missing" in message


def test_a_chunk_that_vanishes_after_opening_is_an_error_too(broken: Path) -> None:
    path, folder = broken, broken / "episodes/000000"
    episode = open_session(path).episodes[0]
    (folder / "observation/c.2.0.0.0").unlink()
    assert "c.2.0.0.0 is missing" in message_of(lambda: episode.observation)


@pytest.mark.parametrize("damage", ["truncated by a byte", "all but two bytes lost", "emptied", "one byte changed"])
def test_a_damaged_chunk_is_an_error_that_names_file_and_remedy(broken: Path, damage: str) -> None:
    path, folder = broken, broken / "episodes/000000"
    chunk = folder / "observation/c.1.0.0.0"
    whole = chunk.read_bytes()
    damaged = {
        "truncated by a byte": whole[:-1],
        "all but two bytes lost": whole[:2],
        "emptied": b"",
        "one byte changed": whole[:9] + bytes([whole[9] ^ 1]) + whole[10:],
    }
    chunk.write_bytes(damaged[damage])
    episode = open_session(path).episodes[0]
    message = message_of(lambda: episode.observation)
    assert str(chunk) in message
    assert "restore it from a backup, or move the folder of episode 000000 away" in message
    assert len(episode.action) == 120


@pytest.mark.parametrize("committed", [None, -1, "12", 1.5, True])
def test_a_commit_record_that_is_no_number_of_rows_is_named(broken: Path, committed: object) -> None:
    path, episode = broken, broken / "episodes/000000"
    change_json(episode / "zarr.json", lambda metadata: metadata["attributes"].update(committed=committed))
    message = only_the_second_is_healthy(path)
    assert "`committed`, the number of valid rows" in message
    assert repr(committed) in message


def test_arrays_shorter_than_the_commit_record_are_an_error(broken: Path) -> None:
    path, episode = broken, broken / "episodes/000000"
    change_json(episode / "zarr.json", lambda metadata: metadata["attributes"].update(committed=121))
    assert "must hold 121 rows" in only_the_second_is_healthy(path)


def damage_metadata(episode: Path) -> None:
    (episode / "zarr.json").write_bytes(b"garbage")


def commit(rows: object) -> Callable[[Path], None]:
    return lambda episode: change_json(
        episode / "zarr.json", lambda metadata: metadata["attributes"].update(committed=rows, end=None)
    )


def killed_with(file: str, content: str) -> Callable[[Path], None]:
    def damage(episode: Path) -> None:
        commit(60)(episode)
        (episode / file).write_text(content)

    return damage


UNCLEAR = {
    "its attributes are garbage": damage_metadata,
    "a negative number of rows": commit(-1),
    "a word for a number of rows": commit("abc"),
    "more rows than it has": commit(999),
    "an array without a shape": killed_with("reward/zarr.json", "{}"),
    "an array whose shape is no list": killed_with("reward/zarr.json", '{"node_type": "array", "shape": 5}'),
}


@pytest.mark.parametrize("damage", UNCLEAR.values(), ids=UNCLEAR)
def test_appending_to_a_session_with_a_damaged_episode_leaves_it_as_it_is(
    broken: Path, damage: Callable[[Path], None]
) -> None:
    episode = broken / "episodes/000000"
    damage(episode)
    before = {file: file.read_bytes() for file in episode.rglob("*") if file.is_file()}
    record(broken, 3)
    assert {file: file.read_bytes() for file in episode.rglob("*") if file.is_file()} == before
    assert [episode.name for episode in open_session(broken).episodes] == ["000001", "000002"]


def test_cutting_a_killed_episode_leaves_files_that_are_no_chunks(broken: Path) -> None:
    episode = broken / "episodes/000000"
    commit(60)(episode)
    (episode / "observation/c.txt").write_text("a note")
    record(broken, 3)
    assert [episode.committed for episode in open_session(broken).episodes] == [60, 5, 3]
    assert sorted(file.name for file in (episode / "observation").glob("c.*")) == ["c.0.0.0.0", "c.1.0.0.0", "c.txt"]


@pytest.mark.parametrize("left", [(), ("zarr.json.partial",), ("zarr.json",)])
def test_an_episode_killed_while_it_was_begun_is_no_damage(broken: Path, left: tuple[str, ...]) -> None:
    begun = broken / "episodes/000002"
    begun.mkdir()
    for name in left:
        (begun / name).write_text('{"node_type": "group", "attributes": {"seed": 3, "committed": 0, "end": null}}')
    session = open_session(broken)
    assert (len(session.episodes), session.damaged) == (2, ())
    record(broken, 2)
    assert [episode.name for episode in open_session(broken).episodes] == ["000000", "000001", "000002"]


@pytest.mark.parametrize("name", ["id", "created_utc", "hz", "env", "observation_shape"])
@pytest.mark.parametrize("value", [None, [], {}])
def test_root_attributes_that_make_no_sense_are_named(broken: Path, name: str, value: object) -> None:
    change_json(broken / "zarr.json", lambda metadata: metadata["attributes"].update({name: value}))
    message = message_of(lambda: open_session(broken))
    assert message == f"{broken / 'zarr.json'} gives no valid {name}: restore the file from a backup"
