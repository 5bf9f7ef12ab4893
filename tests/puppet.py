"""A seat whose hands are moved by a script, and the loop around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from teleop.clock import SimulatedMetronome
from teleop.devices.seat import Seat
from teleop.frame import Command, Controls, End, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import run_episode
from tests.fakes import Tape, ToyWorld

START = Start(seed=1, mode="demo", paced=False)
TICK = Tick(0, 0, ToyWorld().reset(1))


class Puppet:
    """A seat whose hands are moved by a script, tick by tick."""

    def __init__(self, seat: Seat, script: Mapping[int, Callable[[], None]], ticks: int) -> None:
        self._seat, self._script, self._ticks = seat, script, ticks
        self.person = True

    def reset(self, start: Start) -> None:
        self._seat.reset(start)
        self._tick = 0

    def read(self, tick: Tick) -> Controls:
        self._script.get(self._tick, lambda: None)()
        self._tick += 1
        controls = self._seat.read(tick)
        if self._tick > self._ticks:
            return Controls(controls.action, controls.hands_on, (*controls.commands, Command.FINISH))
        return controls


def drive(seat: Seat, script: Mapping[int, Callable[[], None]], ticks: int) -> tuple[Tape, End]:
    tape = Tape()
    end = run_episode(
        START,
        world=ToyWorld(),
        device=Puppet(seat, script, ticks),
        drivers={},
        gate=Only(Source.HUMAN),
        sinks=[tape],
        metronome=SimulatedMetronome(50),
    )
    return tape, end
