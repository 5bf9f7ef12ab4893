"""What `info` and `verify` find in a session."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr

from teleop.clock import SimulatedMetronome
from teleop.frame import Action, Command, Outcome, Source, Start, Tick
from teleop.gates import Only
from teleop.library import Verification, info, verify
from teleop.loop import World, run_episode
from teleop.session import SessionError
from teleop.sinks.recorder import Recorder
from teleop.worlds.track import TrackWorld, versions
from tests.fakes import TOY_ENV, ScriptedDevice, ToyWorld, commands, steering

VERSIONS = {"box2d": "1", "machine": "any", "gymnasium": "1.4", "pygame": "pygame-ce 2.5", "sdl": "2.32", "numpy": "2"}


class EveryFifth:
    """A nudge of a third on every fifth tick."""

    def reset(self, start: Start) -> None:
        pass

    def push(self, tick: Tick) -> float:
        return 0.33 if tick.step % 5 == 0 else 0.0


def toy(_: Mapping[str, Any]) -> World:
    return ToyWorld()


def record(path: Path) -> Path:
    """Two episodes; the first is nudged, rewound in its middle and just before its end."""
    rewind, on = commands(Command.REWIND), commands(Command.PAUSE)
    first = [*steering(80), rewind, on, *steering(30, first=2), rewind, rewind, on, *steering(70), rewind]
    with Recorder(path, TOY_ENV) as recorder:
        for seed, script in ((5, first), (6, steering(20))):
            run_episode(
                Start(seed=seed, mode="demo", paced=False, operator="Ada", versions=VERSIONS),
                world=ToyWorld(steps=200),
                device=ScriptedDevice(script),
                drivers={},
                gate=Only(Source.HUMAN),
                sinks=[recorder],
                metronome=SimulatedMetronome(50),
                nudge=EveryFifth(),
            )
    return recorder.path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("whole") / "mine")


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "mine.zarr"))


def edit(session: Path, column: str, change: Callable[[npt.NDArray[Any]], object]) -> None:
    """Change the first episode's column through zarr, checksums and all."""
    array = zarr.open_array(session / "episodes/000000" / column, mode="r+")
    values = np.asarray(array[:])
    change(values)
    array[:] = values


def only_finding(checked: Verification) -> tuple[str, str]:
    ((episode, law, message),) = [(found.episode, found.law, found.message) for found in checked.findings]
    assert episode == "000000"
    return law, message


def set_row(row: int, value: Any) -> Callable[[npt.NDArray[Any]], object]:
    return lambda values: values.__setitem__(row, value)


def test_a_healthy_session_with_nudges_and_rewinds_is_driven_again_exactly(session: Path) -> None:
    told: list[tuple[int, int, str]] = []
    checked = verify(session, toy, VERSIONS, lambda *progress: told.append(progress))
    assert checked.ok
    assert not checked.not_checkable
    assert (checked.episodes, checked.rows, checked.rows_resimulated) == (2, 202, 202)
    assert told == [(1, 2, "000000"), (2, 2, "000001")]


@pytest.mark.parametrize(
    ("column", "row", "value", "law", "words"),
    [
        ("action", 7, [0.5, 0.5, 0.5], "row law", "action is the driver's proposal with the nudge"),
        ("human_action", 7, [0.5, 0.5, 0.5], "row law", "broken at row 7, 1 of 182 rows"),
        ("nudge", 6, 0.01, "row law", "broken at row 6"),
        ("driver", 3, 1, "row law", "broken at row 3"),
        ("step", 20, 25, "steps", "one more than the row's before, or no more than it (a rewind); broken at row 20"),
        ("time_ns", 9, 5, "time", "time_ns grows from row to row; broken at row 9 (got 5)"),
        ("time_scale", 9, 2.0, "ranges", "time_scale is in (0, 1]; broken at row 9 (got 2.0)"),
        ("wheels_on_road", 9, 5, "ranges", "wheels_on_road is 0 to 4; broken at row 9 (got 5)"),
        ("reward", 9, np.nan, "written", "reward that was never written"),
        ("late_ns", 9, -1, "written", "late_ns that was never written"),
        ("observation", 9, 0, "written", "observation that was never written"),
        ("autopilot_action", 9, [0, np.nan, 0], "written", "autopilot_action that was never written"),
        (
            "reward",
            9,
            7.0,
            "re-simulation",
            "row 9 (step 9) is not what the seed and the actions give again: reward 7.0",
        ),
        ("pose", 90, [0, 0, 0, 0], "re-simulation", "row 90 (step 40) is not what"),
        ("tiles_visited", 90, 1, "re-simulation", "tiles_visited 1 then, 13 now"),
        ("observation", 90, 3, "re-simulation", "pixels of the observation"),
        ("final_observation", 0, 3, "re-simulation", "the final observation is not what"),
    ],
)
def test_a_broken_row_is_found_and_named(
    session: Path, column: str, row: int, value: Any, law: str, words: str
) -> None:
    edit(session, column, set_row(row, value))
    found = [only_finding(verify(session, toy, VERSIONS))]
    assert found[0][0] == law
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mode", "joyride", "mode is one of demo, dagger, rollout, retake, import; got 'joyride'"),
        ("end", "bored", "end is null or one of finished"),
        ("seed", 900_007, "never recorded; got seed 900007"),
        ("versions", None, "the attribute versions must be of another type; got None"),
        ("end", ["stopped"], "the attribute end must be of another type"),
        ("paced", None, "the attribute paced must be of another type; got None"),
        ("excluded", [[3, 999]], "[start, stop) ranges within the 182 rows; got [3, 999]"),
    ],
)
def test_attributes_that_make_no_sense_are_found(session: Path, name: str, value: object, words: str) -> None:
    file = session / "episodes/000000/zarr.json"
    metadata = json.loads(file.read_text())
    metadata["attributes"][name] = value
    file.write_text(json.dumps(metadata))
    checked = verify(session, toy, VERSIONS)
    assert [found.law for found in checked.findings] == ["attributes"]
    assert words in checked.findings[0].message
    assert "not checkable here: rows that break a law" in checked.not_checkable[0].message


def test_a_damaged_chunk_and_a_damaged_episode_are_findings_and_the_rest_is_checked(session: Path) -> None:
    chunk = session / "episodes/000000/observation/c.1.0.0.0"
    chunk.write_bytes(chunk.read_bytes()[:-3])
    law, message = only_finding(verify(session, toy, VERSIONS))
    assert law == "integrity"
    assert str(chunk) in message
    chunk.unlink()
    checked = verify(session, toy, VERSIONS)
    assert only_finding(checked)[0] == "integrity"
    assert (checked.episodes, checked.rows) == (1, 20)


def test_pixels_are_not_compared_across_pygame_builds_and_that_is_said(session: Path) -> None:
    edit(session, "observation", set_row(90, 3))
    checked = verify(session, toy, VERSIONS | {"pygame": "pygame 2.6"})
    assert checked.ok
    assert checked.rows_resimulated == 202
    assert [found.message for found in checked.not_checkable] == [
        "not checkable here: observations: pygame pygame-ce 2.5 then, pygame 2.6 here"
    ] * 2


def test_nothing_is_driven_again_on_another_machine_or_without_a_world(session: Path) -> None:
    edit(session, "reward", set_row(9, 7.0))
    elsewhere = verify(session, toy, VERSIONS | {"machine": "another"})
    assert elsewhere.ok
    assert elsewhere.rows_resimulated == 0
    assert "rewards and observations: machine any then, another here" in elsewhere.not_checkable[0].message
    worldless = verify(session, lambda _: None, VERSIONS)
    assert "no world" in worldless.not_checkable[0].message


@pytest.mark.parametrize("library", ["gymnasium", "numpy", "box2d"])
def test_an_upgrade_of_what_makes_tracks_and_rewards_is_not_checkable_rather_than_broken(
    session: Path, library: str
) -> None:
    edit(session, "reward", set_row(9, 7.0))
    upgraded = verify(session, toy, VERSIONS | {library: "9"})
    assert upgraded.ok
    assert f"not checkable here: rewards and observations: {library}" in upgraded.not_checkable[0].message


def test_a_recorded_drive_of_the_real_track_is_driven_again_exactly(tmp_path: Path) -> None:
    rewind, on = commands(Command.REWIND), commands(Command.PAUSE)
    with Recorder(tmp_path / "mine", TrackWorld().environment(), block_when_behind=True) as recorder:
        run_episode(
            Start(seed=1, mode="demo", paced=False, versions=versions()),
            world=TrackWorld(),
            device=ScriptedDevice([*steering(70), rewind, on, *steering(40)]),
            drivers={},
            gate=Only(Source.HUMAN),
            sinks=[recorder],
            metronome=SimulatedMetronome(50),
        )
    checked = verify(recorder.path, lambda env: TrackWorld(**env["kwargs"]), versions())
    assert checked.ok, checked.findings
    assert not checked.not_checkable
    assert checked.rows_resimulated == 111


def test_info_sums_a_session_up(session: Path) -> None:
    summary = info(session.with_suffix(""))
    first, second = summary.episodes
    assert (first.rows, first.kept_rows, second.rows) == (182, 21, 20)
    assert (summary.rows, summary.seconds, summary.operators) == (202, 202 / 50, ("Ada",))
    assert summary.scores == (first.figures["score"], second.figures["score"])
    assert (first.seed, first.end, first.mode, first.expert) == (5, "stopped", "demo", "human")
    assert first.bytes_on_disk + second.bytes_on_disk < summary.bytes_on_disk < 2_000_000


def test_info_lists_what_is_damaged(session: Path) -> None:
    (session / "episodes/000001/zarr.json").write_bytes(b"")
    chunk = session / "episodes/000000/step/c.0"
    chunk.write_bytes(b"garbage")
    summary = info(session)
    assert summary.episodes == ()
    assert [name for name, _ in summary.damaged] == ["000000", "000001"]
    assert str(chunk) in summary.damaged[0][1]


def test_what_is_no_session_is_an_error(tmp_path: Path) -> None:
    for call in (lambda: info(tmp_path / "x"), lambda: verify(tmp_path / "x", toy, VERSIONS)):
        with pytest.raises(SessionError, match="there is no session"):
            call()


class Deaf(ToyWorld):
    """Does not do what it is told, at step 12."""

    def step(self, action: Action) -> Outcome:
        return super().step(action * 0 if len(self._actions) == 12 else action)


def test_a_world_that_goes_otherwise_is_caught_at_the_row_where_it_does(session: Path) -> None:
    checked = verify(session, lambda _: Deaf(), VERSIONS)
    assert {found.message[:16] for found in checked.findings} == {"row 12 (step 12)"}
