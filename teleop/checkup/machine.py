"""This machine, asked and measured. Everything that may be broken is imported where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from teleop.checkup.checks import Package, Screen
from teleop.clock import Cadence, PacedMetronome
from teleop.frame import HZ

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "teleop"
NOT_DECLARED = ("box2d",)
"""Comes with gymnasium[box2d], or not at all where that was typed without its brackets."""
PYGAMES = ("pygame-ce", "pygame")
UNREACHABLE_HZ = 1e6
"""Every tick is late already when it is due: they follow one another as fast as the machine can."""
FREE_TICKS, PACED_TICKS = 150, 2 * HZ


class ThisMachine:
    """Implements `checkup.Machine`. What is measured happens in `folder`, and leaves nothing there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def python(self) -> tuple[int, int, int]:
        return sys.version_info[:3]

    def packages(self) -> Sequence[Package]:
        from packaging.requirements import Requirement

        declared = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or ()]
        needed = [each for each in declared if each.marker is None or each.marker.evaluate({"extra": ""})]
        return [_package(requirement) for requirement in (*needed, *map(Requirement, NOT_DECLARED))]

    def pygames(self) -> Mapping[str, str]:
        there = {name: _installed(name) for name in PYGAMES}
        return {name: version for name, version in there.items() if version}

    def pygame_imports_as_ce(self) -> bool:
        import pygame

        return getattr(pygame, "IS_CE", False)

    def screen(self) -> Screen:
        import pygame

        from teleop.window import require_screen

        require_screen()
        driver = pygame.display.get_driver()
        return Screen(driver, pygame.display.get_desktop_sizes()[0], pygame.display.get_desktop_refresh_rates()[0])

    def settings_problems(self) -> Sequence[str]:
        from teleop.settings.settings import load_settings

        return load_settings().problems

    def devices(self) -> Sequence[tuple[str, str]]:
        from teleop.devices.joysticks import all_plugged
        from teleop.settings.settings import load_settings

        with all_plugged(load_settings().joysticks) as plugged:
            return [(each.joystick.get_name(), each.known if each.drives else "") for each in plugged]

    def sound(self) -> str:
        import pygame

        from teleop.sounds import open_mixer

        if not open_mixer():
            return ""
        driver = pygame.mixer.get_driver()
        pygame.mixer.quit()
        return driver

    def free_memory(self) -> float | None:
        try:
            lines = Path("/proc/meminfo").read_text().splitlines()
        except OSError:
            return None
        kilobytes = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
        return kilobytes["MemAvailable"] * 1024

    def free_minutes(self) -> float:
        from teleop.disk import free_minutes

        return free_minutes(self._folder)

    def commits_a_second(self) -> float:
        from teleop.checkup.disk_trial import commits_a_second

        return commits_a_second(self._folder)

    def hz(self) -> float:
        from teleop.checkup.drive_trial import drive

        return drive(self._folder, PacedMetronome(UNREACHABLE_HZ), FREE_TICKS).hz

    def cadence(self) -> Cadence:
        from teleop.checkup.drive_trial import drive

        return drive(self._folder, PacedMetronome(HZ), PACED_TICKS)


def _package(requirement: Requirement) -> Package:
    version = _installed(requirement.name)
    fits = version is not None and requirement.specifier.contains(version, prereleases=True)
    return Package(requirement.name, str(requirement), version, fits)


def _installed(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
