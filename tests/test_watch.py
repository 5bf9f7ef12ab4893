"""`teleop watch`: a policy drives, whoever watches has the keys, and nothing is recorded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pygame
import pytest

from teleop.cli import run
from teleop.clock import PacedMetronome
from teleop.frame import COAST, DIAGNOSIS_SEED, HZ, Action, Start, Tick
from teleop.screens.summary import Driven
from teleop.settings.settings import Settings
from teleop.watch import told, watched
from teleop.window import Window
from tests.test_record import PATIENCE_S, Typist, wait_for


def key(code: int) -> pygame.Event:
    return pygame.Event(pygame.KEYDOWN, key=code)


class Coasting:
    """A policy that does nothing, while things happen: `events[n]` on the nth tick that it is asked for."""

    def __init__(self, events: Mapping[int, Sequence[pygame.Event]]) -> None:
        self._events = events
        self.starts: list[Start] = []
        self.steps: list[int] = []
        """Of every tick that it was asked for."""

    def reset(self, start: Start) -> None:
        self.starts.append(start)

    def act(self, tick: Tick) -> Action:
        self.steps.append(tick.step)
        for event in self._events.get(len(self.steps), ()):
            pygame.event.post(event)
        return COAST


def seen(window: Window, driver: Coasting, tracks: int = 5) -> list[Driven]:
    """Every drive, until the watcher quits."""
    seeds = range(DIAGNOSIS_SEED, DIAGNOSIS_SEED + tracks)
    return list(watched(window, driver, "mine", seeds, Settings(sound=False), PacedMetronome(HZ)))


def test_the_watcher_goes_to_the_next_track_sees_one_again_and_quits(window: Window) -> None:
    driver = Coasting({3: [key(pygame.K_n)], 6: [key(pygame.K_r)], 9: [key(pygame.K_ESCAPE)]})
    drives = seen(window, driver)
    assert [driven.track for driven in drives] == [DIAGNOSIS_SEED, DIAGNOSIS_SEED + 1, DIAGNOSIS_SEED + 1]
    assert [driven.end.why for driven in drives] == ["stopped"] * 3
    assert {start.mode for start in driver.starts} == {"rollout"}
    assert driver.starts[0].learner == {"name": "mine"}
    assert not any(driven.recorded for driven in drives)


def test_after_the_last_track_watching_is_over(window: Window) -> None:
    drives = seen(window, Coasting({3: [key(pygame.K_n)], 6: [key(pygame.K_n)]}), tracks=2)
    assert [driven.track for driven in drives] == [DIAGNOSIS_SEED, DIAGNOSIS_SEED + 1]


def test_the_watcher_rewinds_and_goes_on(window: Window) -> None:
    driver = Coasting({10: [key(pygame.K_BACKSPACE), key(pygame.K_SPACE)], 15: [key(pygame.K_ESCAPE)]})
    seen(window, driver)
    assert driver.steps == [*range(10), *range(5)]


def test_the_watchers_hands_do_not_drive(window: Window) -> None:
    (driven,) = seen(window, Coasting({2: [key(pygame.K_UP), key(pygame.K_LEFT)], 30: [key(pygame.K_ESCAPE)]}))
    assert driven.end.device == ""
    assert float(driven.end.outcome.pose[3]) == pytest.approx(0, abs=0.1)


def test_a_window_without_focus_is_still_worth_watching_until_it_is_closed(window: Window) -> None:
    focus_lost, closed = pygame.Event(pygame.WINDOWFOCUSLOST), pygame.Event(pygame.QUIT)
    (driven,) = seen(window, Coasting({2: [focus_lost], 5: [key(pygame.K_SPACE)], 10: [closed]}))
    assert driven.end.steps == 10


def test_how_a_drive_went_is_told_in_one_line(window: Window) -> None:
    (driven,) = seen(window, Coasting({3: [key(pygame.K_ESCAPE)]}))
    assert told(driven).startswith(f"track {DIAGNOSIS_SEED}: stopped, score ")
    assert "lap" not in told(driven)
    assert told(driven).endswith("tiles missed")


# The command ----------------------------------------------------------------------------------------------------------


def test_the_autopilot_is_watched_in_a_real_window_by_real_keys(xvfb: dict[str, str], tmp_path: Path) -> None:
    press = Typist(xvfb)
    settings = tmp_path / "settings.toml"
    settings.write_text("[feel]\ncurve = 0\n")
    command = [sys.executable, "-m", "teleop", "watch", "autopilot"]
    with subprocess.Popen(
        command, env={**xvfb, "TELEOP_SETTINGS": str(settings)}, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for(lambda: press.has_the_ear_of(process.pid), "the window")
            press("key", "space")
            press("key", "space")
            press("key", "n")
            assert process.stdout is not None
            assert "curve: a number from 1 to 5; got 0" in process.stdout.readline()
            assert process.stdout.readline().startswith(f"track {DIAGNOSIS_SEED}: stopped")
            press("key", "Escape")
            output, _ = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 0
    assert output.startswith(f"track {DIAGNOSIS_SEED + 1}: stopped")
    assert list(tmp_path.iterdir()) == [settings]


def test_a_policy_that_is_not_there_cannot_be_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", str(tmp_path / "nothing.safetensors")]) == 1
    assert "nothing.safetensors" in capsys.readouterr().err


def test_without_a_screen_the_scores_can_still_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "autopilot"]) == 2
    assert "teleop evaluate autopilot" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--tracks", "0"), ("--first-seed", "-1")])
def test_no_track_at_all_cannot_be_watched(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "autopilot", *option]) == 2
    assert "at least" in capsys.readouterr().err
