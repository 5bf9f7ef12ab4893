"""From the stick to a changed pixel: `python -m tests.benchmarks.latency [--moves 300] [--size 1000x800]`.

In a real window on an X server of its own, a virtual gamepad's stick is moved at random moments while the car drives
and is recorded, and another process looks at the steering gauge until it has changed. The game should answer within
20 ms (median) and 40 ms (99th percentile). `--screen-hz 60` shows frames only on the ticks of a screen that fast, and
blocks until then, as one with vertical sync does: that wait comes on top, and so do a gamepad's and a screen's own.

The stick's moment is the one it was meant to move at: when the machine lets it move later, that counts against us. It
needs a quiet machine; on a busy one root has a share of one by `chrt -f 10 python -m tests.benchmarks.latency`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pygame

from teleop.clock import PacedMetronome
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.frame import HZ, Action, Frame, Outcome, Source, Start, Tick
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.loop import run_episode
from teleop.settings.settings import Settings
from teleop.sinks.hud import Hud
from teleop.sinks.recorder import Recorder
from teleop.window import Window
from teleop.worlds.track import TrackWorld
from tests.virtual_joystick import FULL, VirtualPad
from tests.virtual_screen import virtual_screen

MEDIAN_MS, P99_MS = 20.0, 40.0
"""What the game should keep to."""
STICK = (round(0.3 * FULL), FULL)
"""Two places to the right: the car goes round in circles and never leaves the playfield."""
STEERING = (0.2, 1.0)
"""About what they come to behind the stick's dead zone; exactly enough to find the gauge."""
GAS = round(0.2 * FULL)
BETWEEN_MOVES_S = (0.12, 0.28)
"""Longer than any answer worth the name, and at no fixed place in the loop's tick."""
SETTLING_S = 1.0
TRACK = 3

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Change:
    """Of the stick, or of the pixel."""

    side: int
    """Of `STICK`."""
    at_ns: int
    """time.monotonic_ns"""
    unsure_ns: int
    """How much earlier the pixel may have changed; how much later the stick really moved."""


class SyncedWindow(Window):
    """Shows a frame on the next tick of a screen, and blocks until then."""

    def __init__(self, title: str, size: tuple[int, int], hz: float) -> None:
        super().__init__(title, size)
        self._period_s = 1 / hz

    def present(self) -> None:
        now = time.perf_counter()
        time.sleep(self._period_s - now % self._period_s)
        super().present()


def main() -> None:
    options = parse()
    with virtual_screen() as environment, tempfile.TemporaryDirectory() as folder:
        os.environ.pop("SDL_VIDEODRIVER", None)
        os.environ.update(environment)
        with closing(window_of(options.size, options.screen_hz)) as window:
            metronome = PacedMetronome(HZ)
            moved, seen = measure(window, metronome, Path(folder), options.moves)
            size = window.canvas.get_size()
    report(size, moved, seen, metronome, options.screen_hz)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=300, help="of the stick, about 5 a second")
    parser.add_argument("--size", type=pixels, default=(1000, 800), help="of the window, WIDTHxHEIGHT")
    parser.add_argument("--screen-hz", type=float, help="with vertical sync; none by default")
    return parser.parse_args()


def pixels(text: str) -> tuple[int, int]:
    """ "1000x800" """
    width, height = text.split("x")
    return int(width), int(height)


def window_of(size: tuple[int, int], screen_hz: float | None) -> Window:
    return SyncedWindow("latency", size, screen_hz) if screen_hz else Window("latency", size)


def measure(
    window: Window, metronome: PacedMetronome, folder: Path, moves: int
) -> tuple[Sequence[Change], Sequence[Change]]:
    """(what the stick did, what the pixel did)."""
    settings = Settings()
    pad = VirtualPad()
    seat = Seat(window, every_hand_device(settings), settings.bindings)
    seat.listen()
    world = TrackWorld(picture=True)
    with Recorder(folder / "latency", world.environment()) as recorder:
        hud = Hud(window, world, recorder, seat)
        place, colours = steering_gauge(window, world, hud)
        stick = Stick(pad, moves)
        with witnessed(place, colours, folder / "seen") as seen, stick:
            run_episode(
                Start(seed=TRACK, mode="demo", paced=True),
                world=world,
                device=seat,
                drivers={Source.AUTOPILOT: Autopilot()},
                gate=Only(Source.HUMAN),
                sinks=[recorder, hud],
                metronome=metronome,
            )
            time.sleep(0.1)
        return stick.moved, [Change(*map(int, line.split())) for line in seen.read_text().splitlines()]


class Stick(threading.Thread):
    """Moves a pad's stick to and fro at random moments, and at last presses finish."""

    def __init__(self, pad: VirtualPad, moves: int) -> None:
        super().__init__(name="stick", daemon=True)
        self._pad, self._moves = pad, moves
        self.moved: list[Change] = []

    def run(self) -> None:
        self._pad.gas(GAS)
        self._pad.steer(STICK[0])
        time.sleep(SETTLING_S)
        pauses = random.Random(0)
        for move in range(1, self._moves + 1):
            due_ns = time.monotonic_ns() + round(1e9 * pauses.uniform(*BETWEEN_MOVES_S))
            time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
            late_ns = time.monotonic_ns() - due_ns
            self._pad.steer(STICK[move % 2])
            self.moved.append(Change(move % 2, due_ns, late_ns))
        time.sleep(SETTLING_S)
        self._pad.press(pygame.CONTROLLER_BUTTON_Y)

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.join()


def steering_gauge(window: Window, world: TrackWorld, hud: Hud) -> tuple[tuple[int, int], tuple[Colour, Colour]]:
    """(x, y) of the pixel that tells both steerings apart, in the window, and its two colours.

    Wherever the HUD draws the gauge: it is what changes when nothing but the steering does.
    """
    outcome = world.reset(TRACK)
    hud.on_start(Start(seed=TRACK, mode="demo", paced=True, road=world.road))
    pictures = []
    for steering in STEERING:
        hud.on_frame(standing_frame(outcome, np.array([steering, 0, 0], np.float32)))
        pictures.append(pygame.surfarray.array3d(window.canvas).astype(int))
    differ = np.abs(pictures[0] - pictures[1]).sum(axis=2)
    candidates = np.argwhere(differ > differ.max() / 2)
    x, y = candidates[np.abs(candidates - np.median(candidates, axis=0)).sum(axis=1).argmin()]
    low, high = (tuple(picture[x, y].tolist()) for picture in pictures)
    return (int(x), int(y)), (low, high)


def standing_frame(outcome: Outcome, action: Action) -> Frame:
    return Frame(
        Tick(0, 0, outcome),
        {Source.HUMAN: action},
        Source.HUMAN,
        action,
        hands_on=True,
        nudge=0.0,
        late_ns=0,
        result=outcome,
    )


@contextmanager
def witnessed(place: tuple[int, int], colours: tuple[Colour, Colour], seen: Path) -> Iterator[Path]:
    """Another process watches that pixel of our window, and writes what it sees into a file."""
    numbers = [pygame.display.get_wm_info()["window"], *place, *(int.from_bytes(colour) for colour in colours)]
    command = [sys.executable, "-m", "tests.benchmarks.pixel_witness", *map(str, numbers)]
    with seen.open("w") as file, subprocess.Popen(command, stdout=file) as witness:
        while witness.poll() is None and not seen.stat().st_size:
            time.sleep(0.01)
        try:
            yield seen
        finally:
            witness.terminate()


def latencies_ms(moved: Sequence[Change], seen: Sequence[Change]) -> list[float]:
    """Of every move that was answered before the next one."""
    ends = [move.at_ns for move in moved[1:]] + [sys.maxsize]
    answers = []
    for move, end in zip(moved, ends, strict=True):
        times = [change.at_ns for change in seen if change.side == move.side and move.at_ns < change.at_ns < end]
        answers += [(times[0] - move.at_ns) / 1e6] if times else []
    return answers


def report(
    size: tuple[int, int],
    moved: Sequence[Change],
    seen: Sequence[Change],
    metronome: PacedMetronome,
    screen_hz: float | None,
) -> None:
    answers = latencies_ms(moved, seen)
    median, p90, p99, worst = np.percentile(answers, [50, 90, 99, 100])
    print(f"window {size[0]} x {size[1]}, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"stick to changed pixel, {len(answers)} of {len(moved)} moves answered before the next one:")
    print(f"  {median:.1f} ms (median), {p90:.1f} (90th percentile), {p99:.1f} (99th), {worst:.1f} (worst)")
    if screen_hz:
        print(f"  of which a frame waits {500 / screen_hz:.1f} ms, on average, for a screen of {screen_hz:g} Hz")
    else:
        kept = "kept" if median <= MEDIAN_MS and p99 <= P99_MS and len(answers) == len(moved) else "NOT kept"
        print(f"  bound of {MEDIAN_MS:.0f} ms (median) and {P99_MS:.0f} ms (99th percentile): {kept}")
    print(f"the stick moved after its moment by {spread(moved)}; the pixel was looked at every {spread(seen)}")
    print(f"the loop: {metronome.cadence()}")


def spread(changes: Sequence[Change]) -> str:
    median, p99 = np.percentile([change.unsure_ns for change in changes], [50, 99]) / 1e6
    return f"{median:.2f} ms (median), {p99:.2f} ms (99th percentile)"


if __name__ == "__main__":
    main()
