"""Driving the Udacity simulator: the world, the loop around it, and `teleop udacity` as a user meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from policy.checkpoint import save_checkpoint
from policy.vision import Vision
from teleop.cli import run
from teleop.clock import FreeMetronome
from teleop.devices.nobody import Nobody
from teleop.drivers.governor import Governed
from teleop.errors import ActionError
from teleop.frame import Action, Command, Controls, End, Source, Start, Tick
from teleop.gates import Only, TakeOver
from teleop.library import verify
from teleop.loop import Device, Gate, Sink, run_episode
from teleop.session import Episode, open_session
from teleop.sinks.interventions import Interventions
from teleop.sinks.recorder import Recorder
from teleop.udacity import ENVIRONMENT, MPH, OBSERVATION_SHAPE, UNKNOWN
from teleop.udacity_driving import HZ, Wanted, drive_udacity
from teleop.worlds import udacity_conversation
from teleop.worlds.udacity import NoCarError, UdacityWorld, command
from teleop.worlds.udacity_conversation import BY_HAND
from teleop.worlds.udacity_link import WAITING, Link
from tests import npm_simulator, test_record
from tests.fakes import ScriptedDevice, Tape
from tests.lessons import constant_checkpoint
from tests.optional import need
from tests.raw_simulator import PATIENCE_S, DrivenSimulator, Reply, telemetry
from tests.test_record import Typist, wait_for

START = Start(seed=3, mode="dagger", paced=True, learner={"name": "weaves", "sha256": ""})
AT_REST = (0.0, 0.0)
TEN_MPH = 10 * MPH


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not taken for a silent simulator, nor for one that will never come."""
    monkeypatch.setattr(udacity_conversation, "SILENCE_S", PATIENCE_S)
    monkeypatch.setattr(test_record, "PATIENCE_S", PATIENCE_S)


@pytest.fixture
def link() -> Iterator[Link]:
    with Link(port=0) as link:
        yield link


def replies(count: int, then: str | None = None) -> Reply:
    """So many telemetries, each brighter than the last, and then something else."""
    return lambda number: telemetry(shade=number % 200) if number < count else then


def connect(link: Link, reply: Reply) -> DrivenSimulator:
    """Driven once this returns."""
    simulator = DrivenSimulator(link.port, reply)
    wait_for(lambda: not link.trouble, "the simulator")
    return simulator


class Steers:
    """As told, and by the last steering for ever."""

    def __init__(self, *steering: float) -> None:
        self._steering = steering

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([self._steering[min(tick.step, len(self._steering) - 1)], 0.0, 0.0], np.float32)


def drive(
    link: Link,
    *steering: float,
    device: Device | None = None,
    gate: Gate | None = None,
    sinks: Sequence[Sink] = (),
) -> End:
    interventions = Interventions(lambda: link.trouble == BY_HAND)
    return run_episode(
        START,
        world=UdacityWorld(link, interventions.figures),
        device=device or Nobody(),
        drivers={Source.LEARNER: Governed(Steers(*steering), TEN_MPH)},
        gate=gate or Only(Source.LEARNER),
        sinks=[interventions, *sinks],
        metronome=FreeMetronome(),
    )


# The world ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "mph", "throttle"),
    [((0, 0.5, 0), 20, 0.5), ((0, 0, 0.5), 20, -0.5), ((0, 1, 0.25), 0, 0.75), ((0, 0.25, 1), 4.9, 0.0)],
)
def test_a_brake_never_becomes_the_reverse_gear(action: tuple[float, ...], mph: float, throttle: float) -> None:
    assert command(np.array(action, np.float32), mph) == (0, throttle)


def test_without_a_simulator_nothing_begins(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teleop.worlds.udacity.PATIENCE_S", 0.05)
    with pytest.raises(NoCarError, match=WAITING):
        UdacityWorld(link).reset(0)


def test_every_row_is_what_was_seen_and_what_was_sent(link: Link, tmp_path: Path) -> None:
    simulator = connect(link, replies(60))
    with recorder(tmp_path) as rows:
        end = drive(link, *np.linspace(-1, 1, 60), sinks=[rows])
    assert (end.why, end.steps) == ("truncated", 59)
    episode = healthy(tmp_path)[0]
    sent = np.stack([episode.action[:, 0], episode.action[:, 1] - episode.action[:, 2]], axis=1)
    assert np.allclose(simulator.over()[1:], sent, atol=1e-6)
    middle = episode.observation[:, 60:100, 100:220].mean(axis=(1, 2, 3))
    assert np.allclose(middle, np.arange(1, 60), atol=3)
    assert (episode.driver == Source.LEARNER).all()
    assert np.isclose(episode.column("pose")[:, 3], TEN_MPH).all()


@contextmanager
def recorder(folder: Path) -> Iterator[Recorder]:
    with Recorder(folder / "s", ENVIRONMENT, HZ, observation_shape=OBSERVATION_SHAPE, unknown=UNKNOWN) as recorder:
        yield recorder


def healthy(folder: Path) -> Sequence[Episode]:
    told = verify(folder / "s", lambda _: None, {})
    assert told.ok, told.findings
    return open_session(folder / "s").episodes


# Who drives -----------------------------------------------------------------------------------------------------------


def test_a_touch_takes_over_on_the_same_row_and_the_governor_is_the_learners_proposal(
    link: Link, tmp_path: Path
) -> None:
    connect(link, replies(1000))
    hand, off = np.array([-0.5, 0.25, 0], np.float32), np.zeros(3, np.float32)
    hands = [*[Controls(off, hands_on=False)] * 5, *[Controls(hand, hands_on=True)] * 5]
    with recorder(tmp_path) as rows:
        end = drive(link, 0.125, device=ScriptedDevice(hands), gate=TakeOver(), sinks=[rows])
    assert end.figures["interventions"] == 1
    episode = healthy(tmp_path)[0]
    assert episode.driver.tolist() == [Source.LEARNER] * 5 + [Source.HUMAN] * 5
    assert np.array_equal(episode.action[5:], [hand] * 5)
    assert (episode.learner_action[:, 0] == np.float32(0.125)).all()
    assert episode.hands_on.tolist() == [False] * 5 + [True] * 5


def test_a_pause_lets_go_of_the_car_and_is_driven_on_from_a_fresh_picture(link: Link) -> None:
    simulator, tape = connect(link, replies(1000)), Tape()
    pause = Controls(None, hands_on=False, commands=(Command.PAUSE,))
    still = Controls(None, hands_on=False)
    script = [still, still, pause, still, still, pause, still, still]
    drive(link, 0.5, device=ScriptedDevice(script), sinks=[tape])
    link.close()
    assert [steering for steering, _ in groupby(steering for steering, _ in simulator.over())] == [0, 0.5, 0, 0.5, 0]
    left, found = tape.frames[1].result, tape.frames[2].tick.outcome
    assert found.observation[60:100, 100:220].mean() > left.observation[60:100, 100:220].mean() + 0.6


def test_who_drives_in_the_simulators_own_window_ends_the_episode_and_is_an_intervention(link: Link) -> None:
    connect(link, replies(10, then='42["telemetry",null]'))
    end = drive(link, 0.5)
    assert (end.why, end.steps, end.figures["interventions"]) == ("truncated", 9, 1)


def test_what_is_no_number_never_reaches_the_car(link: Link) -> None:
    simulator = connect(link, replies(1000))
    with pytest.raises(ActionError, match="learner proposed"):
        drive(link, *[0.5] * 5, np.nan)
    link.close()
    assert simulator.over()[-2:] == [(0.5, simulator.commands[-2][1]), AT_REST]


# Episode after episode ------------------------------------------------------------------------------------------------


def test_every_time_the_simulator_comes_back_another_episode_begins(tmp_path: Path) -> None:
    port = npm_simulator.free_port()
    wanted = Wanted(Steers(0.5), {"name": "w", "sha256": ""}, "127.0.0.1", port, tmp_path / "s", True, episodes=2)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(come_back, port)
        drive_udacity(wanted, Console(quiet=True))
    assert coming.result() == [20, 30]
    first, second = healthy(tmp_path)
    assert (first.committed, second.committed) == (19, 29)
    assert (first.attrs["seed"], second.attrs["seed"]) == (0, 1)
    assert first.attrs["figures"]["hz"] > 0


def come_back(port: int) -> list[int]:
    """A simulator that is started twice; how many commands it was given."""
    return [len(until_heard(partial(DrivenSimulator, port, replies(count))).over()) for count in (20, 30)]


def until_heard(make: Callable[[], DrivenSimulator]) -> DrivenSimulator:
    """The simulator tries again and again, too."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return make()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("node", "npm", packages="nodejs npm")
    try:
        return npm_simulator.install(tmp_path_factory.mktemp("npm"))
    except npm_simulator.UnreachableError as error:
        pytest.skip(f"npm can't fetch its client: {error}")


@pytest.mark.parametrize("revision", npm_simulator.REVISIONS)
def test_a_client_that_nobody_here_wrote_is_driven_and_recorded(npm: Path, revision: int, tmp_path: Path) -> None:
    commands = npm_simulator.drive(npm, tmp_path / "s", revision, frames=60)
    npm_simulator.check(tmp_path / "s", commands, frames=60)
    healthy(tmp_path)


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Steers to the right, a little."""
    vision = Vision(66, 66, "YUV", rows=75, speed=False, world="Udacity")
    save_checkpoint(constant_checkpoint(np.array([0.25, 0, 0], np.float32), vision), tmp_path / "c.st")
    return tmp_path / "c.st"


@pytest.mark.parametrize(
    "wrong", [("--speed-mph", "0"), ("--speed-mph", "31"), ("--episodes", "0"), ("--port", "70000")]
)
def test_what_makes_no_sense_is_refused_before_anything_listens(
    wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["udacity", "--learner", "c.st", *wrong]) == 2
    assert f"{wrong[0]} is" in capsys.readouterr().err


def test_without_websockets_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "websockets", None)
    assert run(["udacity", "--learner", "c.st"]) == 2
    assert 'pip install "websockets>=14"' in " ".join(capsys.readouterr().err.split())


def test_a_policy_for_other_pictures_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint(constant_checkpoint(), tmp_path / "track.st")
    assert run(["udacity", "--learner", str(tmp_path / "track.st"), "--headless"]) == 2
    assert "train one on the simulator's logs" in capsys.readouterr().err


def test_a_taken_port_ends_the_command_in_words(
    link: Link, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["udacity", "--learner", str(checkpoint), "--headless", "--port", str(link.port)]) == 1
    assert f"port {link.port} on 127.0.0.1 is taken" in capsys.readouterr().err


def test_whoever_ends_the_program_the_car_is_let_go_and_the_rows_are_saved(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reply(number: int) -> str:
        if number == 20:
            os.kill(os.getpid(), signal.SIGTERM)
        return telemetry()

    port = npm_simulator.free_port()
    with ThreadPoolExecutor(1) as pool:
        connecting = pool.submit(until_heard, partial(DrivenSimulator, port, reply))
        session = ("--session", str(tmp_path / "s"))
        assert run(["udacity", "--learner", str(checkpoint), "--headless", *session, "--port", str(port)]) == 130
        commands = connecting.result().over()
    assert "autonomy 100.0%" in " ".join(capsys.readouterr().out.split())
    assert [steering for steering, _ in groupby(steering for steering, _ in commands)] == [0, 0.25, 0]
    assert commands[-1] == AT_REST
    assert healthy(tmp_path)[0].attrs["end"] == "stopped"


@contextmanager
def running(*options: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """`teleop udacity` in a process of its own, which never outlives the test."""
    arguments = (sys.executable, "-m", "teleop", "udacity", *options)
    process = subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def at_twenty_hz(number: int) -> str:
    """For ever."""
    time.sleep(0.05)
    return telemetry(shade=number % 200)


def test_real_keys_take_over_in_a_real_window(xvfb: dict[str, str], checkpoint: Path, tmp_path: Path) -> None:
    port, press = npm_simulator.free_port(), Typist(xvfb)
    options = ("--learner", str(checkpoint), "--session", str(tmp_path / "s"), "--port", str(port))
    with running(*options, env=xvfb) as process:
        wait_for(lambda: press.has_the_ear_of(process.pid), "the window")
        simulator = until_heard(lambda: DrivenSimulator(port, at_twenty_hz))
        wait_for(lambda: len(simulator.commands) > 5, "the policy to drive")
        press("keydown", "Left")
        wait_for(lambda: simulator.commands[-1][0] == -1.0, "full lock to the left")
        press("keyup", "Left")
        wait_for(lambda: simulator.commands[-1][0] == 0.25, "the policy to drive again")
        press("key", "space")
        wait_for(lambda: simulator.commands[-1] == AT_REST, "the car to be let go")
        press("key", "Escape")
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output
    episodes = healthy(tmp_path)  # several where the machine was too busy for a while
    assert {(episode.attrs["device"], episode.attrs["mode"]) for episode in episodes} == {("keyboard", "dagger")}
    assert episodes[-1].attrs["end"] == "stopped"
    changes = np.diff(np.concatenate([episode.driver for episode in episodes]).astype(int))
    assert changes[changes != 0].tolist() == [Source.HUMAN - Source.LEARNER, Source.LEARNER - Source.HUMAN]
    assert simulator.over()[-1] == AT_REST
