"""`teleop record`, as a user meets it: real keys in a real window, without a window, and refused."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from teleop.errors import UsageError
from teleop.frame import End, Why
from teleop.record import Record, check
from teleop.recording import Tally, seeds_to_drive
from teleop.session import Episode, open_session
from teleop.worlds.track import TrackWorld
from tests.fakes import ToyWorld
from tests.optional import need

PATIENCE_S = 30.0
"""For a busy machine; nothing here is timed."""
COMMAND = (sys.executable, "-m", "teleop", "record")


def wait_for(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}"
        time.sleep(0.05)


@contextmanager
def running(*options: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which never outlives the test."""
    process = subprocess.Popen(
        [*COMMAND, *options], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def episodes(path: Path) -> list[Episode]:
    return list(open_session(path).episodes) if path.exists() else []


def rows(path: Path, episode: int) -> int:
    """Committed so far, while it is being recorded."""
    there = episodes(path)
    return there[episode].committed if episode < len(there) else 0


class Typist:
    """Types on a screen's real keyboard."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def __call__(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._env, check=True, capture_output=True)

    def has_the_ear_of(self, pid: int) -> bool:
        """Whether that process's window has the focus: before that, keys reach nobody."""
        windows = self._answer("search", "--onlyvisible", "--pid", str(pid))
        return bool(windows) and self._answer("getwindowfocus") == windows

    def _answer(self, *question: str) -> str:
        done = subprocess.run(["xdotool", *question], env=self._env, capture_output=True, text=True, check=False)
        return done.stdout.strip()


def simulated_again(episode: Episode) -> list[float]:
    """The rewards of the kept rows, from the seed and their actions alone."""
    world = TrackWorld()
    world.reset(episode.attrs["seed"])
    rewards = [world.step(action).reward for action in episode.action[episode.kept]]
    world.close()
    return rewards


# In a window ----------------------------------------------------------------------------------------------------------


def test_a_sitting_by_real_keys_holds_exactly_what_was_driven(xvfb: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mine.zarr"
    press = Typist(xvfb)
    with running(str(tmp_path / "mine"), "--seed", "7", "--operator", "Ada", env=xvfb) as process:
        wait_for(lambda: press.has_the_ear_of(process.pid), "the window")
        start(press)
        press("keydown", "Up", "keydown", "Left")
        wait_for(lambda: rows(path, 0) >= 100, "two seconds of driving")
        press("keyup", "Left", "key", "space")
        assert_nothing_is_recorded(path)
        press("key", "BackSpace", "key", "space")
        wait_for(lambda: rows(path, 0) >= 200, "driving on after a rewind")
        press("key", "Return")
        wait_for(lambda: episodes(path)[0].attrs["end"] == "stopped", "the first episode's end")
        press("key", "Return")  # pressed twice: it must not start the next track
        start(press)
        wait_for(lambda: rows(path, 1) >= 50, "the second track")
        press("key", "Delete")
        wait_for(lambda: episodes(path)[1].attrs["end"] == "discarded", "the second episode's end")
        start(press)
        wait_for(lambda: rows(path, 2) >= 50, "the third track")
        press("key", "n")
        wait_for(lambda: rows(path, 3) >= 50, "the fourth track, after a countdown alone")
        press("keyup", "Up", "key", "Escape")
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output
    assert "4 episodes, 1 of them discarded" in output
    assert "ticks at" in output
    assert "policy train" in output
    check_sitting(episodes(path))


def start(press: Typist) -> None:
    """From the screen between tracks, and straight through the countdown."""
    press("key", "space")
    time.sleep(0.5)
    press("key", "space")


def assert_nothing_is_recorded(path: Path) -> None:
    """Pausing flushes; from then on the count stands."""
    counts = [-1, -2]
    deadline = time.monotonic() + PATIENCE_S
    while counts[-1] != counts[-2]:
        assert time.monotonic() < deadline, "rows keep coming during a pause"
        time.sleep(0.5)
        counts.append(rows(path, 0))


def check_sitting(driven: list[Episode]) -> None:
    assert [episode.attrs["seed"] for episode in driven] == [7, 8, 9, 10]
    assert [episode.attrs["end"] for episode in driven] == ["stopped", "discarded", "stopped", "stopped"]
    assert {episode.attrs["operator"] for episode in driven} == {"Ada"}
    assert {episode.attrs["device"] for episode in driven} == {"keyboard"}
    first = driven[0]
    abandoned = np.flatnonzero(~first.kept)
    assert len(abandoned) == 50
    assert np.array_equal(first.step[first.kept], np.arange(first.kept.sum()))
    assert simulated_again(first) == pytest.approx(first.reward[first.kept].tolist(), abs=1e-6)
    # Ramped: up to full gas and far to the left by known steps, and back.
    assert first.action[:, 1].max() == 1.0
    assert first.action[:, 0].min() < -0.5
    assert np.abs(np.diff(first.action[: abandoned[0], 0])).max() <= 0.1 + 1e-6
    for episode in driven:
        assert not np.isnan(episode.autopilot_action).any()
        assert np.array_equal(episode.human_action, episode.action)


def test_the_autopilot_can_be_watched_in_the_window_and_told_to_stop(xvfb: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mine.zarr"
    press = Typist(xvfb)
    with running(str(path), "--expert", "autopilot", env=xvfb) as process:
        wait_for(lambda: rows(path, 0) >= 50, "the autopilot, which waits for nobody")
        press("key", "Escape")
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output
    (episode,) = episodes(path)
    assert (episode.attrs["end"], episode.attrs["expert"], episode.attrs["device"]) == (
        "stopped",
        "autopilot",
        "autopilot",
    )


def test_a_session_that_vanishes_is_told_on_the_screen_and_by_the_exit_code(
    xvfb: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.zarr"
    press = Typist(xvfb)
    with running(str(path), env=xvfb) as process:
        wait_for(lambda: press.has_the_ear_of(process.pid), "the window")
        start(press)
        wait_for(lambda: rows(path, 0) >= 50, "the first rows")
        path.rename(tmp_path / "elsewhere.zarr")

        def leave() -> bool:
            """While it drives, Space pauses, which writes; on the screen that says what is safe, it leaves."""
            press("key", "space")
            time.sleep(0.3)
            return process.poll() is not None

        wait_for(leave, "the screen that says so")
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1, output
    assert "moved or removed" in output
    assert "Traceback" not in output
    assert rows(tmp_path / "elsewhere.zarr", 0) >= 50


# Without a window -----------------------------------------------------------------------------------------------------


def record_quietly(config: Record) -> str:
    printed = io.StringIO()
    assert config.run(Console(file=printed, width=200)) == 0
    return printed.getvalue()


def test_the_autopilot_records_laps_without_a_window_and_a_session_is_appended_to(tmp_path: Path) -> None:
    config = Record(tmp_path / "laps", expert="autopilot", headless=True, fast=True, nudge=True)
    output = record_quietly(config)
    record_quietly(Record(tmp_path / "laps", expert="autopilot", headless=True, fast=True))
    nudged, plain = episodes(tmp_path / "laps.zarr")
    assert [episode.attrs["seed"] for episode in (nudged, plain)] == [0, 1]
    assert {episode.attrs["end"] for episode in (nudged, plain)} == {"finished"}
    assert (nudged.nudge != 0).any()
    assert (plain.nudge == 0).all()
    assert np.array_equal(plain.action, plain.autopilot_action)
    assert np.array_equal(nudged.human_action, nudged.autopilot_action)
    assert plain.time_ns[:3].tolist() == [0, 20_000_000, 40_000_000]
    assert plain.attrs["versions"]["pygame"].startswith("pygame")
    assert f"1 episode: {nudged.committed:,} frames" in output
    assert "policy train" in output


def test_an_interrupt_keeps_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "laps.zarr"
    with running(str(path), "--expert", "autopilot", "--headless") as process:
        wait_for(lambda: rows(path, 0) >= 50, "the first rows")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    (episode,) = episodes(path)
    assert episode.attrs["end"] == "stopped"
    assert episode.committed >= 50


def test_a_tally_counts_what_is_on_disk() -> None:
    outcome = ToyWorld().reset(1)
    endings: list[tuple[Why, int]] = [("finished", 800), ("discarded", 450), ("stopped", 0)]
    tally = Tally.of(End(why, steps, steps, outcome, {}) for why, steps in endings)
    assert str(tally) == "2 episodes, 1 of them discarded: 1,250 frames, 25 s of driving"


# Which tracks, and what is refused ------------------------------------------------------------------------------------


def test_seeds_count_up_from_the_one_that_was_asked_for(tmp_path: Path) -> None:
    assert seeds_to_drive(Record(tmp_path / "s", seed=40, episodes=3)) == range(40, 43)
    assert seeds_to_drive(Record(tmp_path / "s", episodes=2)) == range(2)


def test_a_person_drives_until_they_quit_and_the_autopilot_once(tmp_path: Path) -> None:
    assert seeds_to_drive(Record(tmp_path / "s")) == range(900_000)
    assert seeds_to_drive(Record(tmp_path / "s", expert="autopilot")) == range(1)
    assert seeds_to_drive(Record(tmp_path / "s", episodes=2), known=[3, 7, 850_000]) == range(8, 10)


@pytest.mark.parametrize(
    ("config", "remedy"),
    [
        (Record(Path("s"), headless=True), "--expert simulated or autopilot"),
        (Record(Path("s"), expert="autopilot", fast=True), "--headless"),
        (Record(Path("s"), expert="autopilot", practice=True), "teleop watch autopilot"),
        (Record(Path("s"), episodes=0), "at least 1; got 0"),
        (Record(Path("s"), seed=900_000), "got 900000"),
        (Record(Path("s"), seed=-1), "got -1"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_the_remedy(config: Record, remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        check(config)


@pytest.mark.parametrize("config", [Record(Path("s"), seed=899_999, episodes=2), Record(Path("s"), episodes=10**20)])
def test_more_tracks_than_there_are_is_refused_before_anything_is_made(config: Record) -> None:
    with pytest.raises(UsageError, match="ask for fewer"):
        seeds_to_drive(config)


def test_a_folder_of_the_same_name_is_not_taken_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert seeds_to_drive(Record(tmp_path / "mine", episodes=1)) == range(1)


def test_without_a_screen_the_command_exits_with_2_and_names_headless(tmp_path: Path) -> None:
    with running(str(tmp_path / "mine")) as process:
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "--headless" in output
    assert "Traceback" not in output
    assert not list(tmp_path.iterdir())


def test_a_session_that_is_being_recorded_cannot_be_recorded_into(tmp_path: Path) -> None:
    path = tmp_path / "laps.zarr"
    options = (str(path), "--expert", "autopilot", "--headless")
    with running(*options) as first:
        wait_for(lambda: rows(path, 0) >= 50, "the first rows")
        with running(*options) as second:
            output, _ = second.communicate(timeout=PATIENCE_S)
        assert first.poll() is None
    assert second.returncode == 1
    assert "laps.zarr" in output
    assert "Traceback" not in output


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEOP_REQUIRE_ALL_TESTS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install nothing"):
        need("no-such-program", packages="nothing")
    monkeypatch.setenv("TELEOP_REQUIRE_ALL_TESTS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        need("no-such-program", packages="nothing")
