"""How much of a disk driving takes, and how much more fits on it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from teleop.frame import HZ

BYTES_A_FRAME = 2000
"""Of a recorded row, all columns compressed: measured by `python -m tests.benchmarks.recording`."""


def free_minutes(path: Path) -> float:
    """Minutes of driving that still fit where `path` is, or will be made."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(there).free / (BYTES_A_FRAME * HZ * 60)


def bytes_on_disk(folder: Path | str) -> int:
    """Of all files in a folder. What vanishes meanwhile, as files do while somebody records, counts nothing."""
    with os.scandir(folder) as entries:
        return sum(_bytes(entry) for entry in entries)


def _bytes(entry: os.DirEntry[str]) -> int:
    try:
        return bytes_on_disk(entry.path) if entry.is_dir() else entry.stat().st_size
    except FileNotFoundError:
        return 0
