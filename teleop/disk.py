"""How much driving fits on a disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from teleop.frame import HZ

BYTES_A_FRAME = 2000
"""Of a recorded row, all columns compressed: measured by `python -m tests.benchmarks.recording`."""


def free_minutes(path: Path) -> float:
    """Minutes of driving that still fit where `path` is, or will be made."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(there).free / (BYTES_A_FRAME * HZ * 60)
