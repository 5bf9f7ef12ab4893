"""Whether processes are still there, as /proc says."""

from __future__ import annotations

import time
from pathlib import Path


def is_there(pid: int) -> bool:
    """Running, that is: a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually_gone(pid: int) -> bool:
    """An orphan's end is seen by init, a moment later."""
    for _ in range(500):
        if not is_there(pid):
            return True
        time.sleep(0.01)
    return False
