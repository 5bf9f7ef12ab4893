"""PilotNet's own world, closed: recorded, imported, learned from and driven, through the socket, on a road of ours.

What is learned here in three steps drives nowhere: `python -m tests.experiments.udacity` shows that it can.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import policy.cli
import teleop.cli
from teleop.frame import Action, Image, Source, Start, Tick
from teleop.library import verify
from teleop.session import Episode, open_session
from teleop.udacity_driving import Wanted, drive_udacity
from teleop.worlds import udacity_conversation
from tests.npm_simulator import free_port
from tests.udacity_sim.cameras import FOCAL, FORWARD_M, TILT, UP_M, Cameras
from tests.udacity_sim.car import LOCK_RAD, WHEEL_BASE_M, Car
from tests.udacity_sim.driving_log import DrivingLog
from tests.udacity_sim.ground import Scenery
from tests.udacity_sim.road import Road
from tests.udacity_sim.simulator import FRAME_S, Drive, Simulator

SMALL_M = 45.0
"""Radius of a road that is painted soon."""
ROAD, DRIVEN_S = 1004, 10.0
"""A road on which a late answer costs no intervention: seeing, it stays 0.6 m from the middle, of 1 m allowed."""
LOOKED_AT = 76
"""A row of the picture."""
AHEAD_M = FORWARD_M + UP_M / math.tan(TILT + math.atan((LOOKED_AT + 0.5 - 80) / FOCAL))
"""How far from the car that row of the ground is."""
GREY = 20
"""Between the colours of a pixel of asphalt or of a white line, at most; grass has more."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not taken for a silent simulator."""
    monkeypatch.setattr(udacity_conversation, "SILENCE_S", 60.0)


class SeesTheRoad:
    """Steers for the middle of what is grey in one row of the picture."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        right = middle_of_road(tick.outcome.observation) * (AHEAD_M - FORWARD_M) / FOCAL
        wheel = math.atan(2 * WHEEL_BASE_M * right / (AHEAD_M**2 + right**2))
        return np.array([np.clip(wheel / LOCK_RAD, -1, 1), 0, 0], np.float32)


class SteersStraightOn:
    """Sees nothing."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.zeros(3, np.float32)


def middle_of_road(picture: Image) -> float:
    """Pixels to the right of the picture's middle."""
    row = picture[LOOKED_AT].astype(int)
    return float(np.flatnonzero(np.ptp(row, axis=1) < GREY).mean()) - (len(row) - 1) / 2


def driven_by(driver: SeesTheRoad | SteersStraightOn, session: Path) -> Drive:
    """What the referee saw."""
    port = free_port()
    identity = {"name": "scripted", "sha256": ""}
    with ThreadPoolExecutor(1) as pool:
        drive = pool.submit(Simulator(ROAD, SMALL_M).drive, port, DRIVEN_S)
        wanted = Wanted(driver, identity, "127.0.0.1", port, session, headless=True, episodes=1)
        drive_udacity(wanted, Console(quiet=True))
        return drive.result()


def only_episode(session: Path) -> Episode:
    (episode,) = open_session(session).episodes
    assert verify(session, lambda *_: None, {}).ok
    return episode


def test_a_side_camera_sees_the_road_from_its_side() -> None:
    road = Road.of_seed(ROAD, SMALL_M)
    cameras = Cameras(Scenery.of(road, ROAD))
    car = Car.at(road)
    left, center, right = (middle_of_road(cameras.picture(car, name)) for name in ("left", "center", "right"))
    a_metre = FOCAL / (AHEAD_M - FORWARD_M)
    assert left - center == pytest.approx(0.806 * a_metre, abs=2)
    assert center - right == pytest.approx(0.825 * a_metre, abs=2)


def test_a_policy_that_sees_the_road_drives_it_alone_and_every_frame_is_recorded(tmp_path: Path) -> None:
    drive = driven_by(SeesTheRoad(), tmp_path / "s")
    assert (drive.interventions, drive.frames) == (0, DRIVEN_S / FRAME_S)
    assert drive.distance_m > 40
    episode = only_episode(tmp_path / "s.zarr")
    assert episode.committed == pytest.approx(drive.frames, abs=2)
    assert set(episode.driver.tolist()) == {Source.LEARNER}
    assert np.ptp(episode.action[:, 0]) > 0.1
    assert np.ptp([middle_of_road(picture) for picture in episode.observation[::10]]) > 5


def test_a_policy_that_sees_nothing_has_to_be_put_back(tmp_path: Path) -> None:
    drive = driven_by(SteersStraightOn(), tmp_path / "s")
    assert drive.interventions >= 3
    assert max(map(abs, drive.offsets_m)) > 1


def test_a_log_becomes_a_policy_that_drives_and_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = DrivingLog(tmp_path / "log")
    for road in range(3):
        log.record(road, 1.0, SMALL_M)
    recorded, driven, checkpoint = (str(tmp_path / name) for name in ("recorded", "driven", "pilotnet.st"))
    assert teleop.cli.run(["import", "udacity", str(log.folder), recorded]) == 0
    quick = ("--arch", "pilotnet", "--steps", "3", "--batch-size", "8")
    assert policy.cli.run(["train", *quick, "--out", checkpoint, recorded]) == 0
    port = free_port()
    server = ("--headless", "--episodes", "1", "--port", str(port), "--session", driven)
    with ThreadPoolExecutor(1) as pool:
        drive = pool.submit(Simulator(ROAD, SMALL_M).drive, port, seconds=2.0)
        assert teleop.cli.run(["udacity", "--learner", checkpoint, *server]) == 0
        assert drive.result().frames == 40
    episode = only_episode(Path(driven + ".zarr"))
    assert episode.committed == pytest.approx(40, abs=2)
    assert np.isfinite(episode.learner_action).all()
    assert "autonomy 100.0%" in capsys.readouterr().out
