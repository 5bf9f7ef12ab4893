"""What the window costs: `python -m tests.benchmarks.window [--seconds 8] [--rounds 3]`, on a screen or under Xvfb.

The autopilot drives at 50 Hz in the real window, in turns with and without a recorder, so that both meet the same
machine. Costs are CPU time of the loop's thread; lateness is real time and needs a quiet machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from teleop.clock import PacedMetronome
from teleop.devices.scripted import Scripted
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.frame import HZ, Controls, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import Sink, run_episode
from teleop.sinks.hud import Hud
from teleop.sinks.recorder import Recorder
from teleop.window import Window, require_screen
from teleop.worlds.track import TrackWorld
from tests.benchmarks.recording import Stopwatch


class TimedSeat:
    """A seat that times its reading: the event pump and the autopilot."""

    person = False

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self.cpu_ms: list[float] = []

    def reset(self, start: Start) -> None:
        self._seat.reset(start)

    def read(self, tick: Tick) -> Controls:
        begun = time.thread_time()
        controls = self._seat.read(tick)
        self.cpu_ms.append(1000 * (time.thread_time() - begun))
        return controls


class NoRows:
    """For a window without a recorder."""

    rows_recorded = rows_behind = 0


def main() -> None:
    arguments = parse()
    require_screen()
    with closing(Window("benchmark")) as window, tempfile.TemporaryDirectory() as folder:
        expert = Scripted(Autopilot(), "autopilot")
        seat = TimedSeat(Seat(window, [expert]))
        world = TrackWorld(max_steps=round(arguments.seconds * HZ), picture=True)
        alone, beside = PacedMetronome(HZ), PacedMetronome(HZ)
        hud = Stopwatch(Hud(window, world, NoRows(), expert))
        with Recorder(Path(folder) / "benchmark", world.environment()) as recorder:
            recorded_hud = Hud(window, world, recorder, expert)
            for seed in range(arguments.rounds):
                drive(seed, world, seat, [hud], alone)
                drive(seed, world, seat, [recorder, recorded_hud], beside)
    say("pump and autopilot", seat.cpu_ms)
    say("HUD, with the picture and its showing", hud.frames_ms)
    print(f"without recorder: {alone.cadence()}")
    print(f"with recorder:    {beside.cadence()}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of driving a turn")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def drive(seed: int, world: TrackWorld, seat: TimedSeat, sinks: Sequence[Sink], metronome: PacedMetronome) -> None:
    run_episode(
        Start(seed=seed, mode="demo", paced=True, expert="autopilot"),
        world=world,
        device=seat,
        drivers={},
        gate=Only(Source.HUMAN),
        sinks=sinks,
        metronome=metronome,
    )


def say(what: str, cpu_ms: Sequence[float]) -> None:
    median, p99 = np.percentile(cpu_ms, [50, 99])
    print(f"{what}: {median:.2f} ms CPU a tick (median), {p99:.2f} ms (99th percentile)")


if __name__ == "__main__":
    main()
