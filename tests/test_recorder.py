"""The recording sink, driven by the real loop."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from teleop import durable
from teleop.clock import SimulatedMetronome
from teleop.frame import COAST, Action, Command, Controls, End, Frame, Outcome, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import Sink, run_episode
from teleop.session import COMMIT_ROWS, SessionError, open_session
from teleop.sinks.recorder import QUEUE_S, Recorder
from tests.fakes import TOY_ENV, ScriptedDevice, Tape, ToyWorld, commands, steering
from tests.optional import cannot_run

START = Start(seed=7, mode="demo", paced=False)


def drive(sinks: list[Sink], controls: list[Controls], start: Start = START, world: ToyWorld | None = None) -> End:
    return run_episode(
        start,
        world=world or ToyWorld(),
        device=ScriptedDevice(controls),
        drivers={},
        gate=Only(Source.HUMAN),
        sinks=sinks,
        metronome=SimulatedMetronome(50),
    )


def some_frame(action: Action, step: int = 0) -> Frame:
    outcome = ToyWorld().reset(1)
    return Frame(Tick(step, step, outcome), {Source.HUMAN: action}, Source.HUMAN, action, True, 0.0, 0, outcome)


def some_end(why: Any = "stopped") -> End:
    return End(why, 1, 1, ToyWorld().reset(1), {})


def test_what_was_driven_is_what_is_read_back(tmp_path: Path) -> None:
    tape = Tape()
    with Recorder(tmp_path / "mine", TOY_ENV, block_when_behind=True) as recorder:
        end = drive([recorder, tape], steering(123))
    (episode,) = open_session(tmp_path / "mine").episodes
    assert episode.committed == len(tape.frames) == 123
    assert np.array_equal(episode.observation, [frame.tick.outcome.observation for frame in tape.frames])
    assert np.array_equal(episode.action, tape.actions())
    assert np.array_equal(episode.human_action, tape.actions())
    assert np.isnan(episode.learner_action).all()
    rewards = [frame.result.reward for frame in tape.frames]
    assert np.array_equal(episode.reward, np.array(rewards, np.float32))
    assert np.array_equal(episode.pose, [frame.tick.outcome.pose for frame in tape.frames])
    assert np.array_equal(episode.step, np.arange(123))
    assert np.array_equal(episode.time_ns, np.arange(123) * 20_000_000)
    assert episode.final_observation is not None
    assert np.array_equal(episode.final_observation, end.outcome.observation)
    assert (episode.attrs["end"], episode.attrs["figures"]) == ("stopped", dict(end.figures))


def test_a_reused_buffer_does_not_alias_earlier_rows(tmp_path: Path) -> None:
    action, outcome = COAST.copy(), ToyWorld().reset(1)
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        recorder.on_start(START)
        for step in range(20):
            action[0] = step / 20
            outcome.pose[0] = step
            outcome.observation[:] = step
            tick = Tick(step, step, outcome)
            recorder.on_frame(Frame(tick, {Source.HUMAN: action}, Source.HUMAN, action, True, 0.0, 0, outcome))
        recorder.on_end(some_end())
    (episode,) = open_session(tmp_path / "mine").episodes
    expected = (np.arange(20) / 20).astype(np.float32)
    assert np.array_equal(episode.action[:, 0], expected)
    assert np.array_equal(episode.human_action[:, 0], expected)
    assert np.array_equal(episode.pose[:, 0], np.arange(20))
    assert np.array_equal(episode.observation[:, 0, 0, 0], np.arange(20))


def test_every_episode_of_a_run_is_recorded_in_order(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV, block_when_behind=True) as recorder:
        for seed in range(4):
            drive([recorder], steering(30 + seed), Start(seed=seed, mode="demo", paced=False))
    episodes = open_session(tmp_path / "mine").episodes
    assert [(episode.name, episode.attrs["seed"], episode.committed) for episode in episodes] == [
        *(("000000", 0, 30), ("000001", 1, 31), ("000002", 2, 32), ("000003", 3, 33))
    ]


def test_an_episode_that_is_given_up_before_its_first_tick_leaves_nothing(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], [commands(Command.DISCARD)])
        drive([recorder], steering(3))
    assert [episode.name for episode in open_session(tmp_path / "mine").episodes] == ["000000"]


def test_a_discarded_episode_is_marked_and_kept(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], [*steering(12), commands(Command.DISCARD)])
    (episode,) = open_session(tmp_path / "mine").episodes
    assert (episode.discarded, episode.attrs["end"], episode.committed) == (True, "discarded", 12)


def test_rewinding_appends_and_marks_the_abandoned_branch(tmp_path: Path) -> None:
    script = [*steering(80), commands(Command.REWIND), commands(Command.PAUSE), *steering(10, first=3)]
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], script)
    (episode,) = open_session(tmp_path / "mine").episodes
    # The tick that unpauses is driven: 80, then 1 + 10 from step 30 on.
    assert episode.step.tolist() == [*range(80), *range(30, 41)]
    assert np.flatnonzero(episode.kept).tolist() == [*range(30), *range(80, 91)]


def test_what_a_rewind_took_back_just_before_the_end_is_excluded(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], [*steering(80), commands(Command.REWIND), commands(Command.FINISH)])
    (episode,) = open_session(tmp_path / "mine").episodes
    assert np.flatnonzero(episode.excluded).tolist() == list(range(30, 80))
    world = ToyWorld()
    world.reset(7)
    outcomes = [world.step(action) for action in episode.action]
    assert episode.final_observation is not None
    assert np.array_equal(episode.final_observation, outcomes[-1].observation)


def test_a_pause_makes_everything_safe_once(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        recorder.on_start(START)
        for step in range(7):
            recorder.on_frame(some_frame(COAST, step))
        for _ in range(100):
            recorder.on_idle(Tick(7, 0, ToyWorld().reset(1)), "paused")
        wait_until(lambda: recorder.committed == 7)
        assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [7]


def wait_until(condition: Any) -> None:
    for _ in range(2_000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not happen within 10 s")


def test_the_screen_can_say_what_is_recorded_and_what_is_safe(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        recorder.on_start(START)
        for step in range(COMMIT_ROWS + 3):
            recorder.on_frame(some_frame(COAST, step))
        assert recorder.rows_recorded == COMMIT_ROWS + 3
        wait_until(lambda: recorder.committed == COMMIT_ROWS)
        assert recorder.rows_behind == 3


def test_a_rewind_and_the_end_in_one_tick_take_back_as_much(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], [*steering(80), commands(Command.REWIND, Command.FINISH)])
    (episode,) = open_session(tmp_path / "mine").episodes
    assert np.flatnonzero(episode.excluded).tolist() == list(range(30, 80))


class Interrupted(Tape):
    """Somebody presses Ctrl+C on the first tick that is not driven."""

    def on_idle(self, tick: Tick, why: str) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_right_after_a_rewind_takes_back_as_much(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder, pytest.raises(KeyboardInterrupt):
        drive([Interrupted(), recorder], [*steering(80), commands(Command.REWIND)])
    (episode,) = open_session(tmp_path / "mine").episodes
    assert episode.attrs["end"] == "stopped"
    assert np.flatnonzero(episode.excluded).tolist() == list(range(30, 80))


def test_closing_makes_every_row_safe_even_of_an_episode_that_was_never_ended(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        for rows in (COMMIT_ROWS + 3, 7):
            recorder.on_start(START)
            for step in range(rows):
                recorder.on_frame(some_frame(COAST, step))
    episodes = open_session(tmp_path / "mine").episodes
    assert [(episode.committed, episode.attrs["end"]) for episode in episodes] == [(COMMIT_ROWS + 3, None), (7, None)]


LINES_OF_ON_FRAME = range(1, 12)


@contextmanager
def before_line(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Does something at a moment that is hard to meet: within `on_frame`, before its line of this number is run."""
    lines = 0

    def line(_: FrameType, event: str, __: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        if event == "line" and lines == number:
            act()
        return line

    sys.settrace(lambda frame, _, __: line if frame.f_code is Recorder.on_frame.__code__ else None)
    try:
        yield
    finally:
        sys.settrace(None)


@pytest.mark.parametrize("number", LINES_OF_ON_FRAME)
def test_an_interrupt_at_any_line_leaves_the_observation_that_followed_the_last_row(
    tmp_path: Path, number: int
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    world = ToyWorld()
    outcome = world.reset(7)
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        recorder.on_start(START)
        for step in range(5):
            result = world.step(COAST)
            frame = Frame(Tick(step, step, outcome), {}, Source.HUMAN, COAST, True, 0.0, 0, result)
            with suppress(KeyboardInterrupt), before_line(number if step == 4 else 0, interrupt):
                recorder.on_frame(frame)
            outcome = result
        recorder.on_end(some_end())
    (episode,) = open_session(tmp_path / "mine").episodes
    assert episode.final_observation is not None
    assert np.array_equal(episode.final_observation, episode.observation[0] + np.uint8(episode.committed))


@pytest.fixture
def stuck_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every chunk waits until the event is set."""
    free, write = threading.Event(), durable.replace_files

    def stuck(files: Mapping[Path, bytes], pool: Any) -> None:
        free.wait()
        write(files, pool)

    monkeypatch.setattr(durable, "replace_files", stuck)
    yield free
    free.set()


def test_a_person_drives_on_while_the_disk_is_stuck_for_thirty_seconds_and_no_longer(
    tmp_path: Path, stuck_disk: threading.Event
) -> None:
    recorder = Recorder(tmp_path / "mine", TOY_ENV, hz=10)
    recorder.on_start(START)
    frame = some_frame(COAST)
    for _ in range(COMMIT_ROWS):  # in the writer's hands
        recorder.on_frame(frame)
    wait_until(lambda: recorder.rows_behind == 0)
    for _ in range(QUEUE_S * 10):
        recorder.on_frame(frame)
    with pytest.raises(SessionError, match="the disk is too slow: 300 rows wait"):
        recorder.on_frame(frame)
    recorder.on_end(some_end("failed"))
    stuck_disk.set()
    recorder.close()
    # Nothing that was accepted is dropped.
    assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [COMMIT_ROWS + 300]


def test_unpaced_driving_waits_for_the_disk_with_fifty_rows_queued(tmp_path: Path, stuck_disk: threading.Event) -> None:
    recorder = Recorder(tmp_path / "mine", TOY_ENV, block_when_behind=True)
    driving = threading.Thread(target=lambda: drive([recorder], steering(400)), daemon=True)
    driving.start()
    wait_until(lambda: recorder.rows_behind == COMMIT_ROWS)
    threading.Event().wait(0.05)
    assert (recorder.rows_recorded, recorder.rows_behind) == (2 * COMMIT_ROWS, COMMIT_ROWS)
    stuck_disk.set()
    driving.join(10)
    recorder.close()
    assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [400]


@pytest.mark.parametrize("number", LINES_OF_ON_FRAME)
def test_the_writer_may_look_at_any_line_for_the_row_that_completes_a_commit(
    tmp_path: Path, stuck_disk: threading.Event, number: int
) -> None:
    def let_it_look() -> None:
        stuck_disk.set()
        threading.Event().wait(0.1)

    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], steering(5))  # its end is stuck
        recorder.on_start(START)
        for step in range(COMMIT_ROWS - 1):
            recorder.on_frame(some_frame(COAST, step))
        with before_line(number, let_it_look):
            recorder.on_frame(some_frame(COAST, COMMIT_ROWS - 1))
        stuck_disk.set()
        recorder.on_end(some_end())
    assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [5, COMMIT_ROWS]


def test_an_episodes_end_never_waits_for_the_disk(tmp_path: Path, stuck_disk: threading.Event) -> None:
    recorder = Recorder(tmp_path / "mine", TOY_ENV)
    drive([recorder], steering(60))
    drive([recorder], steering(60))  # comes back at all: nothing of the first one is written yet
    stuck_disk.set()
    recorder.close()
    assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [60, 60]


def test_who_wants_to_read_what_ended_waits_until_it_is_whole(tmp_path: Path, stuck_disk: threading.Event) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], steering(5))
        threading.Timer(0.2, stuck_disk.set).start()
        recorder.settle()
        (episode,) = open_session(tmp_path / "mine").episodes
        assert (episode.committed, episode.attrs["end"]) == (5, "stopped")


class FullDisk:
    """Room for so many commits, then none."""

    def __init__(self, room: int, write: Any, error: OSError) -> None:
        self.room, self.write, self.error = room, write, error

    def __call__(self, files: Mapping[Path, bytes], pool: Any) -> None:
        self.room -= 1
        if self.room < 0:
            raise self.error
        self.write(files, pool)


@pytest.mark.parametrize("paced", [True, False])
def test_a_full_disk_ends_the_episode_says_what_is_safe_and_hangs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paced: bool
) -> None:
    full = FullDisk(3, durable.replace_files, OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(durable, "replace_files", full)
    tape = Tape()
    recorder = Recorder(tmp_path / "mine", TOY_ENV, block_when_behind=not paced)
    drive([recorder, tape], steering(70))
    with pytest.raises(SessionError) as raised, recorder:
        drive([recorder, tape], steering(100_000))
    assert str(raised.value) == (
        f"recording to {tmp_path / 'mine.zarr'} stopped, the disk is full; safe from this run: 1 whole episode and "
        "the first 50 rows of episode 000001; free some space, then record to the same session again"
    )
    assert tape.ends[-1].why == "failed"
    monkeypatch.undo()
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], steering(5))
    assert [episode.committed for episode in open_session(tmp_path / "mine").episodes] == [70, 50, 5]


def test_a_writer_that_dies_is_reported_by_close_if_nothing_else_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "replace_files", FullDisk(0, None, OSError(errno.EIO, "Input/output error")))
    recorder = Recorder(tmp_path / "mine", TOY_ENV)
    drive([recorder], steering(5))
    with pytest.raises(
        SessionError, match=r"writing failed \(OSError: .*Input/output error.*safe from this run: nothing"
    ):
        recorder.close()


def test_nothing_is_said_to_be_safe_in_a_session_that_somebody_took_away(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "mine", TOY_ENV, block_when_behind=True)
    drive([recorder], steering(COMMIT_ROWS))
    recorder.path.rename(tmp_path / "elsewhere")
    with pytest.raises(SessionError, match="moved or removed") as raised, recorder:
        drive([recorder], steering(COMMIT_ROWS))
    assert "safe from this run" not in str(raised.value)


def test_a_disk_that_fails_during_a_pause_is_told_during_the_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "replace_files", FullDisk(0, None, OSError(errno.EIO, "Input/output error")))
    recorder = Recorder(tmp_path / "mine", TOY_ENV)
    recorder.on_start(START)
    recorder.on_frame(some_frame(COAST))

    def pause() -> None:
        for _ in range(400):
            recorder.on_idle(Tick(1, 0, ToyWorld().reset(1)), "paused")
            threading.Event().wait(0.005)

    with pytest.raises(SessionError, match="writing failed"):
        pause()
    with pytest.raises(SessionError, match="writing failed"):
        recorder.close()


def test_a_really_full_disk_costs_nothing_that_was_committed(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        cannot_run("needs to be root, to mount a disk of one megabyte")
    try:
        recorder = Recorder(disk / "mine", TOY_ENV, block_when_behind=True)
        with pytest.raises(SessionError, match=r"is full; safe from this run: the first \d+ rows of"), recorder:
            drive([recorder], steering(100_000))
        session = open_session(disk / "mine")
        assert session.damaged == ()
        assert len(session.episodes[0].observation) == recorder.committed >= COMMIT_ROWS
        assert not list(disk.rglob("*.partial"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_second_recorder_on_the_session_is_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV), pytest.raises(SessionError, match="a session has one writer"):
        Recorder(tmp_path / "mine", TOY_ENV)


def test_a_track_that_measures_is_refused_before_anything_is_driven(tmp_path: Path) -> None:
    tape = Tape()
    with Recorder(tmp_path / "mine", TOY_ENV) as recorder, pytest.raises(SessionError, match="got seed 1000000"):
        drive([recorder, tape], steering(5), Start(seed=1_000_000, mode="demo", paced=False))
    assert not tape.frames


class BreakingWorld(ToyWorld):
    """Fails at its 61st step."""

    def step(self, action: Action) -> Outcome:
        if len(self._actions) == 60:
            raise RuntimeError("the simulator broke")
        return super().step(action)


def test_an_error_elsewhere_still_closes_the_episode_and_propagates(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the simulator broke"), Recorder(tmp_path / "mine", TOY_ENV) as recorder:
        drive([recorder], steering(100), world=BreakingWorld())
    (episode,) = open_session(tmp_path / "mine").episodes
    assert (episode.committed, episode.attrs["end"]) == (60, "failed")
    assert episode.attrs["error"] == "RuntimeError: the simulator broke"
    assert episode.final_observation is not None
