"""Files that are replaced whole, or not at all."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from teleop import durable


def test_a_failed_commit_leaves_nothing_even_where_other_threads_were_still_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def slow(descriptor: int) -> None:
        threading.Event().wait(0.03)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    files = {tmp_path / "nowhere" / "file": b"x"} | {tmp_path / str(number): b"x" for number in range(11)}
    with ThreadPoolExecutor(durable.SYNC_THREADS) as pool, pytest.raises(FileNotFoundError):
        durable.replace_files(files, pool)
    assert list(tmp_path.iterdir()) == []
