"""The listing of a folder is never wrong, whatever it remembers."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from teleop.cli import run
from teleop.editing.changes import change_attributes
from teleop.editing.listing import SETTLED_NS, listed
from teleop.editing.marks import discard, exclude, label_outcome
from teleop.editing.purging import purge
from teleop.episode_writer import start_attrs
from teleop.library import SessionInfo, info
from teleop.session import open_session
from teleop.writer import SessionWriter
from tests.fakes import TOY_ENV, ToyWorld
from tests.sessions import START, add_layer, append_rows, record


def later() -> int:
    """When all that tests write has settled."""
    return time.time_ns() + 2 * SETTLED_NS


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("recorded") / "mine", 100, 30)


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "sessions" / "mine.zarr"))


def only(session: Path) -> SessionInfo:
    """As it is listed now."""
    (found,) = listed(session.parent, now_ns=later).sessions
    return found


def read_anew(session: Path) -> list[str]:
    told: list[str] = []
    listed(session.parent, told.append, later)
    return told


def told_now(session: Path) -> SessionInfo:
    """What a listing that remembers nothing says."""
    (session.parent / f".{session.name}.listing").unlink()
    return only(session)


def test_a_listing_says_of_a_session_what_info_says(session: Path) -> None:
    listing, alone = only(session), info(session)
    assert listing.episodes == alone.episodes
    assert (listing.rows, listing.operators, listing.scores) == (130, ("Ada",), alone.scores)
    assert 0 < alone.bytes_on_disk - listing.bytes_on_disk < 2_000  # what describes the session itself


def test_what_did_not_change_is_not_read_again(session: Path) -> None:
    assert read_anew(session) == ["mine.zarr 000000", "mine.zarr 000001"]
    assert read_anew(session) == []
    assert only(session) == told_now(session)


def remove_rows(session: Path) -> None:
    (session / "episodes/000001/action/c.0.0").unlink()


def replace_rows(session: Path) -> None:
    """By a file of the same size and time."""
    file = session / "episodes/000001/step/c.0"
    copy = Path(shutil.copy2(file, file.with_name("copy")))
    copy.write_bytes(bytes(reversed(file.read_bytes())))
    os.utime(copy, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    copy.replace(file)


def lengthen_a_layer(session: Path) -> None:
    layer = session / "episodes/000001/labels/ada"
    file = layer / "action" / "c.0.0"
    file.write_bytes(file.read_bytes() * 2)


CHANGES: list[Callable[[Path], object]] = [
    lambda session: exclude(session, "000001", 0, 9),
    lambda session: discard(session, ["000001"]),
    lambda session: label_outcome(session, "000001", "failure"),
    lambda session: add_layer(session / "episodes/000001", "bob", np.zeros((30, 3), np.float32)),
    lambda session: change_attributes(session / "episodes/000001", {"figures": {"lap_finished": True, "score": 912.5}}),
    lengthen_a_layer,
    remove_rows,
    replace_rows,
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_episode_that_changed_is_seen(session: Path, change: Callable[[Path], object]) -> None:
    add_layer(session / "episodes/000001", "ada", np.zeros((30, 3), np.float32))
    before = only(session)
    change(session)
    after = only(session)
    assert after != before
    assert after == told_now(session)


def test_what_changed_a_moment_ago_is_read_again_though_it_looks_the_same(session: Path) -> None:
    """Two changes within one tick of a file system's clock may leave the same times."""
    told: list[str] = []
    for _ in range(2):
        change_attributes(session / "episodes/000001", {"operator": "Ada"})
        listed(session.parent, told.append, time.time_ns)
    assert told[-1] == "mine.zarr 000001"
    listed(session.parent, told.append, time.time_ns)
    assert told[-1] == "mine.zarr 000001"


def test_episodes_that_were_purged_or_recorded_since_are_seen(session: Path) -> None:
    only(session)
    discard(session, ["000000"])
    purge(session)
    record(session, 10)
    assert [episode.name for episode in only(session).episodes] == ["000001", "000002"]
    assert only(session) == told_now(session)


def test_a_session_that_is_being_recorded_lists_what_is_committed(session: Path) -> None:
    with SessionWriter(session, TOY_ENV) as writer:
        episode = writer.begin_episode(start_attrs(START))
        assert len(only(session).episodes) == 2
        for rows in (50, 100):
            append_rows(episode, 50, ToyWorld())
            episode.commit()
            assert only(session).episodes[-1].rows == rows
            assert only(session).damaged == ()


@pytest.mark.parametrize("left", [b"", b"{", b"[1]", b'{"basis": 1, "found": {"000000": {}}}', b"\xff"])
def test_a_damaged_memory_is_no_harm(session: Path, left: bytes) -> None:
    before = only(session)
    (session.parent / ".mine.zarr.listing").write_bytes(left)
    assert only(session) == before
    assert read_anew(session) == []


def test_what_was_found_of_another_session_of_that_name_is_not_believed(session: Path) -> None:
    only(session)
    change_attributes(session, {"hz": 25})
    assert only(session).seconds == 130 / 25


def test_a_folder_that_takes_no_files_is_listed_all_the_same(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("teleop.editing.listing.TemporaryDirectory", refused)
    assert len(only(session).episodes) == 2
    assert not (session.parent / ".mine.zarr.listing").exists()


def test_a_table_sums_sessions_up_and_says_what_is_bad(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Path(shutil.copytree(session, session.with_name("other.zarr")))
    change_attributes(other / "episodes/000000", {"round": 2, "figures": {"lap_finished": True, "score": 900.0}})
    discard(other, ["000001"])
    assert run(["sessions", str(session.parent)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "damaged" not in lines[1]
    heading, mine, others, total = ([cell for cell in lines[row].split("  ") if cell.strip()] for row in (1, 3, 4, 6))
    assert [cell.strip() for cell in heading] == [
        *("session", "episodes", "discarded", "laps", "minutes", "score", "rounds", "MB", "by")
    ]
    assert [cell.strip() for cell in others][:7] == ["other", "2", "1", "1", "0.0", "900.0", "1"]
    assert total[0].strip() == "2 sessions"
    assert total[1].strip() == "4"
    assert mine[-1].strip() == "Ada"

    (session / "episodes/000001/action/c.0.0").unlink()
    (session.parent / "broken.zarr").mkdir()
    assert run(["sessions", str(session.parent)]) == 1
    said = capsys.readouterr().out
    assert "damaged mine.zarr 000001" in said
    assert "damaged broken.zarr" in said


def test_a_session_itself_is_listed_and_no_folder_is_an_error(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sessions", str(session)]) == 0
    assert "mine" in capsys.readouterr().out
    (session.parent / "empty").mkdir()
    assert run(["sessions", str(session.parent / "empty")]) == 0
    assert "no sessions in" in capsys.readouterr().out
    assert run(["sessions", str(session.parent / "none")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_the_commands_that_mend_say_what_they_did(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(session)
    out = str(session.with_name("out"))
    done = (
        (["trim", name, "0", "--from", "0.5s", "--to", "80"], "55 of 100 frames of episode 000000 are not excluded"),
        (["discard", name, "0", "1"], "discarded episodes 000000, 000001"),
        (["restore", name, "1"], "restored episode 000001"),
        (["restore", name, "1"], "nothing changed"),
        (["undo", name], "taken back: restored episode 000001"),
        (["restore", name, "1"], "restored episode 000001"),
        (["split", name, out, "1"], "1 episode, each with where it was recorded"),
        (["purge", name, "--yes"], "1 episode deleted"),
        (["purge", name], "no episode is discarded"),
        (["merge", out + "2", name], "1 episode, each with where it was recorded"),
    )
    for words, said in done:
        assert run(words) == 0, words
        assert said in capsys.readouterr().out.replace("\n", " ")
    assert [episode.name for episode in open_session(session).episodes] == ["000001"]


def test_a_purge_asks_and_deletes_nothing_where_nobody_answers_or_agrees(
    session: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    discard(session, ["000001"])
    ask = partial(run, ["purge", str(session)])
    assert ask() == 2
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for answer, left in (("n", 2), ("", 2), ("y", 1)):
        monkeypatch.setattr("builtins.input", lambda *_, answer=answer: answer)
        assert ask() == 0
        assert len(open_session(session).episodes) == left
    assert "1 episode, 0.0 minutes, 0.0 MB: 000001" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("trim", "0", "--from", "soon"), ("trim", "0", "--to", "infs"), ("discard",), ("restore",), ("split",)]
)
def test_what_cannot_be_meant_is_wrong_usage(session: Path, words: tuple[str, ...]) -> None:
    command, *rest = words
    out = [str(session.with_name("out"))] if command == "split" else []
    assert run([command, str(session), *out, *rest]) == 2
    assert json.loads((session / "episodes/zarr.json").read_text())["attributes"] == {}
