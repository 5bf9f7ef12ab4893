"""`teleop retake`: back into a recorded moment, exactly, and on from there; what comes of it stands on its own."""

from __future__ import annotations

import shlex
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest

from policy.kinds import Kind
from policy.labels import LabelRule
from teleop.cli import run
from teleop.clock import SimulatedMetronome
from teleop.errors import UsageError
from teleop.frame import HZ, Command, Controls
from teleop.mending.retaking import Retaking
from teleop.mending.way import rows_before, way_to
from teleop.report.shift_moments import BEFORE, MomentPictures
from teleop.retake_command import Retake
from teleop.session import Episode, open_session
from teleop.sinks.recorder import Recorder
from teleop.worlds.mid_drive import MidDrive
from teleop.worlds.track import TrackWorld
from tests.fakes import ScriptedDevice
from tests.lessons import mark
from tests.mending import QUIET, ROWS, TRACK, Play, failed, failure, play, press_key
from tests.player import Moves, press, ticks
from tests.sessions import change_json, record
from tests.shift_reports import moment
from tests.test_end_to_end import GRAIN, START, A, Y, hold, rows
from tests.virtual_joystick import VirtualPad

__all__ = ["failed", "failure", "play"]
FRAME = 50
HELD = 20
AUTOPILOT = ("--expert", "autopilot", "--headless", "--fast")


def retaken(session: Path, frame: int = FRAME) -> int:
    return run(["retake", str(session), "0", str(frame), *AUTOPILOT])


# By a gamepad ---------------------------------------------------------------------------------------------------------


def somebody_drives_on() -> Moves:
    pad = VirtualPad()
    yield
    yield from press(pad, START, A)  # ready; straight through the countdown
    hold(pad, steer=-0.6, gas=0.52)
    yield from ticks(HELD)
    yield from press(pad, Y)
    pad.unplug()
    press_key(pygame.K_ESCAPE)
    yield


def test_what_is_driven_on_by_a_gamepad_follows_what_was_recorded_row_by_row(failed: Path, play: Play) -> None:
    play(somebody_drives_on, "retake", str(failed), "0", str(FRAME), "--operator", "Ada")
    parent, child = open_session(failed).episodes
    for name in set(child.columns) - {"observation"}:
        assert np.array_equal(child.column(name)[:FRAME], parent.column(name)[:FRAME], equal_nan=True), name
    assert np.array_equal(child.observation[: FRAME + 1], parent.observation[: FRAME + 1])
    assert child.human_action[FRAME:] == pytest.approx(rows((HELD, (-0.25, 0.5, 0.0))), abs=GRAIN)
    assert np.array_equal(child.action[FRAME:], child.human_action[FRAME:])
    assert child.step.tolist() == list(range(FRAME + HELD))
    told = {name: child.attrs[name] for name in ("mode", "seed", "operator", "device", "end", "learner")}
    assert told == {
        "mode": "retake",
        "seed": TRACK,
        "operator": "Ada",
        "device": "Virtual Pad",
        "end": "stopped",
        "learner": parent.attrs["learner"],
    }
    assert child.attrs["parent"] == {"session": open_session(failed).attrs["id"], "episode": "000000", "step": FRAME}
    taught = LabelRule("demos").read(child)
    assert np.flatnonzero(taught.kind == Kind.DEMO).tolist() == list(range(FRAME, FRAME + HELD))
    assert run(["verify", str(failed)]) == 0, "it can be driven again whole"


# Without a window -----------------------------------------------------------------------------------------------------


class Hands(ScriptedDevice):
    name = "hands"


def drive_on(session: Path, *controls: Controls) -> Episode:
    """By hands that do this, tick by tick; the new episode."""
    way, config = way_to(session, 0, FRAME, QUIET), Retake(session, 0, FRAME, headless=True, fast=True)
    with closing(MidDrive(way.actions)) as world, Recorder(session, world.environment(), block_when_behind=True) as one:
        Retaking(config, way, world, SimulatedMetronome(HZ)).drive(way.seed, [one], Hands(controls))
    return open_session(session).episodes[-1]


def test_a_rewind_goes_back_to_the_frame_at_most_and_what_it_took_back_can_not_be_gone_back_to(failed: Path) -> None:
    on = Controls(np.array([0.1, 0.2, 0.0], np.float32), hands_on=True)
    back = Controls(on.action, hands_on=True, commands=(Command.REWIND, Command.PAUSE))
    child = drive_on(failed, *[on] * 10, back, *[on] * 5)
    assert child.step.tolist() == [*range(FRAME + 10), *range(FRAME, FRAME + 6)]
    assert child.attrs["figures"]["steps"] == FRAME + 6
    assert (np.diff(child.time_ns) > 0).all()
    with pytest.raises(UsageError, match=f"frame {FRAME + 3} of episode 000001 was taken back .* as {FRAME + 13}"):
        rows_before(child, FRAME + 3)
    assert rows_before(child, FRAME + 12).tolist() == [*range(FRAME), FRAME + 10, FRAME + 11]


def test_where_nobody_drove_on_there_is_nothing_to_learn(failed: Path) -> None:
    child = drive_on(failed, Controls(None, False, (Command.FINISH,)))
    assert (child.committed, child.discarded) == (FRAME, True)


@pytest.mark.parametrize("frame", [str(ROWS), "-1"])
def test_a_frame_that_was_never_recorded_can_not_be_gone_back_to(
    failed: Path, frame: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retaken(failed, frame=int(frame)) == 2
    assert f"episode 000000 has {ROWS} frames, counted from 0; got {frame}" in capsys.readouterr().err


def test_another_box2d_is_told_and_nothing_is_recorded(failed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = failed / "episodes" / "000000" / "zarr.json"
    change_json(file, lambda json: json["attributes"]["versions"].update(box2d="0.1"))
    assert retaken(failed) == 1
    assert "episode 000000 is not checkable here: rewards and observations: box2d 0.1 then" in capsys.readouterr().err
    assert len(open_session(failed).episodes) == 1


def test_what_drives_otherwise_is_told_with_its_first_frame(failed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark(failed / "episodes" / "000000", seed=TRACK + 1)
    assert retaken(failed) == 1
    assert "goes otherwise here from frame 0 on" in capsys.readouterr().err


def test_another_world_can_not_be_driven_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert retaken(record(tmp_path / "toy", 80)) == 1
    assert "there is no world to drive it in again" in capsys.readouterr().err


def test_a_person_needs_a_window_and_an_episode_that_exists(failed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retake", str(failed), "0", "60", "--headless"]) == 2
    assert run(["retake", str(failed), "7", "60", "--expert", "autopilot", "--headless"]) == 1
    assert 'has no episode "7"' in capsys.readouterr().err


# The world for it -----------------------------------------------------------------------------------------------------


def test_a_drive_begins_in_the_middle_of_a_track_as_if_it_had_been_driven(failed: Path) -> None:
    (episode,) = open_session(failed).episodes
    with closing(MidDrive(list(episode.action[:FRAME]), max_steps=5)) as world, closing(TrackWorld()) as track:
        track.reset(TRACK)
        for action in episode.action[:FRAME]:
            there = track.step(action)
        begun = world.reset(TRACK)
        assert np.array_equal(begun.pose, there.pose)
        assert np.array_equal(begun.observation, there.observation)
        assert world.figures() == track.figures()
        last = [world.step(action) for action in episode.action[FRAME : FRAME + 5]][-1]
        assert last.truncated
        assert np.array_equal(world.rewind(0).pose, there.pose)
        assert np.array_equal(world.reset(TRACK).pose, there.pose)


def test_a_worst_moment_of_a_shift_report_opens_by_the_command_that_it_names(
    failed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worst = replace(moment("straight", FRAME + BEFORE), session=failed)
    teleop, *words = shlex.split(MomentPictures(worst, {}, "").retake)
    monkeypatch.setattr("teleop.mending.retaking.HEADLESS_MAX_STEPS", 20)
    assert (teleop, run([*words, *AUTOPILOT])) == ("teleop", 0)
    _, child = open_session(failed).episodes
    assert child.attrs["parent"]["step"] == FRAME
    assert (child.attrs["end"], child.attrs["expert"], child.attrs["device"]) == ("truncated", "autopilot", "autopilot")
    assert np.array_equal(child.human_action[FRAME:], child.autopilot_action[FRAME:])
