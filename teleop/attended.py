"""`python -m teleop.attended PARENT MODULE WORDS...`: `python -m MODULE WORDS...`, while the process PARENT lives.

A parent that is killed, or whose terminal is closed, ends nobody; what it had begun would go on for no one, on the
cores that the next try needs. The work is in a process group of its own, and ends with all of it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

LOOKED_S = 0.5
"""So often it is looked whether the parent is still there."""


def main() -> None:
    parent, sys.argv = int(sys.argv[1]), sys.argv[2:]
    if sys.platform != "win32":  # where nobody is told that their parent is gone
        threading.Thread(target=_end_with, args=(parent,), name="end with parent", daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKED_S)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    main()
