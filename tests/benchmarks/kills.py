"""Kill recordings at random moments and look at what is left: `python -m tests.benchmarks.kills [--kills 50]`.

A process records toy episodes to one session and is killed (SIGKILL); the next one appends to the same session.
After every kill the session must open without damage, hold every row that had been committed before the kill, and
have lost at most 100 of the rows that were driven; at the end every row is driven again and compared.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from teleop.clock import Metronome, PacedMetronome, SimulatedMetronome
from teleop.frame import HZ, End, Frame, Source, Start, Tick
from teleop.gates import Only
from teleop.library import verify
from teleop.loop import run_episode
from teleop.session import next_seed, open_session
from teleop.sinks.recorder import Recorder
from tests.fakes import TOY_ENV, ScriptedDevice, ToyWorld, steering

MOST_ROWS_LOST = 100
VERSIONS = {"box2d": "none", "machine": "any", "gymnasium": "none", "numpy": "none", "pygame": "none", "sdl": "none"}
EPISODE_ROWS = 230
"""Not a multiple of a commit, and ended soon enough that kills meet beginnings and ends too."""


class Odometer:
    """A sink that writes how many rows were driven where a kill can't take it back: in the kernel's hands."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY)
        self._rows = 0
        os.pwrite(self._file, struct.pack("q", 0), 0)

    def on_start(self, start: Start) -> None:
        pass

    def on_frame(self, frame: Frame) -> None:
        self._rows += 1
        os.pwrite(self._file, struct.pack("q", self._rows), 0)

    def on_idle(self, tick: Tick, why: str) -> None:
        pass

    def on_end(self, end: End) -> None:
        pass


def record_until_killed(session: Path, odometer: Path, paced: bool) -> None:
    """What the process that is killed does."""
    with Recorder(session, TOY_ENV, block_when_behind=not paced) as recorder:
        seed, driven = next_seed(open_session(session)), Odometer(odometer)
        metronome: Metronome = PacedMetronome(HZ) if paced else SimulatedMetronome(HZ)
        while True:
            run_episode(
                Start(seed=seed, mode="demo", paced=paced, versions=VERSIONS),
                world=ToyWorld(),
                device=ScriptedDevice(steering(EPISODE_ROWS, first=seed)),
                drivers={},
                gate=Only(Source.HUMAN),
                sinks=[recorder, driven],
                metronome=metronome,
            )
            seed += 1


@dataclass(frozen=True)
class Kill:
    """What one kill did."""

    driven: int
    """Rows that the process drove."""
    lost: int
    """Of those, not in the session afterwards."""
    damaged: int
    committed_lost: int
    """Rows that had been committed before the kill and are gone: never more than 0."""

    @property
    def fine(self) -> bool:
        return self.lost <= MOST_ROWS_LOST and not self.damaged and not self.committed_lost


def kill_a_recording(session: Path, after_s: float, paced: bool) -> Kill:
    """Record for `after_s` seconds of driving, kill, and look."""
    odometer = session.with_name("odometer")
    odometer.unlink(missing_ok=True)
    before = _committed(session) if session.exists() else {}
    arguments = ["-m", "tests.benchmarks.kills", "--child", str(session), str(odometer)] + ["--unpaced"] * (not paced)
    child = subprocess.Popen([sys.executable, *arguments], cwd=Path(__file__).parents[2])
    try:
        _wait_for(odometer, child)
        time.sleep(after_s)
        at_kill = _committed(session)
    finally:
        child.kill()
        child.wait()
    after = _committed(session)
    (driven,) = struct.unpack("q", odometer.read_bytes())
    return Kill(
        driven=driven,
        lost=driven - sum(after.values()) + sum(before.values()),
        damaged=len(open_session(session).damaged),
        committed_lost=sum(max(0, rows - after.get(name, 0)) for name, rows in (before | at_kill).items()),
    )


def _committed(session: Path) -> dict[str, int]:
    return {episode.name: episode.committed for episode in open_session(session).episodes}


def _wait_for(odometer: Path, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not odometer.exists() or odometer.stat().st_size == 0:
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the recording process did not begin to drive")
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="decides the moments")
    parser.add_argument("--unpaced", action="store_true", help="drive as fast as the disk takes it")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        session, odometer = options.child
        record_until_killed(session, odometer, paced=not options.unpaced)
        return
    moments = random.Random(options.seed)
    kills: list[Kill] = []
    with tempfile.TemporaryDirectory() as folder:
        session = Path(folder) / "killed.zarr"
        for number in range(options.kills):
            kills.append(kill_a_recording(session, moments.uniform(0.05, 6.0), paced=not options.unpaced))
            print(f"kill {number + 1}: {kills[-1]}", flush=True)
        checked = verify(session, lambda _: ToyWorld(), VERSIONS)
    lost = [kill.lost for kill in kills]
    fine = sum(kill.fine for kill in kills)
    print(f"{fine} of {len(kills)} fine; rows lost: mean {np.mean(lost):.0f}, most {max(lost)}")
    print(f"{checked.episodes} episodes; {checked.rows_resimulated} of {checked.rows} rows driven again")
    for finding in checked.findings:
        print(finding)
    if not checked.ok or not all(kill.fine for kill in kills):
        sys.exit(1)


if __name__ == "__main__":
    main()
