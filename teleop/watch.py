"""Watching: a policy drives in the window that people drive in, by the same keys, and nothing is recorded."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from teleop.bindings import CORRECTING
from teleop.clock import PacedMetronome
from teleop.devices.nobody import Nobody
from teleop.devices.seat import Seat
from teleop.frame import HZ, End, Source, Start
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.loop import Driver, Sink, run_episode
from teleop.screens.summary import Driven
from teleop.settings.settings import Settings, load_settings
from teleop.sinks.gauges import lap_text
from teleop.sitting import Sitting
from teleop.window import Window, require_screen
from teleop.worlds.track import TrackWorld

MAX_STEPS = 2000
"""Twice stock's limit: whoever is stuck is not watched for ever."""


def watch(driver: Driver, policy: str, seeds: range, console: Console) -> None:
    """Show how `driver` (of `policy`) drives track after track until somebody quits, and tell how each one went.

    UsageError when there is no screen.
    """
    require_screen(f"for its scores without one: teleop evaluate {shlex.quote(policy)}")
    name, settings, metronome = Path(policy).stem, load_settings(), PacedMetronome(HZ)
    for problem in settings.problems:
        console.print(escape(problem), style="yellow")
    with closing(Window(f"teleop watch - {name}")) as window:
        for driven in watched(window, driver, name, seeds, settings, metronome):
            console.print(escape(told(driven)), highlight=False)
    if cadence := metronome.cadence():
        console.print(str(cadence), highlight=False)


def watched(
    window: Window, driver: Driver, name: str, seeds: range, settings: Settings, metronome: PacedMetronome
) -> Iterator[Driven]:
    """Every drive, as it ends. Keys and buttons are heard; nobody is at the wheel but `driver`."""
    seat = Seat(window, every_hand_device(settings), settings.bindings.without(*CORRECTING), Nobody())
    with closing(TrackWorld(picture=True, max_steps=MAX_STEPS)) as world:

        def drive(seed: int, sinks: Sequence[Sink]) -> End:
            return run_episode(
                Start(seed=seed, mode="rollout", paced=True, learner={"name": name}),
                world=world,
                device=seat,
                drivers={Source.LEARNER: driver},
                gate=Only(Source.LEARNER),
                sinks=sinks,
                metronome=metronome,
            )

        yield from Sitting(window, seat, world, settings, drive).drive(seeds)


def told(driven: Driven) -> str:
    """ "track 800000: finished, score 917, lap 0:18.3, 2 of 290 tiles missed" """
    figures = driven.end.figures
    lap_time_s = figures["lap_time_s"]
    lap = "" if lap_time_s is None else f", lap {lap_text(lap_time_s)}"
    missed = f"{figures['tiles_missed']} of {figures['tiles']} tiles missed"
    return f"track {driven.track}: {driven.end.why}, score {figures['score']:.0f}{lap}, {missed}"
