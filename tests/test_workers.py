"""Workers end with the process that started them, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from teleop.workers import working
from tests.processes import is_there


def no_tool() -> None:
    """Jobs here need none."""


def sleep_by(_: None, note: Path) -> None:
    """Note who does it, and be at it for long."""
    (note / str(os.getpid())).touch()
    time.sleep(60)


def square(_: None, number: int) -> int:
    return number**2


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    with working(no_tool, square, workers) as do_all:
        assert list(do_all([3, 1, 2])) == [9, 1, 4]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_workers_of_a_killed_process_do_not_go_on_alone(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-m", "tests.test_workers", str(tmp_path)])
    try:
        while len(list(tmp_path.iterdir())) < 2:
            assert parent.poll() is None
            time.sleep(0.05)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    workers = [int(note.name) for note in tmp_path.iterdir()]
    patience = time.monotonic() + 20
    while any(map(is_there, workers)) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not any(map(is_there, workers))


if __name__ == "__main__":
    from tests import test_workers as this  # its functions must be found by the workers under this name

    with working(this.no_tool, this.sleep_by, 2) as do_all:
        list(do_all([Path(sys.argv[1])] * 2))
