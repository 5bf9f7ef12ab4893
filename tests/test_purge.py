"""A purge deletes what was discarded, and nothing else, whatever kills it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from teleop.editing.marks import discard, exclude, undo
from teleop.editing.purging import discarded_in, purge
from teleop.episode_writer import start_attrs
from teleop.library import verify
from teleop.session import open_session
from teleop.writer import SessionWriter
from tests.benchmarks.kills import VERSIONS
from tests.fakes import TOY_ENV, ToyWorld
from tests.sessions import START, change_json, message_of, record


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("recorded") / "mine", 20, 30, 10)


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "mine.zarr"))


def names(session: Path) -> list[str]:
    return [episode.name for episode in open_session(session).episodes]


def is_healthy(session: Path) -> bool:
    return verify(session, lambda _: ToyWorld(), VERSIONS).ok


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_what_would_go_is_told_before_it_goes(session: Path) -> None:
    assert discarded_in(session).episodes == ()
    discard(session, ["000000", "000001"])
    told = discarded_in(session)
    assert (told.episodes, told.seconds) == (("000000", "000001"), 1.0)
    assert told.bytes_on_disk == sum(size(session / "episodes" / name) for name in told.episodes)


def test_discarded_episodes_are_deleted_and_the_rest_stays(session: Path) -> None:
    discard(session, ["000001"])
    before = size(session)
    bytes_on_disk = discarded_in(session).bytes_on_disk
    assert purge(session) == ("000001",)
    assert names(session) == ["000000", "000002"]
    assert size(session) < before - 0.9 * bytes_on_disk
    assert is_healthy(session)
    assert [path.name for path in session.parent.iterdir() if path.name.endswith("purged")] == []


def test_only_what_was_shown_is_deleted_and_only_if_it_is_still_discarded(session: Path) -> None:
    discard(session, ["000001", "000002"])
    assert purge(session, ["000000", "000002"]) == ("000002",)
    assert names(session) == ["000000", "000001"]


def test_numbers_are_never_given_again(session: Path) -> None:
    for _ in range(2):
        discard(session, [names(session)[-1]])
        purge(session)
    with SessionWriter(session, TOY_ENV) as writer:
        assert writer.begin_episode(start_attrs(START)).name == "000003"


def test_what_was_marked_in_other_episodes_can_still_be_taken_back(session: Path) -> None:
    exclude(session, "000000", 0, 5)
    discard(session, ["000000", "000001"])
    exclude(session, "000001", 0, 5)
    undo(session)
    undo(session)
    discard(session, ["000001"])
    purge(session)
    assert undo(session) == "excluded rows 0 to 4 of episode 000000"
    assert "nothing was marked" in message_of(lambda: undo(session))


def test_a_damaged_episode_that_is_discarded_goes_too(session: Path) -> None:
    discard(session, ["000001"])
    (session / "episodes/000001/action/c.0.0").unlink()
    assert purge(session) == ("000001",)
    assert open_session(session).damaged == ()


def test_an_episode_that_cannot_say_it_is_discarded_stays(session: Path) -> None:
    discard(session, ["000000", "000001"])
    (session / "episodes/000001/zarr.json").write_text("{")
    assert purge(session) == ("000000",)
    assert (session / "episodes/000001/action/c.0.0").exists()


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_kill_in_the_middle_leaves_a_healthy_session_and_the_next_purge_ends_it(
    session: Path, renames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    discard(session, ["000000", "000002"])
    rename, renamed = Path.rename, list[Path]()

    def killed_after(path: Path, target: Path) -> Path:
        if len(renamed) == renames:
            raise KeyboardInterrupt
        renamed.append(path)
        return rename(path, target)

    def killed(path: Path) -> None:
        raise KeyboardInterrupt(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed_after)
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            purge(session)
    gone = {path.name for path in renamed}
    assert names(session) == [name for name in ("000000", "000001", "000002") if name not in gone]
    assert is_healthy(session)
    purge(session)
    assert names(session) == ["000001"]
    assert not (session.parent / ".mine.zarr.purged").exists()


def test_a_session_that_is_being_recorded_is_not_purged(session: Path) -> None:
    discard(session, ["000000"])
    with SessionWriter(session, TOY_ENV):
        assert "another process is writing" in message_of(lambda: purge(session))
    assert len(names(session)) == 3


def test_a_number_that_is_none_is_named_before_anybody_drives(session: Path) -> None:
    change_json(session / "episodes/zarr.json", lambda metadata: metadata["attributes"].update(purged="two"))
    message = message_of(lambda: SessionWriter(session, TOY_ENV))
    assert "no valid purged" in message
    assert "restore the file from a backup" in message
