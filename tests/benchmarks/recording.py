"""What recording costs the loop: `python -m tests.benchmarks.recording [--seconds 8] [--rounds 3] [--folder DIR]`.

The autopilot drives CarRacing at 50 Hz, in turns with and without a recorder, so that both meet the same machine.
Costs are CPU time of the loop's thread inside the recorder; lateness and stalls are real time and need a quiet machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from teleop.clock import PacedMetronome
from teleop.devices.nobody import Nobody
from teleop.drivers.autopilot import Autopilot
from teleop.frame import HZ, End, Frame, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import Sink, run_episode
from teleop.sinks.recorder import Recorder
from teleop.worlds.track import TrackWorld


class Stopwatch:
    """A sink that times another one."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.frames_ms: list[float] = []
        """CPU time of every `on_frame`."""
        self.ends_ms: list[tuple[float, float]] = []
        """(real, CPU) time of every `on_start` and `on_end`."""

    def on_start(self, start: Start) -> None:
        self.ends_ms.append(_milliseconds(lambda: self._sink.on_start(start)))

    def on_frame(self, frame: Frame) -> None:
        self.frames_ms.append(_milliseconds(lambda: self._sink.on_frame(frame))[1])

    def on_idle(self, tick: Tick, why: str) -> None:
        self._sink.on_idle(tick, why)

    def on_end(self, end: End) -> None:
        self.ends_ms.append(_milliseconds(lambda: self._sink.on_end(end)))


def _milliseconds(call: Callable[[], None]) -> tuple[float, float]:
    """(real time, CPU time of this thread)."""
    real, cpu = time.perf_counter(), time.thread_time()
    call()
    cpu = time.thread_time() - cpu
    return 1000 * (time.perf_counter() - real), 1000 * cpu


def drive(seed: int, steps: int, sinks: list[Sink], metronome: PacedMetronome) -> None:
    run_episode(
        Start(seed=seed, mode="rollout", paced=True),
        world=TrackWorld(max_steps=steps),
        device=Nobody(),
        drivers={Source.LEARNER: Autopilot()},
        gate=Only(Source.LEARNER),
        sinks=sinks,
        metronome=metronome,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of driving an episode")
    parser.add_argument("--rounds", type=int, default=3, help="episodes of each kind")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; the system's temporary folder by default")
    options = parser.parse_args()
    without, recorded = PacedMetronome(HZ), PacedMetronome(HZ)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        with Recorder(Path(folder) / "benchmark", TrackWorld().environment()) as recorder:
            stopwatch = Stopwatch(recorder)
            for seed in range(options.rounds):
                drive(seed, round(options.seconds * HZ), [], without)
                drive(seed, round(options.seconds * HZ), [stopwatch], recorded)
        stored = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    cost = np.percentile(stopwatch.frames_ms, [50, 99, 100])
    rows = len(stopwatch.frames_ms)
    stall, stall_cpu = np.max(stopwatch.ends_ms, axis=0)
    print(f"without: {without.cadence()}")
    print(f"recorded: {recorded.cadence()}")
    print(
        f"loop thread's CPU a frame: {cost[0]:.3f} ms (median), {cost[1]:.3f} (99th percentile), {cost[2]:.3f} (worst)"
    )
    print(f"largest stall where an episode begins or ends: {stall:.2f} ms, of which CPU at most {stall_cpu:.2f}")
    print(f"on disk: {stored / rows:.0f} bytes a row, {rows} rows")


if __name__ == "__main__":
    main()
