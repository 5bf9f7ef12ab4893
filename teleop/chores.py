"""Work done by another process, in the background: so that driving keeps its rate, and learning loads no simulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Protocol

from teleop.errors import UserError

NICEST = 19
"""Priority of work beside which somebody drives; it gets what is left of the cores."""
TOLD = 600
"""Characters of what a failed process said last."""


class Chore(Protocol):
    """Something being done."""

    def done(self) -> bool:
        """Without waiting."""

    def finish(self) -> float:
        """Wait; returns the seconds that it took. UserError when it failed."""

    def give_up(self) -> None:
        """End it, unless it is done."""


class Process:
    """Implements `Chore`: `python -m` with these words, each of its processes on one thread, at the lowest priority.

    It ends with whoever began it, however that one ends.
    """

    def __init__(self, words: Sequence[str], log: Path) -> None:
        """What it says goes to `log`, a new file."""
        self._words, self._log, self._began = words, log, time.monotonic()
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "teleop.attended", str(os.getpid()), *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=0,  # not a session of its own: Linux gives each session as much time as any other
            )
        if sys.platform != "win32":
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICEST)
        self._waiting = Thread(target=self._wait, name="chore", daemon=True)
        self._waiting.start()

    def _wait(self) -> None:
        """Notes the time when it ends, whatever everybody else is at."""
        self._process.wait()
        self._ended = time.monotonic()

    def done(self) -> bool:
        return not self._waiting.is_alive()

    def finish(self) -> float:
        self._waiting.join()
        if self._process.returncode:
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()
            raise UserError(
                f"`{' '.join(self._words)}` failed: {said[-TOLD:]} Mend that; the same command then goes on here"
            )
        return self._ended - self._began

    def give_up(self) -> None:
        if sys.platform == "win32":
            self._process.terminate()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)  # with the processes of its own: they outlive it else
        self._waiting.join()
