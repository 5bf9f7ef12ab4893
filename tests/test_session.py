"""What the format promises to whoever reads or writes a session."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from teleop.episode_writer import EpisodeWriter, frame_row, start_attrs
from teleop.frame import COAST, End, Frame, Source, Start, Tick
from teleop.session import COMMIT_ROWS, Session, SessionError, next_seed, open_session
from teleop.writer import SessionWriter
from tests.fakes import TOY_ENV, ToyWorld

START = Start(seed=3, mode="demo", paced=False, expert="autopilot", operator="Ada", versions={"machine": "any"})
EVERY_COLUMN = (
    *("observation", "action", "human_action", "learner_action", "autopilot_action", "driver", "hands_on", "nudge"),
    *("time_scale", "reward", "pose", "step", "wheels_on_road", "tiles_visited", "time_ns", "late_ns"),
)


def append_rows(episode: EpisodeWriter, rows: int, world: ToyWorld) -> Frame:
    """Drive an episode and return the last frame."""
    outcome = world.reset(START.seed)
    for step in range(rows):
        action = np.array([np.sin(step / 9), 0.5, 0], np.float32)
        result = world.step(action)
        tick = Tick(step, step * 20_000_000, outcome)
        frame = Frame(tick, {Source.HUMAN: action}, Source.HUMAN, action, True, 0.0, 1.0, 0, result)
        episode.append(frame_row(frame))
        outcome = result
    return frame


def record(path: Path, *rows: int) -> Path:
    """A session of whole episodes with these numbers of rows."""
    with SessionWriter(path, TOY_ENV) as session:
        for count in rows:
            episode, world = session.begin_episode(start_attrs(START)), ToyWorld()
            last = append_rows(episode, count, world)
            episode.finish(End("finished", count, count, last.result, world.figures()), last.result.observation)
    return session.path


def message_of(call: Callable[[], object]) -> str:
    with pytest.raises(SessionError) as raised:
        call()
    return str(raised.value)


def change_json(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    metadata = json.loads(file.read_text())
    change(metadata)
    file.write_text(json.dumps(metadata))


def test_a_session_opens_with_and_without_its_suffix(tmp_path: Path) -> None:
    record(tmp_path / "mine", 3)
    for name in ("mine", "mine.zarr"):
        assert open_session(tmp_path / name).path == tmp_path / "mine.zarr"


def test_root_attributes_say_what_was_driven_and_since_when(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with SessionWriter(tmp_path / "mine", TOY_ENV, hz=50, now=lambda: now):
        attrs = dict(open_session(tmp_path / "mine").attrs)
    assert len(attrs.pop("id")) == 32
    assert attrs == {
        "format": "teleop-session",
        "format_version": 1,
        "created_utc": "2026-01-02T03:04:05+00:00",
        "hz": 50,
        "env": TOY_ENV,
        "observation_shape": [96, 96, 3],
    }


def test_an_episodes_attributes_say_who_drove_what_and_how_it_ended(tmp_path: Path) -> None:
    (episode,) = open_session(record(tmp_path / "mine", 5)).episodes
    assert dict(episode.attrs) == {
        **{
            "seed": 3,
            "mode": "demo",
            "expert": "autopilot",
            "operator": "Ada",
            "device": "",
            "gate": "",
            "round": None,
        },
        **{"learner": None, "parent": None, "paced": False, "versions": {"machine": "any"}, "committed": 5},
        **{"end": "finished", "figures": {"score": episode.attrs["figures"]["score"]}, "error": ""},
        **{"discarded": False, "excluded": []},
    }


def test_every_column_has_the_formats_type_and_one_row_a_tick(tmp_path: Path) -> None:
    (episode,) = open_session(record(tmp_path / "mine", 70)).episodes
    types = {name: getattr(episode, name).dtype.name for name in EVERY_COLUMN}
    assert {name for name, kind in types.items() if kind == "float32"} == {
        *("action", "human_action", "learner_action", "autopilot_action", "nudge", "time_scale", "reward", "pose")
    }
    assert {types[name] for name in ("observation", "driver", "wheels_on_road")} == {"uint8"}
    assert [types[name] for name in ("hands_on", "step", "tiles_visited")] == ["bool", "int32", "int16"]
    assert {types[name] for name in ("time_ns", "late_ns")} == {"int64"}
    assert all(len(getattr(episode, name)) == 70 for name in EVERY_COLUMN)


def test_any_zarr_library_reads_the_same(tmp_path: Path) -> None:
    """Chunks are encoded by hand; zarr-python, which knows nothing of it, must agree on every array."""
    path = record(tmp_path / "mine", 1_020)
    (episode,) = open_session(path).episodes
    group = zarr.open_group(path, mode="r")["episodes/000000"]
    assert isinstance(group, zarr.Group)
    arrays = dict(group.arrays())
    assert sorted(arrays) == sorted([*EVERY_COLUMN, "final_observation"])
    for name in EVERY_COLUMN:
        assert arrays[name].shape[0] == 1_020
        np.testing.assert_array_equal(np.asarray(arrays[name][:]), getattr(episode, name))


def test_every_array_is_zstd_3_with_a_checksum_and_says_what_was_never_written(tmp_path: Path) -> None:
    episode = record(tmp_path / "mine", 3) / "episodes/000000"
    for file in episode.glob("*/zarr.json"):
        codecs = json.loads(file.read_text())["codecs"]
        assert [codec["name"] for codec in codecs] == ["bytes", "zstd", "crc32c"]
        assert codecs[1]["configuration"]["level"] == 3
    fills = {file.parent.name: json.loads(file.read_text())["fill_value"] for file in episode.glob("*/zarr.json")}
    assert fills["driver"] == 255
    assert fills["step"] == -1
    assert {fills[name] for name in ("action", "human_action", "pose", "reward", "nudge")} == {"NaN"}


def test_rows_are_invisible_until_they_are_committed(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        append_rows(episode, COMMIT_ROWS + 10, ToyWorld())
        assert open_session(tmp_path / "mine").episodes == ()
        episode.commit()
        assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [COMMIT_ROWS + 10]


def test_readers_trust_the_commit_record_whatever_else_is_on_disk(tmp_path: Path) -> None:
    path = record(tmp_path / "mine", 120)
    change_json(path / "episodes/000000/zarr.json", lambda metadata: metadata["attributes"].update(committed=80))
    (episode,) = open_session(path).episodes
    assert {len(getattr(episode, name)) for name in EVERY_COLUMN} == {80}


def test_a_commit_rewrites_no_array_metadata(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        append_rows(episode, 60, ToyWorld())
        episode.commit()
        before = {file: file.stat().st_mtime_ns for file in episode.path.glob("*/zarr.json")}
        append_rows(episode, 60, ToyWorld())
        episode.commit()
        assert len(before) == len(EVERY_COLUMN) + 1
        assert {file: file.stat().st_mtime_ns for file in before} == before


def test_an_episode_grows_past_the_shape_it_was_made_with(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        append_rows(episode, 2_001, ToyWorld())
        episode.commit()
    (read,) = open_session(tmp_path / "mine").episodes
    assert np.array_equal(read.step, np.arange(2_001))


def test_a_killed_episode_is_cut_to_what_was_committed_when_the_session_is_appended_to(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        append_rows(episode, 30, ToyWorld())
        episode.commit()
        append_rows(episode, 200, ToyWorld())
        episode.commit()
    # As a kill leaves it between the chunks and the commit record.
    change_json(episode.path / "zarr.json", lambda metadata: metadata["attributes"].update(committed=30))
    (episode.path / "observation" / "c.9.0.0.0.partial").write_bytes(b"half a chunk")
    record(tmp_path / "mine", 4)
    killed, appended = open_session(tmp_path / "mine").episodes
    assert (killed.name, killed.committed, killed.attrs["end"]) == ("000000", 30, None)
    assert (appended.name, appended.committed) == ("000001", 4)
    assert killed.final_observation is None
    shapes = {json.loads(file.read_text())["shape"][0] for file in killed.path.glob("[!f]*/zarr.json")}
    assert shapes == {30}
    assert [file.name for file in (killed.path / "observation").glob("c.*")] == ["c.0.0.0.0"]


def test_an_episode_killed_before_its_first_commit_leaves_nothing(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        append_rows(session.begin_episode(start_attrs(START)), 20, ToyWorld())
    session_read = open_session(tmp_path / "mine")
    assert (session_read.episodes, session_read.damaged) == ((), ())
    record(tmp_path / "mine", 2)
    assert [folder.name for folder in (tmp_path / "mine.zarr/episodes").iterdir() if folder.is_dir()] == ["000000"]


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


def test_a_session_killed_while_it_was_created_can_be_created_again(tmp_path: Path) -> None:
    (tmp_path / ".mine.zarr.new/episodes").mkdir(parents=True)
    (tmp_path / ".mine.zarr.new/zarr.json.partial").write_text("{")
    (tmp_path / "mine.zarr").mkdir()
    record(tmp_path / "mine", 2)
    assert len(open_session(tmp_path / "mine").episodes) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == [".mine.zarr.lock", "mine.zarr"]


def test_a_second_writer_is_refused_and_told_why(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV), multiprocessing.get_context("spawn").Pool(1) as other_process:
        message = other_process.apply(second_writer, (tmp_path / "mine",))
    assert message == (
        f"a session has one writer, and another process is writing {tmp_path / 'mine.zarr'}: "
        "wait until it is done, or record to another session"
    )
    record(tmp_path / "mine", 2)  # the lock went with its holder


def second_writer(path: Path) -> str:
    return message_of(lambda: SessionWriter(path, TOY_ENV))


def test_validation_and_evaluation_tracks_are_never_recorded(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        message = message_of(lambda: session.begin_episode({"seed": 900_000}))
    assert message == (
        "seeds from 900000 up are validation and evaluation tracks, which are never recorded; got seed 900000: "
        "record with a seed from 0 to 799999"
    )


def test_one_session_holds_one_kind_of_driving(tmp_path: Path) -> None:
    record(tmp_path / "mine", 2)
    message = message_of(lambda: SessionWriter(tmp_path / "mine", {"id": "CarRacing-v3", "kwargs": {}}))
    assert "env" in message
    assert "CarRacing-v3" in message
    assert "record to another session" in message


def test_the_next_seed_is_one_past_the_highest_recording_seed(tmp_path: Path) -> None:
    for name, seeds in (("demos", (4, 11)), ("diagnosis", (2, 800_050))):
        with SessionWriter(tmp_path / name, TOY_ENV) as session:
            for seed in seeds:
                session.begin_episode({"seed": seed})
                last = append_rows(episode := session.begin_episode({"seed": seed}), 1, ToyWorld())
                episode.finish(End("stopped", 1, 1, last.result, {}), last.result.observation)
    demos, diagnosis = open_session(tmp_path / "demos"), open_session(tmp_path / "diagnosis")
    assert (next_seed(demos), next_seed(diagnosis), next_seed(demos, diagnosis), next_seed()) == (12, 3, 12, 0)


def test_rows_that_a_rewind_took_back_are_not_kept(tmp_path: Path) -> None:
    steps = [0, 1, 2, 3, 1, 2, 3, 4, 3, 4, 5]
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        outcome = ToyWorld().reset(0)
        for row, step in enumerate(steps):
            tick = Tick(step, row, outcome)
            frame = Frame(tick, {Source.HUMAN: COAST}, Source.HUMAN, COAST, True, 0.0, 1.0, 0, outcome)
            episode.append(frame_row(frame))
        episode.finish(End("stopped", len(steps), 6, outcome, {}), outcome.observation, excluded=[(0, 1)])
    (read,) = open_session(tmp_path / "mine").episodes
    assert np.flatnonzero(read.kept).tolist() == [0, 4, 5, 8, 9, 10]
    assert np.flatnonzero(read.excluded).tolist() == [0]


def test_a_digest_changes_with_any_row_and_with_nothing_else(tmp_path: Path) -> None:
    first, second, longer = (open_session(record(tmp_path / str(n), rows)) for n, rows in enumerate((7, 7, 8)))
    assert first.episodes[0].digest() == second.episodes[0].digest()
    assert first.episodes[0].digest() != longer.episodes[0].digest()


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


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"node_type": "array"}'])
def test_garbage_in_one_episodes_metadata_leaves_the_others_open(broken: Path, content: bytes) -> None:
    path, episode = broken, broken / "episodes/000000"
    (episode / "zarr.json").write_bytes(content)
    message = only_the_second_is_healthy(path)
    assert str(episode / "zarr.json") in message
    assert "restore" in message


@pytest.mark.parametrize("content", [b"", b"{", b'{"node_type": "array"}'])
def test_garbage_in_an_arrays_metadata_is_named(broken: Path, content: bytes) -> None:
    path, episode = broken, broken / "episodes/000000"
    (episode / "reward/zarr.json").write_bytes(content)
    message = only_the_second_is_healthy(path)
    assert str(episode / "reward/zarr.json") in message
    assert "restore" in message


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
    assert "restore it from a backup, or discard episode 000000" in message
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


def test_appending_to_a_session_with_a_damaged_episode_leaves_it_as_it_is(broken: Path) -> None:
    path, episode = broken, broken / "episodes/000000"
    (episode / "zarr.json").write_bytes(b"garbage")
    before = sorted(episode.rglob("*"))
    record(path, 3)
    assert sorted(episode.rglob("*")) == before
    assert [episode.name for episode in open_session(path).episodes] == ["000001", "000002"]


def test_a_newer_format_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = record(tmp_path / "x", 1)
    change_json(path / "zarr.json", lambda metadata: metadata["attributes"].update(format_version=3))
    newer = "session x.zarr is format 3, this teleop reads up to 1: upgrade teleop"
    assert message_of(lambda: open_session(path)) == newer
    assert message_of(lambda: SessionWriter(path, TOY_ENV)) == newer


@pytest.mark.parametrize("name", ["id", "created_utc", "hz", "env", "observation_shape"])
@pytest.mark.parametrize("value", [None, [], {}])
def test_root_attributes_that_make_no_sense_are_named(broken: Path, name: str, value: object) -> None:
    change_json(broken / "zarr.json", lambda metadata: metadata["attributes"].update({name: value}))
    message = message_of(lambda: open_session(broken))
    assert message == f"{broken / 'zarr.json'} gives no valid {name}: restore the file from a backup"


def test_where_nothing_can_be_written_the_error_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "can't be written" in message_of(lambda: SessionWriter(tmp_path / "file/mine", TOY_ENV))
    assert "a session needs a name of its own" in message_of(lambda: SessionWriter(".", TOY_ENV))


def test_what_is_no_session_is_refused_with_the_remedy(tmp_path: Path) -> None:
    assert "there is no session at" in message_of(lambda: open_session(tmp_path / "nothing"))
    (tmp_path / "empty.zarr").mkdir()
    assert "is not a session, it has no zarr.json" in message_of(lambda: open_session(tmp_path / "empty"))
    zarr.create_group(tmp_path / "other.zarr", zarr_format=3)
    assert "a Zarr store but not a session" in message_of(lambda: open_session(tmp_path / "other"))
    (tmp_path / "photos.zarr").mkdir()
    (tmp_path / "photos.zarr/cat.png").write_bytes(b"")
    assert "exists and is not a session" in message_of(lambda: SessionWriter(tmp_path / "photos", TOY_ENV))
    (tmp_path / "file.zarr").write_bytes(b"")
    assert "file.zarr" in message_of(lambda: open_session(tmp_path / "file"))
    assert "file.zarr" in message_of(lambda: SessionWriter(tmp_path / "file", TOY_ENV))


def test_a_session_that_is_being_recorded_can_be_read(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        for rows in (60, 120, 180):
            append_rows(episode, 60, ToyWorld())
            episode.commit()
            (read,) = open_session(tmp_path / "mine").episodes
            assert len(read.observation) == len(read.action) == rows


def test_figures_that_are_no_numbers_become_null(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        episode = session.begin_episode(start_attrs(START))
        last = append_rows(episode, 1, ToyWorld())
        figures = {"score": float(np.float32(1.5)), "lap_time_s": float("nan"), "tiles": 7}
        episode.finish(End("stopped", 1, 1, last.result, figures), last.result.observation)
    (read,) = open_session(tmp_path / "mine").episodes
    assert read.attrs["figures"] == {"score": 1.5, "lap_time_s": None, "tiles": 7}
