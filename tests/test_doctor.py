"""`teleop doctor`: every ill has its verdict and its remedy, and no ill keeps the doctor from saying so."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from teleop.checkup.checks import CHECKS, REPAIR_PYGAME, Machine, Package, Screen, Verdict, examine
from teleop.checkup.disk_trial import commits_a_second
from teleop.checkup.drive_trial import drive
from teleop.checkup.machine import ThisMachine
from teleop.clock import Cadence, PacedMetronome
from teleop.doctor import report
from teleop.errors import UserError
from teleop.frame import HZ


class HealthyMachine:
    """Has everything, and is quick."""

    def python(self) -> tuple[int, int, int]:
        return 3, 12, 1

    def packages(self) -> Sequence[Package]:
        return [Package("torch", "torch>=2.9", "2.13.0", fits=True)]

    def pygames(self) -> Mapping[str, str]:
        return {"pygame-ce": "2.5.8"}

    def pygame_imports_as_ce(self) -> bool:
        return True

    def screen(self) -> Screen:
        return Screen("x11", (1920, 1080), 60)

    def devices(self) -> Sequence[tuple[str, str]]:
        return [("Pad", "SDL's gamepad mapping")]

    def settings_problems(self) -> Sequence[str]:
        return []

    def sound(self) -> str:
        return "pulseaudio"

    def free_memory(self) -> float | None:
        return 8e9

    def free_minutes(self) -> float:
        return 5000.0

    def commits_a_second(self) -> float:
        return 30.0

    def hz(self) -> float:
        return 140.0

    def cadence(self) -> Cadence:
        return cadence(late_p99_ms=0.9)


def cadence(late_p99_ms: float) -> Cadence:
    return Cadence(100, 50.0, 0.1, late_p99_ms, 30.0, 0.0, 0)


def but(**facts: object) -> Machine:
    """Healthy but for these; an exception is raised where it is asked for."""
    machine = HealthyMachine()
    for name, fact in facts.items():
        setattr(machine, name, partial(answer, fact))
    return machine


def answer(fact: object) -> object:
    if isinstance(fact, Exception):
        raise fact
    return fact


def told(machine: Machine) -> tuple[int, str]:
    """(exit code, what is printed on a terminal of 80 columns)."""
    printed = io.StringIO()
    code = report(machine, Console(file=printed, width=80, soft_wrap=True))
    return code, printed.getvalue()


def doctor(*broken: Path) -> subprocess.CompletedProcess[str]:
    """The command, where these folders are found before what is installed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, broken))}
    command = [sys.executable, "-m", "teleop", "doctor", "/proc/nowhere"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


# Verdicts -------------------------------------------------------------------------------------------------------------


def test_a_healthy_machine_is_all_set_and_every_check_has_its_line() -> None:
    code, output = told(HealthyMachine())
    assert code == 0
    assert all(f"\n{name} " in output for name in CHECKS)
    assert output.count(" ok ") == len(CHECKS)
    assert "all set" in output


@pytest.mark.parametrize(
    ("check", "facts", "found", "remedy"),
    [
        ("Python", {"python": (3, 14, 0)}, "3.14.0", "3.11 to 3.13"),
        ("libraries", {"packages": [Package("torch", "torch>=2.9", None, False)]}, "torch is missing", '"torch>=2.9"'),
        ("libraries", {"packages": [Package("zarr", "zarr>=3.1", "2.18", False)]}, "zarr is 2.18", '"zarr>=3.1"'),
        ("pygame", {"pygames": {"pygame-ce": "2.5.8", "pygame": "2.6.1"}}, "and pygame 2.6.1", REPAIR_PYGAME),
        ("pygame", {"pygames": {"pygame": "2.6.1"}}, "pygame 2.6.1 is installed", REPAIR_PYGAME),
        ("pygame", {"pygames": {}}, "neither is installed", REPAIR_PYGAME),
        ("pygame", {"pygame_imports_as_ce": False}, "something else is imported", REPAIR_PYGAME),
        ("screen", {"screen": UserError("there is no screen: add --headless")}, "no screen", "--headless"),
        ("memory", {"free_memory": 0.3e9}, "0.3 GB", "close"),
        ("space", {"free_minutes": 0.4}, "0 minutes", "free some space"),
        ("disk", {"commits_a_second": UserError("it takes no files: move on")}, "no files", "move on"),
        ("disk", {"commits_a_second": 0.6}, "0.6 commits", "a faster disk"),
        ("speed", {"hz": 31.0}, "31 ticks", "close"),
    ],
)  # fmt: skip
def test_what_prevents_driving_is_a_problem_with_its_remedy(
    check: str, facts: Mapping[str, object], found: str, remedy: str
) -> None:
    finding = examine(but(**facts), check)
    assert finding.verdict is Verdict.PROBLEM
    assert found in finding.found
    assert remedy in finding.found + finding.remedy
    code, output = told(but(**facts))
    assert code == 1
    assert "1 problem" in output


@pytest.mark.parametrize(
    ("check", "facts", "said"),
    [
        ("screen", {"screen": Screen("x11", (1280, 1024), 30)}, "higher rate"),
        ("screen", {"screen": Screen("x11", (600, 400), 60)}, "640 x 480"),
        ("devices", {"devices": []}, "plug a gamepad"),
        ("devices", {"devices": [("Wheel", "")]}, "teleop devices"),
        ("settings", {"settings_problems": ["line 3: no such key"]}, "line 3"),
        ("sound", {"sound": ""}, "silent"),
        ("memory", {"free_memory": None}, "doesn't tell"),
        ("space", {"free_minutes": 20.0}, "20 minutes"),
        ("disk", {"commits_a_second": 2.0}, "2.0 commits"),
        ("speed", {"hz": 51.0}, "51 ticks"),
        ("pace", {"cadence": cadence(late_p99_ms=25.0)}, "25.0 ms"),
    ],
)
def test_what_is_only_worth_knowing_is_a_note_and_driving_goes_on(
    check: str, facts: Mapping[str, object], said: str
) -> None:
    finding = examine(but(**facts), check)
    assert finding.verdict is Verdict.NOTE
    assert said in finding.found + finding.remedy
    assert told(but(**facts))[0] == 0


def test_what_cannot_be_found_out_is_told_and_everything_else_is_still_examined() -> None:
    machine = but(sound=ImportError("no pygame"))
    findings = {check: examine(machine, check) for check in CHECKS}
    assert findings["sound"].verdict is Verdict.PROBLEM
    assert "no pygame" in findings["sound"].found
    assert {name for name, finding in findings.items() if finding.verdict is Verdict.OK} == set(CHECKS) - {"sound"}


def test_the_table_fits_80_columns_however_long_a_finding_is() -> None:
    _, output = told(but(sound=UserError("word " * 60), devices=[("A" * 150, "")]))
    assert max(map(len, output.splitlines())) <= 80
    assert output.count("A") >= 150


# This machine ---------------------------------------------------------------------------------------------------------


def test_the_pygame_beside_pygame_ce_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(ThisMachine(tmp_path).pygames()) == {"pygame-ce"}
    metadata = tmp_path / "pygame-2.6.1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: pygame\nVersion: 2.6.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert ThisMachine(tmp_path).pygames()["pygame"] == "2.6.1"


def test_declared_libraries_are_found_and_held_against_what_is_declared(tmp_path: Path) -> None:
    packages = {package.name: package for package in ThisMachine(tmp_path).packages()}
    assert {"gymnasium", "box2d", "torch", "zarr"} <= set(packages)
    assert not {"pytest", "mypy"} & set(packages)
    assert all(package.fits for package in packages.values())


@pytest.mark.usefixtures("pad")
def test_a_gamepad_that_is_plugged_in_is_named(tmp_path: Path) -> None:
    ((_, known),) = ThisMachine(tmp_path).devices()
    assert "gamepad" in known


def test_the_disk_is_tried_where_sessions_go_and_nothing_is_left_there(tmp_path: Path) -> None:
    assert commits_a_second(tmp_path / "not" / "yet", seconds=0.05) > 0
    assert not list(tmp_path.iterdir())


def test_the_whole_game_is_tried_and_nothing_is_left_there(tmp_path: Path) -> None:
    cadence = drive(tmp_path, PacedMetronome(HZ), ticks=20)
    assert cadence.ticks == 20
    assert cadence.hz < 1.1 * HZ
    assert not list(tmp_path.iterdir())


def test_with_a_broken_pygame_and_no_place_for_sessions_the_doctor_says_so_and_how_to_repair_it(tmp_path: Path) -> None:
    (tmp_path / "pygame").mkdir()  # a namespace without anything: what `pip uninstall pygame` leaves of pygame-ce
    (tmp_path / "pygame" / "__init__.py").touch()
    done = doctor(tmp_path)
    assert done.returncode == 1
    assert REPAIR_PYGAME in done.stdout
    assert "/proc takes no files" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
