"""Marks change what is learned from, never what was recorded, and can be taken back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import zarr

from teleop.editing import marks
from teleop.editing.changes import change_attributes
from teleop.editing.marks import discard, exclude, include, label_outcome, restore, trim, undo
from teleop.library import verify
from teleop.session import Episode, open_session
from teleop.writer import SessionWriter
from tests.benchmarks.kills import VERSIONS
from tests.fakes import TOY_ENV, ToyWorld
from tests.sessions import change_json, message_of, record


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return record(tmp_path / "mine", 40, 30)


def first(session: Path) -> Episode:
    return open_session(session).episodes[0]


def excluded(session: Path) -> list[list[int]]:
    return list(first(session).attrs["excluded"])


def test_excluded_rows_are_sorted_and_touching_ones_become_one(session: Path) -> None:
    for start, stop in ((20, 30), (5, 10), (10, 12), (25, 40)):
        exclude(session, "000000", start, stop)
    assert excluded(session) == [[5, 12], [20, 40]]
    assert first(session).excluded.sum() == 27


def test_rows_are_included_again_from_the_middle_of_what_was_excluded(session: Path) -> None:
    exclude(session, "000000", 5, 30)
    assert include(session, "000000", 10, 20) == "included rows 10 to 19 of episode 000000"
    assert excluded(session) == [[5, 10], [20, 30]]


def test_a_trim_excludes_what_is_outside_and_leaves_what_was_excluded_inside(session: Path) -> None:
    exclude(session, "000000", 12, 14)
    assert trim(session, "000000", 10, 30) == "trimmed to rows 10 to 29 of episode 000000"
    assert excluded(session) == [[0, 10], [12, 14], [30, 40]]
    undo(session)
    assert excluded(session) == [[12, 14]]


def test_whole_episodes_are_discarded_and_restored(session: Path) -> None:
    assert discard(session, ["000000", "1"]) == "discarded episodes 000000, 000001"
    assert [episode.discarded for episode in open_session(session).episodes] == [True, True]
    assert restore(session, ["000001"]) == "restored episode 000001"
    assert [episode.discarded for episode in open_session(session).episodes] == [True, False]


def test_an_attempt_is_judged_and_judged_otherwise(session: Path) -> None:
    assert first(session).judgement == ""
    label_outcome(session, "000000", "success")
    assert first(session).judgement == "success"
    label_outcome(session, "000000", "failure")
    undo(session)
    assert first(session).judgement == "success"
    label_outcome(session, "000000", "")
    assert first(session).judgement == ""


def test_marks_are_taken_back_one_after_another_the_last_first(session: Path) -> None:
    before = [dict(episode.attrs) for episode in open_session(session).episodes]
    made = [
        exclude(session, "000000", 5, 9),
        discard(session, ["000000", "000001"]),
        restore(session, ["000001"]),
        exclude(session, "000000", 0, 20),
    ]
    assert [undo(session) for _ in made] == made[::-1]
    assert [dict(episode.attrs) for episode in open_session(session).episodes] == before
    assert "nothing was marked" in message_of(lambda: undo(session))


def test_what_changes_nothing_is_no_mark(session: Path) -> None:
    discard(session, ["000000"])
    assert discard(session, ["000000"]) == restore(session, ["000001"]) == include(session, "000000", 0, 9) == ""
    assert undo(session) == "discarded episode 000000"
    assert not first(session).discarded


def test_no_recorded_array_changes_and_the_session_stays_healthy(session: Path) -> None:
    digests = [episode.digest() for episode in open_session(session).episodes]
    exclude(session, "000000", 5, 9)
    discard(session, ["000001"])
    label_outcome(session, "000000", "failure")
    assert [episode.digest() for episode in open_session(session).episodes] == digests
    assert verify(session, lambda _: ToyWorld(), VERSIONS).ok
    group = zarr.open_group(session, mode="r")["episodes/000000"]
    assert group.attrs["judgement"] == "failure"
    assert group.attrs["excluded"] == [[5, 9]]


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 5), (9, 5), (0, 41)])
def test_rows_that_are_not_there_are_refused_with_those_that_are(session: Path, start: int, stop: int) -> None:
    message = message_of(lambda: exclude(session, "000000", start, stop))
    assert f"got {start} and {stop}" in message
    assert "choose from 0 to 40" in message
    assert excluded(session) == []


def test_one_wrong_name_among_many_and_nothing_is_marked(session: Path) -> None:
    for name in ("000007", "two", "../000000", "", "٣"):
        assert f'has no episode "{name}"' in message_of(partial(discard, session, ["000000", name]))
    assert not first(session).discarded
    assert "success, failure" in message_of(lambda: label_outcome(session, "000000", "splendid"))


def test_a_session_that_is_being_recorded_is_not_marked(session: Path) -> None:
    with SessionWriter(session, TOY_ENV):
        assert "another process is writing" in message_of(lambda: discard(session, ["000000"]))
    discard(session, ["000000"])


def test_where_there_is_no_session_none_is_made(tmp_path: Path) -> None:
    assert "there is no session" in message_of(lambda: undo(tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []


def test_a_mark_that_a_kill_cut_short_is_taken_back_whole(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first episode is marked and the second not yet."""

    def killed(group: Path, changes: dict[str, object]) -> None:
        if group.name == "000001":
            raise KeyboardInterrupt
        change_attributes(group, changes)

    with monkeypatch.context() as patch:
        patch.setattr(marks, "change_attributes", killed)
        with pytest.raises(KeyboardInterrupt):
            discard(session, ["000000", "000001"])
    assert [episode.discarded for episode in open_session(session).episodes] == [True, False]
    assert undo(session) == "discarded episodes 000000, 000001"
    assert [episode.discarded for episode in open_session(session).episodes] == [False, False]


def test_a_damaged_history_of_marks_is_named(session: Path) -> None:
    group = session / "episodes" / "zarr.json"
    for odd in ("none", [1], [{"what": "all"}], [{"what": "x", "before": {"000000": {"seed": 9}}}]):
        change_attributes(group.parent, {"marks": odd})
        assert str(group) in message_of(lambda: undo(session))


def test_a_judgement_that_is_none_is_damage(session: Path) -> None:
    change_json(session / "episodes/000000/zarr.json", lambda metadata: metadata["attributes"].update(judgement="meh"))
    ((name, error),) = open_session(session).damaged
    assert (name, "no valid judgement" in str(error)) == ("000000", True)


def test_ranges_are_half_open_and_apart() -> None:
    rows = np.array([1, 1, 0, 1, 0, 0, 1], np.bool_)
    assert marks.ranges(rows) == [[0, 2], [3, 4], [6, 7]]
    assert marks.ranges(np.zeros(3, np.bool_)) == []


@pytest.mark.parametrize(("within", "name"), [(".", "."), ("episodes", "..")])
def test_who_stands_within_a_session_marks_it(
    session: Path, monkeypatch: pytest.MonkeyPatch, within: str, name: str
) -> None:
    monkeypatch.chdir(session / within)
    assert discard(Path(name), ["0"]) == "discarded episode 000000"
    assert not list(session.rglob("*.lock"))


def test_a_session_has_one_writer_whatever_links_lead_there(session: Path, tmp_path: Path) -> None:
    (link := tmp_path / "link.zarr").symlink_to(session)
    with SessionWriter(session, TOY_ENV):
        assert "another process is writing" in message_of(lambda: discard(link, ["0"]))
