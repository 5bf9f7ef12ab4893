"""What the format promises to whoever reads or writes a session."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import zarr

from teleop.episode_writer import frame_row, start_attrs
from teleop.frame import COAST, End, Frame, Source, Tick
from teleop.session import COMMIT_ROWS, next_seed, open_session
from teleop.writer import SessionWriter
from tests.fakes import TOY_ENV, ToyWorld
from tests.sessions import START, append_rows, change_json, message_of, record

EVERY_COLUMN = (
    *("observation", "action", "human_action", "learner_action", "autopilot_action", "driver", "hands_on", "nudge"),
    *("time_scale", "reward", "pose", "step", "wheels_on_road", "tiles_visited", "time_ns", "late_ns"),
)


def test_a_session_opens_with_and_without_its_suffix(tmp_path: Path) -> None:
    record(tmp_path / "mine", 3)
    for name in ("mine", "mine.zarr"):
        assert open_session(tmp_path / name).path == tmp_path / "mine.zarr"


def test_a_folder_of_the_same_name_does_not_hide_a_session(tmp_path: Path) -> None:
    record(tmp_path / "mine", 3)
    (tmp_path / "mine").mkdir()
    assert open_session(tmp_path / "mine").path == tmp_path / "mine.zarr"


def test_root_attributes_say_what_was_driven_and_since_when(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with SessionWriter(tmp_path / "mine", TOY_ENV, hz=50, now=lambda: now):
        attrs = dict(open_session(tmp_path / "mine").attrs)
    assert len(attrs.pop("id")) == 32
    assert attrs == {
        "format": "teleop-session",
        "format_version": 2,
        "created_utc": "2026-01-02T03:04:05+00:00",
        "hz": 50,
        "env": TOY_ENV,
        "observation_shape": [96, 96, 3],
        "cameras": [],
        "unknown": [],
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
        "wait until it is done, or choose another session"
    )
    record(tmp_path / "mine", 2)  # the lock went with its holder


def test_a_session_that_is_called_otherwise_is_written_where_it_is(tmp_path: Path) -> None:
    record(tmp_path / "mine", 2).rename(tmp_path / "mine")
    assert record(tmp_path / "mine", 3) == tmp_path / "mine"
    assert len(open_session(tmp_path / "mine").episodes) == 2


def test_no_session_is_made_within_another(tmp_path: Path) -> None:
    session = record(tmp_path / "mine", 2)
    assert "stands beside others" in message_of(lambda: SessionWriter(session / "episodes/000007", TOY_ENV))


def second_writer(path: Path) -> str:
    return message_of(lambda: SessionWriter(path, TOY_ENV))


def test_validation_and_evaluation_tracks_are_never_recorded(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "mine", TOY_ENV) as session:
        message = message_of(lambda: session.begin_episode({"seed": 900_000}))
    assert message == (
        "recording may use seeds from 0 to 899999, of which 800000 to 800099 are diagnosis tracks; got seed 900000: "
        "choose one of these"
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
            frame = Frame(tick, {Source.HUMAN: COAST}, Source.HUMAN, COAST, True, 0.0, 0, outcome)
            episode.append(frame_row(frame))
        episode.finish(End("stopped", len(steps), 6, outcome, {}), outcome.observation, excluded=[(0, 1)])
    (read,) = open_session(tmp_path / "mine").episodes
    assert np.flatnonzero(read.kept).tolist() == [0, 4, 5, 8, 9, 10]
    assert np.flatnonzero(read.excluded).tolist() == [0]


def test_a_digest_changes_with_any_row_and_with_nothing_else(tmp_path: Path) -> None:
    first, second, longer = (open_session(record(tmp_path / str(n), rows)) for n, rows in enumerate((7, 7, 8)))
    assert first.episodes[0].digest() == second.episodes[0].digest()
    assert first.episodes[0].digest() != longer.episodes[0].digest()


def test_a_session_of_the_first_format_opens_as_one_without_other_cameras() -> None:
    sample = open_session(Path(__file__).parents[1] / "sessions/sample.zarr")
    assert sample.attrs["format_version"] == 1
    assert sample.attrs["cameras"] == sample.attrs["unknown"] == []
    assert sample.episodes[0].observation.shape[1:] == (96, 96, 3)


def test_a_newer_format_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = record(tmp_path / "x", 1)
    change_json(path / "zarr.json", lambda metadata: metadata["attributes"].update(format_version=4))
    newer = "session x.zarr is format 4, this teleop reads up to 3: upgrade teleop"
    assert message_of(lambda: open_session(path)) == newer
    assert message_of(lambda: SessionWriter(path, TOY_ENV)) == newer


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
