"""A session with everything there is to look at: takeovers, a rewind, a disagreement, the grass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from teleop.clock import SimulatedMetronome
from teleop.devices.scripted import Scripted
from teleop.drivers.autopilot import Autopilot
from teleop.frame import COAST, HZ, Command, Controls, Source, Start, Tick
from teleop.gates import TakeOver
from teleop.loop import run_episode
from teleop.sinks.recorder import Recorder
from teleop.worlds.track import TrackWorld, versions
from tests.make_correcting_picture import Straight

TRACK = 7
TAKEN_OVER = 105
"""The tick of the first takeover, in the bend that the learner does not know: the rows are the ticks until then."""
REWOUND = 125
"""The first row after the rewind, which goes back 50 steps."""
ROWS = 215


class Corrector(Scripted):
    """Takes over too late, goes back a second, drives the bend, and lets the learner go on to its end."""

    def __init__(self) -> None:
        super().__init__(Autopilot(), "hands")

    def reset(self, start: Start) -> None:
        super().reset(start)
        self._ticks = -1

    def read(self, tick: Tick) -> Controls:
        self._ticks += 1
        action = super().read(tick).action
        if TAKEN_OVER <= self._ticks < REWOUND or REWOUND + 3 <= self._ticks < REWOUND + 20:
            return Controls(action, hands_on=True)
        commands: Sequence[Command] = ()
        if self._ticks == REWOUND:
            commands = (Command.REWIND, Command.PAUSE)
        return Controls(COAST, hands_on=False, commands=(*commands,) if self._ticks < 218 else (Command.FINISH,))


WHOLE, SHORT = (TRACK, 10_000), (TRACK + 1, 12)
"""Episodes: the track, and after how many ticks it ends at the latest."""


def record_corrected(path: Path, episodes: Sequence[tuple[int, int]] = (WHOLE, SHORT)) -> Path:
    """Record the episodes, and return the session's folder."""
    with closing(TrackWorld()) as world, Recorder(path, world.environment(), block_when_behind=True) as recorder:
        for track, ticks in episodes:
            start = Start(
                track,
                "dagger",
                paced=False,
                operator="Ada",
                learner={"name": "town.safetensors", "sha256": "0" * 64},
                versions=versions(),
            )
            run_episode(
                start,
                world=world,
                device=Until(ticks),
                drivers={Source.LEARNER: Straight()},
                gate=TakeOver(),
                sinks=[recorder],
                metronome=SimulatedMetronome(HZ),
            )
        return recorder.path


class Until(Corrector):
    """Goes home after so many ticks."""

    def __init__(self, ticks: int) -> None:
        super().__init__()
        self._end = ticks

    def read(self, tick: Tick) -> Controls:
        controls = super().read(tick)
        return controls if self._ticks < self._end else Controls(COAST, hands_on=False, commands=(Command.FINISH,))
