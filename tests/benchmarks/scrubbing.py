"""What scrubbing costs: `python -m tests.benchmarks.scrubbing SESSION [--frames 200]`, on a screen or without one.

From a press on the time line to the frame on the screen: CPU time of the loop's thread, and real time, which needs a
quiet machine. First while the episode is still driven again, then once it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pygame

from teleop.replay.viewer import Viewer
from teleop.session import open_session
from teleop.window import SIZE, Window
from teleop.worlds.track import versions

UNTIL_DRIVEN_AGAIN = 2000
"""Ticks, at most; those after it cost nothing."""


def scrubbed(viewer: Viewer, frames: int) -> Iterator[tuple[float, float]]:
    """(CPU, real) ms of each frame, at places in no order."""
    for x in np.random.default_rng(0).integers(20, SIZE[0] - 20, frames).tolist():
        pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(x, SIZE[1] - 20), button=1))
        pygame.event.post(pygame.Event(pygame.MOUSEBUTTONUP, pos=(x, SIZE[1] - 20), button=1))
        cpu, real = time.thread_time(), time.perf_counter()
        viewer.tick(0.0)
        yield 1000 * (time.thread_time() - cpu), 1000 * (time.perf_counter() - real)


def report(when: str, costs: list[tuple[float, float]]) -> None:
    for kind, ms in zip(("CPU", "real"), np.array(costs).T, strict=True):
        median, p95, worst = np.percentile(ms, [50, 95, 100])
        print(f"{when}: {kind} {median:.1f} ms (median), {p95:.1f} (95th percentile), {worst:.1f} (worst)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("session", type=Path)
    parser.add_argument("--frames", type=int, default=200)
    asked = parser.parse_args()
    with closing(Window("teleop replay", SIZE)) as window:
        window.pump()
        viewer = Viewer(window, open_session(asked.session), versions())
        report("while it is driven again", list(scrubbed(viewer, 40)))
        for _ in range(UNTIL_DRIVEN_AGAIN):
            viewer.tick(0.0)
        report("once it was", list(scrubbed(viewer, asked.frames)))


if __name__ == "__main__":
    main()
