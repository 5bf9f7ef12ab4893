"""Archives: pictures that are dropped because they can be drawn again, and put back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import zarr

from policy.cli import run as policy_run
from teleop.cli import run
from teleop.clock import SimulatedMetronome
from teleop.editing.compacting import compact, restore
from teleop.frame import Source, Start
from teleop.gates import Only
from teleop.library import info, verify
from teleop.loop import run_episode
from teleop.rendering import Rendering
from teleop.session import SMALL_COLUMNS, Episode, Session, open_session
from teleop.shift.demonstrations import Recorded, recorded_in
from teleop.sinks.recorder import Recorder
from teleop.worlds.track import TrackWorld, versions
from tests.archives import HERE, VERSIONS, record, toy
from tests.fakes import ScriptedDevice, ToyWorld, steering
from tests.power import power_for
from tests.sessions import message_of

COLUMNS = ("observation", *(column.name for column in SMALL_COLUMNS))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("whole") / "mine")


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "mine.zarr"))


def contents(session: Session) -> dict[str, dict[str, bytes]]:
    """Every byte that readers get."""
    return {episode.name: _contents(episode) for episode in session.episodes}


def _contents(episode: Episode) -> dict[str, bytes]:
    columns = {name: episode.column(name).tobytes() for name in episode.columns}
    final = episode.final_observation
    return columns | {
        "final_observation": b"" if final is None else final.tobytes(),
        "digest": episode.digest().encode(),
    }


def archived(path: Path) -> list[bool]:
    return [episode.archived for episode in open_session(path).episodes]


def test_an_archive_gives_back_every_byte_that_was_recorded(session: Path) -> None:
    recorded = contents(open_session(session))
    compacted = compact(session, HERE)
    assert [(one.episode, one.left) for one in compacted] == [("000000", ""), ("000001", ""), ("000002", "")]
    assert sum(one.after for one in compacted) < sum(one.before for one in compacted) / 5
    assert archived(session) == [True] * 3
    assert contents(open_session(session, HERE)) == recorded
    assert {file.name for file in (session / "episodes/000000").iterdir()} == {"zarr.json", "archive"}


def test_restored_pictures_are_read_by_any_zarr_library_and_the_session_is_of_its_format_again(session: Path) -> None:
    before = {str(file.relative_to(session)): file.read_bytes() for file in session.rglob("c.*")}
    compact(session, HERE)
    assert open_session(session).attrs["format_version"] == 3
    restore(session, HERE)
    assert archived(session) == [False] * 3
    assert open_session(session).attrs["format_version"] == 2
    assert {str(file.relative_to(session)): file.read_bytes() for file in session.rglob("c.*")} == before
    observation = zarr.open_array(session / "episodes/000000/observation", mode="r")
    assert np.array_equal(observation[:], open_session(session).episodes[0].observation)


def test_without_a_renderer_rows_are_read_and_pictures_name_the_command_that_puts_them_back(session: Path) -> None:
    compact(session, HERE, ["2", "000000"])
    first, second, third = open_session(session).episodes
    assert first.action.shape == (len(first.step), 3)
    for ask in (lambda: first.observation, lambda: first.final_observation, lambda: third.observation, first.digest):
        assert f"`teleop compact --restore {session}` puts them back" in message_of(ask)
    assert third.final_observation is None
    assert len(second.observation) == second.committed
    assert [episode.archived for episode in info(session).episodes] == [True, False, True]


def test_one_episode_can_be_archived_and_another_restored(session: Path) -> None:
    compact(session, HERE)
    assert [one.episode for one in restore(session, HERE, ["1"])] == ["000001"]
    assert archived(session) == [True, False, True]
    assert open_session(session).attrs["format_version"] == 3
    assert message_of(lambda: compact(session, HERE, ["9"])).startswith(f'{session} has no episode "9"')


def test_verify_draws_an_archive_again_and_finds_a_byte_that_changed(session: Path) -> None:
    compact(session, HERE)
    checked = verify(session, toy, VERSIONS)
    assert checked.ok, checked.findings
    assert not checked.not_checkable
    assert checked.rows == checked.rows_resimulated > 130

    rows = zarr.open_array(session / "episodes/000000/archive", mode="r+")
    rows[40, 2] = int(np.asarray(rows[40, 2])) ^ 1  # in an action
    (finding,) = verify(session, toy, VERSIONS).findings
    assert (finding.episode, finding.law) == ("000000", "row law")
    chunk = session / "episodes/000001/archive/c.0.0"
    chunk.write_bytes(chunk.read_bytes()[:-1])
    assert {finding.law for finding in verify(session, toy, VERSIONS).findings} == {"row law", "integrity"}


def test_another_pygame_build_is_said_and_nothing_is_archived_restored_or_shown(session: Path) -> None:
    elsewhere = VERSIONS | {"pygame": "2"}
    there = Rendering(toy, elsewhere)
    assert all("pygame 1 then, 2 here" in one.left for one in compact(session, there))
    assert archived(session) == [False] * 3
    compact(session, HERE)
    assert all("pygame 1 then, 2 here" in one.left for one in restore(session, there))
    episode = open_session(session, there).episodes[0]
    assert "can't be drawn here as they were: pygame 1 then, 2 here" in message_of(lambda: episode.observation)
    checked = verify(session, toy, elsewhere)
    assert checked.ok
    assert {gap.message for gap in checked.not_checkable} == {"not checkable here: observations: pygame 1 then, 2 here"}
    assert checked.rows_resimulated == checked.rows


class Repainted(ToyWorld):
    """Drives as ever, and looks otherwise from step 6 on."""

    def _observation(self) -> npt.NDArray[np.uint8]:
        return super()._observation() + np.uint8(len(self._actions) > 5)


def test_pictures_that_would_come_back_otherwise_are_never_dropped_nor_shown(session: Path) -> None:
    repainted = Rendering(lambda _: Repainted(), VERSIONS)
    assert {one.left for one in compact(session, repainted)} == {
        "its pictures are drawn otherwise here than they were recorded: `teleop verify` says where"
    }
    compact(session, HERE)
    assert all("not what was recorded, by its digest" in one.left for one in restore(session, repainted))
    assert archived(session) == [True] * 3
    assert not list(session.rglob("restored"))


def test_what_has_no_world_or_is_damaged_stays_as_it_is(session: Path) -> None:
    assert all("no world to drive it in" in one.left for one in compact(session, Rendering(lambda _: None, VERSIONS)))
    chunk = session / "episodes/000000/observation/c.1.0.0.0"
    chunk.write_bytes(chunk.read_bytes()[:-3])
    (session / "episodes/000001/step/c.0").unlink()
    left = {one.episode: one.left for one in compact(session, HERE)}
    assert str(chunk) in left["000000"]
    assert "is missing" in left["000001"]
    assert left["000002"] == ""


@pytest.mark.parametrize("change", [compact, restore])
def test_a_kill_at_any_moment_leaves_an_episode_whole_or_archived(session: Path, change: Callable[..., object]) -> None:
    recorded = open_session(session).episodes[1].digest()
    if change is restore:
        compact(session, HERE, ["1"])
    with power_for(None) as power:
        change(copied(session, "all"), HERE, ["1"])
    states = []
    for changes in (0, power.made - 4, power.made - 3, power.made - 1):
        killed = copied(session, f"{changes}")
        with power_for(changes):
            change(killed, HERE, ["1"])
        states.append(archived(killed)[1])
        assert open_session(killed, HERE).episodes[1].digest() == recorded
        change(killed, HERE, ["1"])
        left = {file.name for file in (killed / "episodes/000001").iterdir()}
        assert left == ({"zarr.json", "archive"} if change is compact else {"zarr.json", "final_observation", *COLUMNS})
    assert states == sorted(states, reverse=change is restore)
    assert set(states) == {True, False}


def copied(session: Path, name: str) -> Path:
    return Path(shutil.copytree(session, session.with_name(f"{name}.zarr")))


@pytest.fixture(scope="module")
def lap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the real track, archived by the command; and beside it, as it was recorded."""
    path = tmp_path_factory.mktemp("lap") / "mine.zarr"
    with Recorder(path, TrackWorld().environment(), block_when_behind=True) as recorder:
        run_episode(
            Start(seed=1, mode="demo", paced=False, versions=versions()),
            world=TrackWorld(),
            device=ScriptedDevice(steering(75)),
            drivers={},
            gate=Only(Source.HUMAN),
            sinks=[recorder],
            metronome=SimulatedMetronome(50),
        )
    shutil.copytree(path, path.with_name("recorded.zarr"))
    assert run(["compact", str(path)]) == 0
    return path


def test_the_track_itself_is_archived_verified_and_given_to_who_measures_shift(lap: Path) -> None:
    (episode,) = info(lap).episodes
    assert episode.archived
    assert episode.bytes_on_disk < 60 * episode.rows
    assert run(["verify", str(lap)]) == 0
    ((one,), (recorded,)) = (list(recorded_in(path)) for path in (lap, lap.with_name("recorded.zarr")))
    assert isinstance(one, Recorded)
    assert isinstance(recorded, Recorded)
    assert one.digest == recorded.digest


def test_training_on_an_archive_names_the_command_that_makes_it_whole(
    lap: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy_run(["train", str(lap), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr()
    assert f"`teleop compact --restore {lap}`" in told.out + told.err


def test_the_command_says_what_came_of_it(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compact", str(session), "0", "1"]) == 1
    told = capsys.readouterr().out
    assert "left as it was 000000: the pictures of episode 000000 can't be drawn here as they were: there is no" in told
    assert told.splitlines()[-1] == f"{session}: no episode was archived"
    compact(session, HERE)
    assert run(["info", str(session)]) == 0
    assert "3 episodes (3 archived) by Ada" in capsys.readouterr().out
