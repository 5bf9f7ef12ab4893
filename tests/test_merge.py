"""Episodes are copied into sessions of their own, whole and sound, and are learned from as where they were recorded."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.dataset import DatasetError, load_lessons
from policy.labels import LabelRule
from policy.vision import Vision
from teleop.editing import joining
from teleop.editing.changes import change_attributes
from teleop.editing.compacting import compact
from teleop.editing.joining import merge, split
from teleop.editing.marks import discard, exclude, restore, undo
from teleop.library import verify
from teleop.session import FORMAT_VERSION, open_session
from teleop.writer import SessionWriter
from tests import archives
from tests.benchmarks.kills import VERSIONS
from tests.fakes import TOY_ENV, ToyWorld
from tests.sessions import add_layer, message_of, record


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions; the second has an episode that was retaken from the first's, and a layer."""
    folder = tmp_path_factory.mktemp("recorded")
    a, b = record(folder / "a", 70, 20), record(folder / "b", 60, 80)
    parent = {"session": open_session(a).attrs["id"], "episode": "000001", "step": 10}
    change_attributes(b / "episodes" / "000001", {"mode": "retake", "parent": parent})
    add_layer(b / "episodes" / "000000", "ada", np.full((60, 3), 0.5, np.float32))
    exclude(a, "000000", 60, 65)
    discard(b, ["000000"])
    return folder


@pytest.fixture
def sessions(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "sessions"))


def digests(*sessions: Path) -> list[str]:
    return [episode.digest() for session in sessions for episode in open_session(session).episodes]


def is_healthy(session: Path) -> bool:
    return verify(session, lambda _: ToyWorld(), VERSIONS).ok


def learned(paths: Sequence[Path], rule: str) -> list[tuple[Any, ...]]:
    said: list[str] = []
    lessons = load_lessons(paths, Vision(), LabelRule(rule), said.append)
    assert said == []
    return [tuple(lesson.origin[name] for name in ("rows", "digest", "labels")) for lesson in lessons]


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_a_merge_holds_every_episode_of_its_parts_in_order(sessions: Path) -> None:
    a, b = sessions / "a.zarr", sessions / "b"
    told: list[tuple[int, str]] = []
    whole = merge(sessions / "whole", [a, b], lambda done, name: told.append((done, name)))
    assert whole == sessions / "whole.zarr"
    assert digests(whole) == digests(a, b)
    assert told == [(1, "000000"), (2, "000001"), (3, "000000"), (4, "000001")]
    assert is_healthy(whole)
    assert open_session(whole).attrs["id"] not in {open_session(part).attrs["id"] for part in (a, b)}


@pytest.mark.parametrize("rule", ["labelled", "layer:ada"])
def test_a_merge_teaches_what_its_parts_teach(sessions: Path, rule: str) -> None:
    parts = [sessions / "a.zarr", sessions / "b.zarr"]
    restore(parts[1], ["000000"])
    whole = merge(sessions / "whole", parts)
    assert learned([whole], rule) == learned(parts, rule) != []


def test_a_merge_is_not_learned_from_beside_its_parts(sessions: Path) -> None:
    merge(sessions / "all", [sessions / "a", sessions / "b"])
    with pytest.raises(DatasetError, match=r"all.zarr and .*b.zarr are the same session, or copies"):
        load_lessons([sessions / "all", sessions / "b"], Vision(), LabelRule("labelled"), print)


def test_marks_and_layers_come_along_and_their_history_stays(sessions: Path) -> None:
    whole = merge(sessions / "whole", [sessions / "a", sessions / "b"])
    first, _, third, _ = open_session(whole).episodes
    assert first.attrs["excluded"] == [[60, 65]]
    assert third.discarded
    assert third.layers == ("ada",)
    assert "nothing was marked" in message_of(lambda: undo(whole))


def test_every_episode_says_where_it_was_recorded_however_often_it_was_copied(sessions: Path) -> None:
    a, b = sessions / "a.zarr", sessions / "b.zarr"
    again = merge(sessions / "again", [split(b, sessions / "part", ["000001"]), a])
    ids = {part: open_session(part).attrs["id"] for part in (a, b)}
    assert [episode.attrs["origin"] for episode in open_session(again).episodes] == [
        {"session": ids[b], "episode": "000001"},
        {"session": ids[a], "episode": "000000"},
        {"session": ids[a], "episode": "000001"},
    ]


def test_a_retakes_parent_is_found_in_the_merge_and_elsewhere_when_it_stayed_behind(sessions: Path) -> None:
    a, b = sessions / "a.zarr", sessions / "b.zarr"
    alone = split(b, sessions / "alone", ["1"])
    assert open_session(alone).episodes[0].attrs["parent"]["session"] == open_session(a).attrs["id"]
    whole = merge(sessions / "whole", [alone, a])
    identity = open_session(whole).attrs["id"]
    again = merge(sessions / "again", [split(whole, sessions / "other", ["2", "0"])])
    for session, name in ((whole, "000002"), (again, "000000")):
        identity = open_session(session).attrs["id"]
        retake = next(episode for episode in open_session(session).episodes if episode.attrs["mode"] == "retake")
        assert retake.attrs["parent"] == {"session": identity, "episode": name, "step": 10}


def test_a_copy_goes_its_own_way(sessions: Path) -> None:
    a = sessions / "a.zarr"
    before = digests(a)
    whole = merge(sessions / "whole", [a])
    exclude(whole, "000001", 0, 3)
    shutil.rmtree(whole / "episodes/000000/action")
    assert digests(a) == before
    assert open_session(a).episodes[1].attrs["excluded"] == []


def test_recording_goes_on_in_a_merge(sessions: Path) -> None:
    whole = merge(sessions / "whole", [sessions / "a"])
    record(whole, 10)
    assert [episode.name for episode in open_session(whole).episodes] == ["000000", "000001", "000002"]
    assert is_healthy(whole)


def test_archives_come_along_as_archives(tmp_path: Path) -> None:
    part = archives.record(tmp_path / "part")
    before = digests(part)
    compact(part, archives.HERE, ["000001"])
    whole = merge(tmp_path / "whole", [part])
    assert [episode.archived for episode in open_session(whole).episodes] == [False, True, False]
    assert verify(whole, archives.toy, archives.VERSIONS).ok
    assert [episode.digest() for episode in open_session(whole, archives.HERE).episodes] == before
    assert open_session(split(whole, tmp_path / "some", ["0"])).attrs["format_version"] == FORMAT_VERSION


def test_what_was_killed_is_copied_as_far_as_it_was_committed(sessions: Path) -> None:
    a = sessions / "a.zarr"
    change_attributes(a / "episodes/000000", {"committed": 50, "end": None, "excluded": []})
    whole = merge(sessions / "whole", [a])
    assert [episode.committed for episode in open_session(whole).episodes] == [50, 20]
    assert is_healthy(whole)


def test_the_same_episode_is_not_taken_twice(sessions: Path) -> None:
    a, b, out = sessions / "a.zarr", sessions / "b.zarr", sessions / "out"
    assert "given twice" in message_of(lambda: merge(out, [a, b, sessions / "a"]))
    part = split(a, sessions / "part", ["000000"])
    message = message_of(lambda: merge(out, [a, part]))
    assert "are the same one" in message
    assert str(part / "episodes/000000") in message
    assert not out.with_suffix(".zarr").exists()


@pytest.mark.parametrize("out", ["a", "b"])
def test_a_session_is_not_merged_into_itself_nor_over_another(sessions: Path, out: str) -> None:
    before = digests(sessions / "a", sessions / "b")
    assert "never overwritten" in message_of(lambda: merge(sessions / out, [sessions / "a"]))
    assert digests(sessions / "a", sessions / "b") == before


def test_what_was_recorded_otherwise_is_not_merged(sessions: Path) -> None:
    a, b = sessions / "a.zarr", sessions / "b.zarr"
    change_attributes(b, {"hz": 25})
    message = message_of(lambda: merge(sessions / "out", [a, b]))
    assert f"{a} has hz 50, {b} has 25" in message
    assert "leave one of them out" in message


def test_damage_and_what_is_not_there_are_told_before_anything_is_made(sessions: Path) -> None:
    a, b, out = sessions / "a.zarr", sessions / "b.zarr", sessions / "out"
    assert "there is no session" in message_of(lambda: merge(out, [a, sessions / "none"]))
    assert 'has no episode "7"' in message_of(lambda: split(a, out, ["0", "7"]))
    (b / "episodes/000001/action/c.0.0").unlink()
    assert "its episode 000001 is damaged" in message_of(lambda: merge(out, [a, b]))
    assert "has 000001" in message_of(lambda: split(b, out, ["0", "1"]))
    assert digests(split(b, out, ["0"])) == digests(b)
    assert "is never overwritten" in message_of(lambda: merge(out, [a]))
    assert visible(sessions) == ["a.zarr", "b.zarr", "out.zarr"]


def test_what_has_no_episodes_makes_no_session(tmp_path: Path) -> None:
    assert "these have none" in message_of(lambda: merge(tmp_path / "out", [record(tmp_path / "empty")]))


def test_a_session_that_is_being_recorded_is_not_copied(sessions: Path) -> None:
    with SessionWriter(sessions / "b", TOY_ENV):
        assert "another process is writing" in message_of(
            lambda: merge(sessions / "out", [sessions / "a", sessions / "b"])
        )


def test_what_ends_a_merge_leaves_no_half_of_one(sessions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(group: Path, changes: dict[str, Any]) -> None:
        if group.name == "000001":
            raise OSError(28, "No space left on device")
        change_attributes(group, changes)

    with monkeypatch.context() as patch:
        patch.setattr(joining, "change_attributes", full_disk)
        with pytest.raises(OSError, match="No space"):
            merge(sessions / "out", [sessions / "a"])
    assert visible(sessions) == ["a.zarr", "b.zarr"]
    (sessions / ".out.zarr.new" / "episodes" / "left by a kill").mkdir(parents=True)
    assert digests(merge(sessions / "out", [sessions / "a"])) == digests(sessions / "a")


def test_what_is_protected_where_it_was_recorded_can_be_changed_in_its_copy(sessions: Path) -> None:
    protected = [sessions / "b.zarr/episodes/000000", *(sessions / "b.zarr/episodes/000000").rglob("*")]
    for path in protected:
        path.chmod(path.stat().st_mode & ~0o222)
    part = split(sessions / "b", sessions / "part", ["0"])
    assert all(path.stat().st_mode & stat.S_IWUSR for path in part.rglob("*"))
    for path in protected:  # for who removes the test's folder
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
