"""After a rewind, what was done can be done again: the learner repeats itself while the person steers along.

A person who takes over is late, and labels the aftermath of a mistake. Going back and letting the very same happen
once more, slowly if they like, they label the mistake itself, in the states that the learner came to by its own doing.

    again = Again(learner, TakeOver())
    run_episode(..., drivers={Source.LEARNER: again}, gate=again, ...)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from teleop.frame import Action, Command, Controls, Source, Start, Tick
from teleop.loop import Driver, Gate


@dataclass(frozen=True, slots=True, eq=False)
class _Deed:
    """What was done at a step."""

    driver: Source
    learner: Action
    """What the learner wanted then, whoever drove."""


class Again:
    """A learner and a gate that remember (a `loop.Driver` and a `loop.Gate`).

    Where a rewind led the learner wants what it wanted then: it is in the same state. RELABEL leaves it the wheel as
    far as it drove by itself then, whatever hands do meanwhile; whose hands are on when that is over drives on.
    """

    def __init__(self, learner: Driver, gate: Gate) -> None:
        self._learner, self._gate = learner, gate

    def reset(self, start: Start) -> None:
        self._learner.reset(start)
        self._gate.reset(start)
        self._deeds: list[_Deed] = []
        """Of every step of the way that was driven last, and further where a rewind left it."""
        self._step = -1
        self._repeating = False

    def act(self, tick: Tick) -> Action:
        """What the learner wants, or wanted."""
        return self._deeds[tick.step].learner if tick.step < len(self._deeds) else self._learner.act(tick)

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source:
        went_back, self._step = tick.step <= self._step, tick.step
        wanted = Command.RELABEL in controls.commands or (self._repeating and not went_back)
        self._repeating = wanted and self._drove_itself(tick.step)
        if self._repeating:  # what hands do meanwhile takes no wheel, not for later either
            controls = replace(controls, hands_on=False)
        driver = self._gate.choose(tick, controls, proposals)
        self._note(tick.step, _Deed(driver, proposals[Source.LEARNER]))
        return driver

    def _drove_itself(self, step: int) -> bool:
        return step < len(self._deeds) and self._deeds[step].driver is Source.LEARNER

    def _note(self, step: int, deed: _Deed) -> None:
        """From where something else is done, what was further on will not come again."""
        if step < len(self._deeds) and self._deeds[step].driver is deed.driver is Source.LEARNER:
            return
        self._deeds[step:] = [deed]
