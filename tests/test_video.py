"""Recorded driving as a film."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pygame
import pytest

from teleop.cli import run
from teleop.exchange.video import SIZE
from teleop.frame import Image
from teleop.pen import ACCENT
from tests.corrected_session import SHORT, record_corrected


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_corrected(tmp_path_factory.mktemp("recorded") / "town", [SHORT])


def pictures(film: Path) -> list[Image]:
    """RGB."""
    capture, shown = cv2.VideoCapture(str(film)), []
    while (read := capture.read())[0]:
        shown.append(np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return shown


def test_a_film_plays_as_fast_as_it_was_driven_with_the_border_of_who_drives(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "town.mp4"
    assert run(["export", "video", str(recorded), "--out", str(out), "--episode", "0"]) == 0
    shown = pictures(out)
    assert len(shown) == 6  # every second of 12 rows
    assert cv2.VideoCapture(str(out)).get(cv2.CAP_PROP_FPS) == pytest.approx(25)
    assert shown[0].shape == (SIZE[1], SIZE[0], 3)
    border = shown[4][200, 3].astype(int) - pygame.Color(ACCENT)[:3]
    assert np.abs(border).max() < 40  # a film's colours are near enough
    assert "6 pictures, 0 s, saved in" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["town.mp4"]


def test_a_damaged_episode_leaves_the_film_that_was_there(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = shutil.copytree(recorded, tmp_path / "town.zarr")
    pose = session / "episodes" / "000000" / "pose" / "c.0.0"
    pose.write_bytes(pose.read_bytes()[:20])
    out = tmp_path / "town.mp4"
    out.write_bytes(b"before")
    assert run(["export", "video", str(session), "--out", str(out), "--episode", "0"]) == 1
    assert "damaged" in capsys.readouterr().err
    assert out.read_bytes() == b"before"
    assert {file.name for file in tmp_path.iterdir()} == {"town.mp4", "town.zarr"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "town.avi"], "the film is MP4"),
        (["--out", "nowhere/town.mp4"], "there is no folder nowhere"),
        (["--out", str(Path(__file__).parents[1] / "sessions/sample.zarr/town.mp4")], "holds what was recorded"),
        (["--out", "town.mp4", "--episode", "9"], "has no episode 9"),
    ],
)
def test_what_can_not_be_filmed_is_a_usage_error(
    recorded: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", "video", str(recorded), *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
