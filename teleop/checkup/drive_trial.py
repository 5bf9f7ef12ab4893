"""The whole game for a moment, to see what a machine makes of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from teleop.checkup.disk_trial import scratch
from teleop.clock import Cadence, PacedMetronome
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.errors import UserError
from teleop.experts import stand_in
from teleop.frame import Source, Start
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.loop import run_episode
from teleop.settings.settings import load_settings
from teleop.sinks.hud import Hud
from teleop.sinks.recorder import Recorder
from teleop.window import Window
from teleop.worlds.track import TrackWorld


def drive(folder: Path, metronome: PacedMetronome, ticks: int) -> Cadence:
    """Of that many ticks of the whole game: the autopilot drives, shown in a window and recorded in `folder`.

    Without a screen SDL draws where nobody sees it. UserError when the window was closed at once.
    """
    settings = load_settings()
    with (
        closing(Window("teleop doctor")) as window,
        closing(TrackWorld(picture=True, max_steps=ticks)) as world,
        scratch(folder) as scratch_folder,
        Recorder(scratch_folder / "drive", world.environment()) as recorder,
    ):
        seat = Seat(window, every_hand_device(settings), settings.bindings, stand_in("autopilot"))
        run_episode(
            Start(seed=0, mode="demo", paced=True, expert="autopilot"),
            world=world,
            device=seat,
            drivers={Source.AUTOPILOT: Autopilot()},
            gate=Only(Source.HUMAN),
            sinks=[recorder, Hud(window, world, recorder, seat)],
            metronome=metronome,
        )
    cadence = metronome.cadence()
    if cadence is None:
        raise UserError("nothing was measured, the window was closed at once: run teleop doctor again")
    return cadence
