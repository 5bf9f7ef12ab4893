"""Who drives: a gate looks at a tick and names the source whose proposal is executed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from teleop.frame import Action, Command, Controls, Source, Start, Tick

RELEASE_S = 0.5
"""Hands that are off for so long have let go; shorter is only regrasping."""
HOLD_S = 1.0
"""Whoever takes over drives for so long: a tap is meant, and nothing flickers."""


class Only:
    """One source drives, always."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def reset(self, start: Start) -> None:
        pass

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source:
        return self.source


class Shadow(Only):
    """The learner drives, always; what hands do meanwhile are labels: DAgger as it was published (Ross et al. 2011)."""

    def __init__(self) -> None:
        super().__init__(Source.LEARNER)


class Mixed:
    """Each tick a coin says who drives, the expert with probability `beta`; its labels are the same either way.

    The coin is the track's own. It never gives the wheel to hands that are off, and what is executed is always the one
    or the other's whole action. For scripted experts: a person whose doings have no effect half of the time
    over-corrects (Kelly et al. 2019, HG-DAgger).
    """

    def __init__(self, beta: float) -> None:
        if not 0 <= beta <= 1:
            raise ValueError(f"beta is a probability from 0 to 1; got {beta}")
        self._beta = beta

    def reset(self, start: Start) -> None:
        # Its own stream: the seed's plain one draws the track.
        self._random = np.random.default_rng(np.random.SeedSequence(start.seed, spawn_key=(2,)))

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source:
        heads = self._random.random() < self._beta
        return Source.HUMAN if heads and controls.hands_on else Source.LEARNER


class TakeOver:
    """The learner drives; a touch takes over on that very tick, and hands that stay off give back: HG-DAgger.

    Giving back by itself waits for a wheel on the road; RELEASE waits for nothing (hands that are still on then are
    off to the loop until they have been lifted). After a rewind the learner drives, until somebody touches. Both times
    are the tick's, seconds of driving, whatever the rate.
    """

    def __init__(self, release_s: float = RELEASE_S, hold_s: float = HOLD_S) -> None:
        self._release_ns, self._hold_ns = round(release_s * 1e9), round(hold_s * 1e9)

    def reset(self, start: Start) -> None:
        self._step = -1
        self._give_back()

    def _give_back(self) -> None:
        self._taken_ns: int | None = None
        """When the person took over; None while the learner drives."""
        self._touched_ns = 0

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source:
        if tick.step <= self._step:
            self._give_back()
        self._step = tick.step
        if Command.RELEASE in controls.commands:
            self._give_back()
        elif controls.hands_on:
            self._touched_ns = tick.time_ns
            self._taken_ns = tick.time_ns if self._taken_ns is None else self._taken_ns
        elif self._taken_ns is not None and controls.keeps_wheel:
            self._touched_ns = tick.time_ns
        elif self._taken_ns is not None and self._let_go(tick, self._taken_ns):
            self._give_back()
        return Source.LEARNER if self._taken_ns is None else Source.HUMAN

    def _let_go(self, tick: Tick, taken_ns: int) -> bool:
        """255 wheels: of a world that does not tell, nobody can wait for them."""
        long_enough = tick.time_ns - self._touched_ns >= self._release_ns and tick.time_ns - taken_ns >= self._hold_ns
        return long_enough and tick.outcome.wheels_on_road > 0
