"""What is mended in tests: a learner that leaves the road. And commands played by a gamepad, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pygame
import pytest
from rich.console import Console

from teleop.collecting import Collection, Drives
from teleop.devices.nobody import Nobody
from tests import player
from tests.test_collecting import StraightOn

TRACK = 800_000
"""A diagnosis track: failures there may be mended."""
ROWS = 130
"""Enough to leave the road in the first bend."""
FEEL = "[feel]\ndead_zone = 0.2\ncurve = 2\n[cues]\nsound = false\n"
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def failure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recorded once: copy it."""
    return record_a_failure(tmp_path_factory.mktemp("failure") / "failed.zarr")


@pytest.fixture
def failed(failure: Path, tmp_path: Path) -> Path:
    """A session of one episode, in which a learner that knows no bend was left alone."""
    return Path(shutil.copytree(failure, tmp_path / "failed.zarr"))


def record_a_failure(path: Path) -> Path:
    """On `TRACK`."""
    collection = Collection(path, [TRACK], StraightOn(), {"name": "straight", "sha256": "0"}, Nobody())
    with closing(Drives(collection, max_steps=ROWS)) as drives, drives.logbook() as logbook:
        drives.drive(TRACK, [logbook.open()], collection.expert)
    return path


Play = Callable[..., None]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    """Play a script against a command, in a window that nobody sees."""
    settings = tmp_path / "settings.toml"
    settings.write_text(FEEL)
    monkeypatch.setenv("TELEOP_SETTINGS", str(settings))
    monkeypatch.setattr(pygame.event, "get", pygame.event.get)  # the player replaces it, and this puts it back
    for command in ("relabelling", "retaking"):
        monkeypatch.setattr(f"teleop.mending.{command}.require_screen", nobody_looks)

    def play(script: Callable[[], player.Moves], *command: str) -> None:
        assert player.play(script(), command) == 0

    return play


def nobody_looks(otherwise: str) -> None:
    """Takes the place of asking for a screen."""


def press_key(key: int) -> None:
    """Down and up, in the next tick."""
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))
    pygame.event.post(pygame.Event(pygame.KEYUP, key=key))
