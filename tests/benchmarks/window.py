"""What the window costs: `python -m tests.benchmarks.window [--seconds 8] [--rounds 3]`, on a screen or under Xvfb.

The autopilot drives at 50 Hz in the real window: at every size, and in turns with and without a recorder, so that both
meet the same machine. Costs are CPU time of the loop's thread; lateness is real time and needs a quiet machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from teleop.bindings import Bindings
from teleop.clock import PacedMetronome
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.experts import stand_in
from teleop.frame import HZ, Controls, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import Device, Sink, run_episode
from teleop.sinks.hud import Hud
from teleop.sinks.recorder import Recorder
from teleop.window import SIZE, Window, require_screen
from teleop.worlds.track import TrackWorld
from tests.benchmarks.recording import Stopwatch

SIZES = ((640, 480), (1000, 800), (1280, 1024), (2560, 1600))


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


def main() -> None:
    arguments = parse()
    require_screen()
    steps = round(arguments.seconds * HZ)
    for size in SIZES:
        measure_size(size, steps, arguments.rounds)
    measure_recording(steps, arguments.rounds)


def measure_size(size: tuple[int, int], steps: int, rounds: int) -> None:
    """What a tick of the HUD costs in a window of this size."""
    with closing(Window("benchmark", size)) as window, closing(TrackWorld(max_steps=steps, picture=True)) as world:
        seat = autopilots_seat(window)
        hud = Stopwatch(Hud(window, world, None, seat))
        metronome = PacedMetronome(HZ)
        for seed in range(rounds):
            drive(seed, world, seat, [hud], metronome)
    say(f"HUD at {size[0]} x {size[1]}, with the picture and its showing", hud.frames_ms)
    print(f"  {metronome.cadence()}")


def measure_recording(steps: int, rounds: int) -> None:
    """The pump and the autopilot, and the cadence beside a recorder."""
    with closing(Window("benchmark", SIZE)) as window, tempfile.TemporaryDirectory() as folder:
        seat = autopilots_seat(window)
        timed = TimedSeat(seat)
        world = TrackWorld(max_steps=steps, picture=True)
        alone, beside = PacedMetronome(HZ), PacedMetronome(HZ)
        with Recorder(Path(folder) / "benchmark", world.environment()) as recorder, closing(world):
            for seed in range(rounds):
                drive(seed, world, timed, [Hud(window, world, None, seat)], alone)
                drive(seed, world, timed, [recorder, Hud(window, world, recorder, seat)], beside)
    say("pump and autopilot", timed.cpu_ms)
    print(f"without recorder: {alone.cadence()}")
    print(f"with recorder:    {beside.cadence()}")


def autopilots_seat(window: Window) -> Seat:
    """The autopilot sits, and keys are heard."""
    bindings = Bindings()
    return Seat(window, [Keyboard(bindings)], bindings, stand_in("autopilot"))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of driving a turn")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def drive(seed: int, world: TrackWorld, seat: Device, sinks: Sequence[Sink], metronome: PacedMetronome) -> None:
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
