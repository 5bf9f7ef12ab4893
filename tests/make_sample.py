"""Makes sessions/sample.zarr anew, five seconds of the autopilot: `python -m tests.make_sample`."""

from __future__ import annotations

import shutil
from pathlib import Path

from teleop.clock import SimulatedMetronome
from teleop.devices.scripted import Scripted
from teleop.drivers.autopilot import Autopilot
from teleop.frame import HZ, Source, Start
from teleop.gates import Only
from teleop.loop import run_episode
from teleop.sinks.recorder import Recorder
from teleop.worlds.track import TrackWorld, versions

SAMPLE = Path(__file__).parents[1] / "sessions" / "sample.zarr"
SECONDS = 5


def main() -> None:
    shutil.rmtree(SAMPLE, ignore_errors=True)
    world = TrackWorld(max_steps=SECONDS * HZ)
    with Recorder(SAMPLE, world.environment(), block_when_behind=True) as recorder:
        run_episode(
            Start(seed=0, mode="demo", paced=False, expert="autopilot", device="autopilot", versions=versions()),
            world=world,
            device=Scripted(Autopilot(), "autopilot"),
            drivers={Source.AUTOPILOT: Autopilot()},
            gate=Only(Source.HUMAN),
            sinks=[recorder],
            metronome=SimulatedMetronome(HZ),
        )


if __name__ == "__main__":
    main()
