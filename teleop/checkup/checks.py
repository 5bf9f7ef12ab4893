"""A check-up: what a machine must have for driving, held against what it has, each with a verdict and a remedy.

Knows nothing of how facts are found out, and imports nothing that may be broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from teleop.clock import Cadence
from teleop.errors import UserError
from teleop.frame import HZ

PYTHONS = ((3, 11), (3, 13))
"""Oldest and newest; Box2D comes ready-made for no other."""
SHOWN = ("gymnasium", "box2d", "pygame-ce", "torch", "zarr")
SMALLEST_SCREEN = (640, 480)
COMMITS_NEEDED = 1.0
"""A second of driving is one commit."""
COMMITS_AT_EASE = 4.0
HZ_AT_EASE = 1.1 * HZ
"""Not more: a screen of 60 Hz that makes every frame wait for it allows no more than that."""
LATE_MS = 20.0
"""A whole tick, at the 99th percentile."""
MINUTES_AT_EASE = 60.0
MEMORY_NEEDED, MEMORY_AT_EASE = 0.5e9, 1e9
"""Bytes. The simulator, the window and a queue of 30 s take 0.3 GB."""

REPAIR_PYGAME = "pip uninstall -y pygame pygame-ce && pip install pygame-ce"
CLOSE_OTHERS = "close what else keeps this machine busy, or make the window smaller"


class Verdict(Enum):
    """What a finding means for driving."""

    OK = "ok"
    NOTE = "note"
    """Driving is possible; there is something to know."""
    PROBLEM = "problem"
    """Driving is not possible, or not as it should be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    verdict: Verdict
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A library that teleop declares it needs."""

    name: str
    wanted: str
    """As pip takes it: "zarr<4,>=3.1.6"."""
    installed: str | None
    """Its version; None where it is missing."""
    fits: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """Where windows open."""

    driver: str
    """SDL's: x11, wayland, windows, cocoa."""
    size: tuple[int, int]
    hz: int
    """Its refresh rate; 0 where it doesn't tell."""


class Machine(Protocol):
    """Facts. Any of these may raise: what can't be found out is a finding too."""

    def python(self) -> tuple[int, int, int]: ...

    def packages(self) -> Sequence[Package]: ...

    def pygames(self) -> Mapping[str, str]:
        """Installed distributions that are `import pygame`, with their versions."""

    def pygame_imports_as_ce(self) -> bool: ...

    def screen(self) -> Screen:
        """UserError where there is none."""

    def devices(self) -> Sequence[tuple[str, str]]:
        """Of every joystick and gamepad that is plugged in: (its name, how it is known; empty where it is not)."""

    def settings_problems(self) -> Sequence[str]: ...

    def sound(self) -> str:
        """What plays it; empty where there is nothing."""

    def free_memory(self) -> float | None:
        """Bytes; None where the system doesn't tell."""

    def free_minutes(self) -> float:
        """Of driving that fit on the disk."""

    def commits_a_second(self) -> float:
        """That the disk takes; UserError where it takes none."""

    def hz(self) -> float:
        """Ticks a second of the whole game with nothing to wait for."""

    def cadence(self) -> Cadence:
        """Of the game at its own rate."""


def examine(machine: Machine, check: str) -> Finding:
    """One of `CHECKS`. Never raises: whatever is broken here, the other checks have something to say too."""
    try:
        return CHECKS[check](machine)
    except UserError as error:
        return Finding(Verdict.PROBLEM, str(error))  # which names its remedy
    except Exception as error:
        found = f"not checked: {type(error).__name__}: {error}"
        return Finding(Verdict.PROBLEM, found, "mend the problems above, then run teleop doctor again")


def python(machine: Machine) -> Finding:
    version = machine.python()
    told = ".".join(map(str, version))
    if PYTHONS[0] <= version[:2] <= PYTHONS[1]:
        return Finding(Verdict.OK, told)
    oldest, newest = (".".join(map(str, version)) for version in PYTHONS)
    return Finding(
        Verdict.PROBLEM, f"{told}, teleop needs {oldest} to {newest}", "make a new environment with one of these"
    )


def libraries(machine: Machine) -> Finding:
    packages = machine.packages()
    wrong = [package for package in packages if not package.fits]
    if not wrong:
        versions = {package.name: package.installed for package in packages}
        return Finding(Verdict.OK, ", ".join(f"{name} {versions[name]}" for name in SHOWN if name in versions))
    found = ", ".join(f"{package.name} is {package.installed or 'missing'}" for package in wrong)
    return Finding(Verdict.PROBLEM, found, "pip install " + " ".join(f'"{package.wanted}"' for package in wrong))


def pygame(machine: Machine) -> Finding:
    """Two distributions share that name, and the last one installed has overwritten half of the other."""
    there = machine.pygames()
    told = " and ".join(f"{name} {version}" for name, version in there.items())
    if set(there) != {"pygame-ce"}:
        return Finding(Verdict.PROBLEM, f"{told or 'neither'} is installed, it must be pygame-ce alone", REPAIR_PYGAME)
    if not machine.pygame_imports_as_ce():
        return Finding(Verdict.PROBLEM, f"{told} is installed, but something else is imported", REPAIR_PYGAME)
    return Finding(Verdict.OK, f"{told}, alone")


def screen(machine: Machine) -> Finding:
    there = machine.screen()
    width, height = there.size
    rate = f", {there.hz} Hz" if there.hz else ""
    found = f"{width} x {height}{rate}, {there.driver}"
    if width < SMALLEST_SCREEN[0] or height < SMALLEST_SCREEN[1]:
        return Finding(Verdict.NOTE, found, "the window is made for 640 x 480 at least")
    if 0 < there.hz < HZ:
        return Finding(Verdict.NOTE, found, f"not every one of {HZ} frames a second is shown: choose a higher rate")
    return Finding(Verdict.OK, found)


def devices(machine: Machine) -> Finding:
    plugged = machine.devices()
    if not plugged:
        return Finding(Verdict.NOTE, "keyboard only", "plug a gamepad or a wheel in, at any time")
    found = "keyboard, " + ", ".join(f"{name} ({known or 'unknown'})" for name, known in plugged)
    if all(known for _, known in plugged):
        return Finding(Verdict.OK, found)
    return Finding(Verdict.NOTE, found, "teach teleop the unknown one: teleop devices")


def settings(machine: Machine) -> Finding:
    problems = machine.settings_problems()
    if problems:
        return Finding(Verdict.NOTE, "; ".join(problems), "what is wrong is ignored: mend that file")
    return Finding(Verdict.OK, "nothing wrong")


def sound(machine: Machine) -> Finding:
    player = machine.sound()
    return Finding(Verdict.OK, player) if player else Finding(Verdict.NOTE, "no audio device: driving is silent")


def memory(machine: Machine) -> Finding:
    free = machine.free_memory()
    if free is None:
        return Finding(Verdict.NOTE, "this system doesn't tell")
    found = f"{free / 1e9:.1f} GB free"
    return _graded(found, free, MEMORY_NEEDED, MEMORY_AT_EASE, "close what else is open")


def space(machine: Machine) -> Finding:
    minutes = machine.free_minutes()
    found = f"room for {minutes:,.0f} minutes of driving"
    return _graded(found, minutes, 1.0, MINUTES_AT_EASE, "free some space, or record to another disk")


def disk(machine: Machine) -> Finding:
    rate = machine.commits_a_second()
    found = f"{rate:.1f} commits a second, {COMMITS_NEEDED:.0f} is needed"
    return _graded(found, rate, COMMITS_NEEDED, COMMITS_AT_EASE, "record to a faster disk, not one across a network")


def speed(machine: Machine) -> Finding:
    rate = machine.hz()
    return _graded(f"{rate:.0f} ticks a second are possible, {HZ} are needed", rate, HZ, HZ_AT_EASE, CLOSE_OTHERS)


def pace(machine: Machine) -> Finding:
    cadence = machine.cadence()
    found = f"{cadence.hz:.2f} Hz, late by {cadence.late_p99_ms:.1f} ms at the 99th percentile"
    if cadence.late_p99_ms > LATE_MS or cadence.reanchored:
        return Finding(Verdict.NOTE, found, CLOSE_OTHERS)
    return Finding(Verdict.OK, found)


def _graded(found: str, value: float, needed: float, at_ease: float, remedy: str) -> Finding:
    """Ok with a margin, a note without one, a problem below what is needed."""
    if value >= at_ease:
        return Finding(Verdict.OK, found)
    return Finding(Verdict.NOTE if value >= needed else Verdict.PROBLEM, found, remedy)


CHECKS: Mapping[str, Callable[[Machine], Finding]] = {
    "Python": python,
    "libraries": libraries,
    "pygame": pygame,
    "screen": screen,
    "devices": devices,
    "settings": settings,
    "sound": sound,
    "memory": memory,
    "space": space,
    "disk": disk,
    "speed": speed,
    "pace": pace,
}
