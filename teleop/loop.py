"""The one loop that drives: record, correct, evaluate and watch differ only in what is plugged into it.

A tick: wait for the deadline, read the device, ask every driver, let the gate choose, add the nudge, step the world,
tell the sinks.

    run_episode(
        Start(seed=7, mode="demo", paced=True),
        world=TrackWorld(), device=keyboard, drivers={}, gate=Only(Source.HUMAN),
        sinks=[recorder, hud], metronome=PacedMetronome(50),
    )
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from teleop.clock import Beat, Metronome
from teleop.frame import (
    HZ,
    Action,
    Command,
    Controls,
    End,
    Frame,
    Outcome,
    Source,
    Start,
    Tick,
    Why,
    checked_action,
    executed_action,
)
from teleop.road import Road

if TYPE_CHECKING:
    import pygame

PAUSED = "paused"
REWOUND = "rewound"
CRASHED = "the car left the playfield: finish, rewind or discard"
REWIND_STEPS = HZ
"""Each REWIND goes back one second; several on one tick go back at once."""
TIME_SCALES = (0.25, 0.5, 0.75, 1.0)


class View(Protocol):
    """A picture of the world for people."""

    def draw(self, surface: pygame.Surface) -> None:
        """Fill the whole surface."""

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., 2) world units to (..., 2) pixels of a 1000 x 800 surface."""


class World(Protocol):
    """What is driven."""

    @property
    def road(self) -> Road | None:
        """The track since the last reset, where there is one."""

    def reset(self, seed: int) -> Outcome: ...

    def step(self, action: Action) -> Outcome: ...

    def figures(self) -> Mapping[str, float | int | None]:
        """What is worth keeping of the episode so far: score, lap time..."""


@runtime_checkable
class Rewindable(Protocol):
    """What a world adds that can go back (a live simulator cannot).

    No part of World: to ask for it must not evaluate `road`, which there is only after a reset.
    """

    def rewind(self, step: int) -> Outcome:
        """Be exactly where step `step` began."""


@runtime_checkable
class Live(Protocol):
    """What a world adds that goes on by itself, whether or not it is stepped: a simulator of its own, a real car."""

    def rest(self) -> Outcome:
        """Let it roll, and say how things stand by now; over, where it can't be driven on from there."""


class Device(Protocol):
    """What the expert holds."""

    @property
    def person(self) -> bool:
        """Someone is there to answer a question; a crash then holds the picture and asks."""

    def reset(self, start: Start) -> None: ...

    def read(self, tick: Tick) -> Controls: ...


class Driver(Protocol):
    """What proposes an action every tick, whoever drives."""

    def reset(self, start: Start) -> None: ...

    def act(self, tick: Tick) -> Action: ...


class Gate(Protocol):
    """The only place that decides who drives."""

    def reset(self, start: Start) -> None: ...

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source: ...


class Nudge(Protocol):
    """A push on the steering that is executed but never becomes a label."""

    def reset(self, start: Start) -> None: ...

    def push(self, tick: Tick) -> float:
        """Steering offset in [-1, 1] for this tick."""


class Sink(Protocol):
    """What watches."""

    def on_start(self, start: Start) -> None: ...

    def on_frame(self, frame: Frame) -> None: ...

    def on_idle(self, tick: Tick, why: str) -> None:
        """Nothing was stepped this tick, and why: draw, rest the rumble, flush."""

    def on_end(self, end: End) -> None: ...


class NoNudge:
    """Pushes nothing."""

    def reset(self, start: Start) -> None:
        pass

    def push(self, tick: Tick) -> float:
        return 0.0


def run_episode(
    start: Start,
    world: World,
    device: Device,
    drivers: Mapping[Source, Driver],
    gate: Gate,
    sinks: Sequence[Sink],
    metronome: Metronome,
    nudge: Nudge | None = None,
) -> End:
    """Drive one episode from its reset to its end, and say how it ended.

    An exception from any part ends the episode as failed, lets every sink close, and propagates; what else fails on
    the way out becomes its note.
    """
    episode = _Episode(start, world, device, drivers, gate, sinks, metronome, nudge or NoNudge())
    episode.reset()
    try:
        episode.begin()
        end = episode.ended(episode.drive())
    except BaseException as error:
        episode.close(episode.broken_off(error), error)
        raise
    episode.close(end)
    return end


@dataclass(slots=True)
class _Episode:
    """One run of the loop: what is plugged into it, and its state."""

    start: Start
    world: World
    device: Device
    drivers: Mapping[Source, Driver]
    gate: Gate
    sinks: Sequence[Sink]
    metronome: Metronome
    nudge: Nudge

    outcome: Outcome = field(init=False)
    started: list[Sink] = field(default_factory=list)
    ticks: int = 0
    driven: list[tuple[Source, Action]] = field(default_factory=list)
    """Who drove each step, and their proposal: a rewind goes back to it."""
    devices: list[str] = field(default_factory=list)
    """Those that were in hand, each once."""
    time_scale: float = 1.0
    hold: str = ""
    """Why nothing is stepped; empty while driving."""
    let_go: bool = False
    """Hands were off since the hold began: the next touch is meant, and drives on."""
    drove_here: Source | None = None
    """See `Tick`."""
    released: bool = False
    """RELEASE was pressed, and the hands that were on have not been lifted since: they are not meant."""

    def reset(self) -> None:
        self.outcome = self.world.reset(self.start.seed)
        self.start = replace(self.start, road=self.world.road)

    def begin(self) -> None:
        self.device.reset(self.start)
        for driver in self.drivers.values():
            driver.reset(self.start)
        self.gate.reset(self.start)
        self.nudge.reset(self.start)
        for sink in self.sinks:
            sink.on_start(self.start)
            self.started.append(sink)
        self.metronome.start()

    def drive(self) -> Why:
        while True:
            beat = self.metronome.wait(self.time_scale)
            controls = self._meant(self.device.read(self._tick(beat)))
            held = self.hold
            if why := self._obey(controls):
                return why
            if held and not self.hold:
                controls = self._handed_on(controls)
            self._drive_on_by_touch(controls)
            tick = self._tick(beat)  # again: a rewind is somewhere else
            if why_idle := controls.interruption or self.hold:
                if why := self._idle(tick, why_idle):
                    return why
            elif why := self._step(tick, controls, beat):
                if why != "crashed" or not self.device.person:
                    return why
                self._hold(CRASHED)

    def _tick(self, beat: Beat) -> Tick:
        driver, proposal = self.driven[-1] if self.driven else (None, None)
        return Tick(len(self.driven), beat.time_ns, self.outcome, driver, proposal, self.time_scale, self.drove_here)

    def _meant(self, controls: Controls) -> Controls:
        """Hands that were on when RELEASE was pressed are off until they have been lifted."""
        if Command.RELEASE in controls.commands:
            self.released = True
        self.released = self.released and controls.hands_on
        return replace(controls, hands_on=False) if self.released else controls

    def _obey(self, controls: Controls) -> Why | None:
        if controls.interruption and self.hold not in (CRASHED, controls.interruption):
            self._hold(controls.interruption)
        for command, presses in groupby(controls.commands):
            times = len(list(presses))
            if command is Command.FINISH:
                return self.outcome.why_over or "stopped"
            if command is Command.DISCARD:
                return "discarded"
            if command is Command.PAUSE and self.hold != CRASHED:
                self._hold("" if self.hold else PAUSED)
            elif command is Command.REWIND:
                self._rewind(seconds=times)
            elif command is Command.RELEASE and self.hold != CRASHED and not controls.interruption:
                self._hold("")
            elif command is Command.RELABEL and self.drove_here is Source.LEARNER and not controls.interruption:
                self._hold("")  # the gate does the rest
            elif command in (Command.SLOWER, Command.FASTER):
                self._change_time_scale(times if command is Command.FASTER else -times)
        return None

    def _hold(self, why: str) -> None:
        self.hold, self.let_go = why, False

    def _handed_on(self, controls: Controls) -> Controls:
        """A person who ends a pause by a button, hands off, leaves the wheel to the learner, wherever the car is."""
        if controls.hands_on or not self.device.person:
            return controls
        return replace(controls, commands=(*controls.commands, Command.RELEASE))

    def _drive_on_by_touch(self, controls: Controls) -> None:
        """A pause ends with the first new touch of a driving control, on that very tick: no hand is ever late.

        What was held when the pause began says nothing; a crash is answered by a command alone, and a stand-in's hands
        do not end a person's pause.
        """
        if self.hold in ("", CRASHED) or not self.device.person:
            return
        if not controls.hands_on:
            self.let_go = True
        elif self.let_go and not controls.interruption:
            self._hold("")

    def _rewind(self, seconds: int) -> None:
        """Go back and wait there: nobody is ready to drive in the middle of a jump."""
        if not isinstance(self.world, Rewindable):
            return
        here = max(0, len(self.driven) - seconds * REWIND_STEPS)
        if here < len(self.driven):
            self.drove_here, _ = self.driven[here]
        del self.driven[here:]
        self.outcome = self.world.rewind(here)
        self._hold(REWOUND)

    def _change_time_scale(self, by: int) -> None:
        if isinstance(self.world, Live):
            return
        index = TIME_SCALES.index(self.time_scale) + by
        self.time_scale = TIME_SCALES[min(max(index, 0), len(TIME_SCALES) - 1)]

    def _idle(self, tick: Tick, why: str) -> Why | None:
        """What drives on from here starts from what a live world shows by now, not from what it left."""
        for sink in self.sinks:
            sink.on_idle(tick, why)
        if not isinstance(self.world, Live):
            return None
        self.outcome = self.world.rest()
        return self.outcome.why_over

    def _step(self, tick: Tick, controls: Controls, beat: Beat) -> Why | None:
        proposals = self._proposals(tick, controls)
        driver = self.gate.choose(tick, controls, proposals)
        nudge = self.nudge.push(tick)
        action = executed_action(proposals[driver], nudge)
        result = self.world.step(action)
        frame = Frame(tick, proposals, driver, action, controls.hands_on, nudge, beat.late_ns, result)
        self.driven.append((driver, proposals[driver]))
        if controls.device and controls.device not in self.devices:
            self.devices.append(controls.device)
        self.ticks, self.outcome, self.drove_here = self.ticks + 1, result, None
        for sink in self.sinks:
            sink.on_frame(frame)
        return result.why_over

    def _proposals(self, tick: Tick, controls: Controls) -> dict[Source, Action]:
        proposals = {} if controls.action is None else {Source.HUMAN: controls.action}
        for source, driver in self.drivers.items():
            proposals[source] = driver.act(tick)
        return {source: checked_action(action, source.name.lower()) for source, action in proposals.items()}

    def ended(self, why: Why) -> End:
        return self._end(why, self.world.figures())

    def _end(self, why: Why, figures: Mapping[str, float | int | None], error: str = "") -> End:
        return End(why, self.ticks, len(self.driven), self.outcome, figures, ", ".join(self.devices), error)

    def broken_off(self, error: BaseException) -> End:
        """How it ended when driving was interrupted or failed."""
        interrupted = isinstance(error, KeyboardInterrupt)
        try:
            figures = self.world.figures()
        except Exception as another:  # it may be the world that is gone; the rows still have to be saved
            _note(error, another)
            figures = {}
        why: Why = "stopped" if interrupted else "failed"
        message = "" if interrupted else f"{type(error).__name__}: {error}"
        return self._end(why, figures, message)

    def close(self, end: End, error: BaseException | None = None) -> None:
        """Tell every sink, even when another one's closing fails; unless `error` came first, that is then raised."""
        first = error
        for sink in reversed(self.started):
            try:
                sink.on_end(end)
            except BaseException as another:
                if first is None:
                    first = another
                else:
                    _note(first, another)
        if first is not None and first is not error:
            raise first


def _note(first: BaseException, another: BaseException) -> None:
    """A sink may raise once more what it has already raised."""
    if another is not first:
        first.add_note(f"then {type(another).__name__}: {another}")
