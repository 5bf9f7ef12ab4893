"""What a training in the background costs who drives: `python -m tests.benchmarks.beside_training [--rounds 6]`.

A learner drives in the real window, on a screen or under Xvfb, and is corrected and recorded, at 50 Hz: in turns alone
and beside the training of the next one, as `teleop dagger --rounds` has it. Lateness is real time and needs a quiet
machine; the share of late frames is at most to double.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from teleop.bindings import Bindings
from teleop.chores import Process
from teleop.clock import PacedMetronome
from teleop.collecting import Collection, Drives
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.experts import stand_in
from teleop.frame import HZ
from teleop.learners import driver_and_identity
from teleop.sinks.hud import Hud
from teleop.window import SIZE, Window, require_screen

WARMING_UP_S = 6.0
"""Until a training has loaded everything and takes its steps: it is to be met at its work."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of driving a turn")
    parser.add_argument("--rounds", type=int, default=6, help="turns of each kind")
    options = parser.parse_args()
    require_screen()
    with tempfile.TemporaryDirectory() as name, closing(Window("benchmark", SIZE)) as window:
        folder = Path(name)
        laps, checkpoint = prepared(folder)
        seat = Seat(window, [Keyboard(Bindings())], Bindings(), stand_in("autopilot"))
        tracks = range(options.rounds)
        collection = Collection(folder / "corrections.zarr", tracks, *driver_and_identity(checkpoint), seat, paced=True)
        alone, beside = (Drives(collection, picture=True, max_steps=round(options.seconds * HZ)) for _ in range(2))
        with closing(alone), closing(beside), alone.logbook() as logbook:
            for track in tracks:
                recorder = logbook.open()
                alone.drive(track, [recorder, Hud(window, alone.world, recorder, seat)], seat)
                with training(laps, folder):
                    beside.drive(track, [recorder, Hud(window, beside.world, recorder, seat)], seat)
        for what, drives in (("alone", alone), ("beside a training", beside)):
            assert isinstance(drives.metronome, PacedMetronome)
            print(f"{what}: {drives.metronome.cadence()}")


def prepared(folder: Path) -> tuple[Path, Path]:
    """Two laps, and a learner that had hardly a look at them: it needs to be corrected."""
    laps, checkpoint = folder / "laps.zarr", folder / "learner.safetensors"
    stand_in_drives = ("--expert", "autopilot", "--headless", "--fast", "--episodes", "2")
    command("teleop", "record", str(laps), *stand_in_drives)
    command("policy", "train", str(laps), "--steps", "200", "--select-tracks", "0", "--out", str(checkpoint))
    return laps, checkpoint


def command(*words: str) -> None:
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True)


@contextmanager
def training(laps: Path, folder: Path) -> Iterator[None]:
    """Meanwhile the next one is trained, and not done before the end."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        words = ["policy", "train", str(laps), "--steps", "1000000", "--select-tracks", "0"]
        process = Process([*words, "--out", str(Path(work) / "next.safetensors")], Path(work) / "next.log")
        try:
            time.sleep(WARMING_UP_S)
            assert not process.done(), "the training failed"
            yield
        finally:
            process.give_up()


if __name__ == "__main__":
    main()
