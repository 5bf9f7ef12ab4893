"""Short random pushes on the steering, so that demonstrations show how to come back.

A driver who never errs never shows a recovery. A push is executed while the label stays what the driver wanted:
the car ends up where a learner's mistakes would bring it, the labels stay clean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from teleop.frame import HZ, Start, Tick

ZOOM_STEPS = HZ
"""CarRacing's picture zooms in during the first second: nobody can react to a push there."""


@dataclass(frozen=True)
class NudgeConfig:
    """How often and how hard."""

    probability: float
    """Of a push beginning on a tick, [0, 1]."""
    strength: float
    """A push's constant offset is drawn evenly from [-strength, strength] of steering, (0, 1]."""
    shortest_steps: int = 8
    """Ticks a push lasts at least."""
    longest_steps: int = 20
    """Ticks a push lasts at most."""
    rest_s: float = 0.0
    """Simulated seconds without a push between one's end and the next one's beginning, and at the start."""
    all_wheels_on_road: bool = False
    """Push only while all four wheels are on the road."""


FOR_AUTOPILOT = NudgeConfig(probability=0.02, strength=0.8)
"""About one push a second: it always knows how to come back."""
FOR_PERSON = NudgeConfig(probability=0.02, strength=0.4, rest_s=4.0, all_wheels_on_road=True)
"""Gentle and rare enough to be driven with."""


class Nudge:
    """Pushes that depend on the episode's seed and on what happens in it alone (a `loop.Nudge`)."""

    def __init__(self, config: NudgeConfig) -> None:
        self._config = config

    def reset(self, start: Start) -> None:
        # Its own stream: the seed's plain one draws the track.
        self._random = np.random.default_rng(np.random.SeedSequence(start.seed, spawn_key=(1,)))
        self._rest = round(self._config.rest_s * HZ)
        self._left = 0
        self._offset = 0.0
        self._next_step = 0

    def push(self, tick: Tick) -> float:
        """The steering offset for this tick, in [-strength, strength]; 0 between pushes."""
        if tick.step != self._next_step:  # after a rewind, an old push means nothing
            self._stop()
        self._next_step = tick.step + 1
        allowed = not self._config.all_wheels_on_road or tick.outcome.wheels_on_road == 4
        if self._left and not allowed:
            self._stop()
        if self._left == 0:
            self._maybe_begin(tick, allowed)
        if self._left == 0:
            return 0.0
        self._left -= 1
        offset = self._offset
        if self._left == 0:
            self._stop()
        return offset

    def _maybe_begin(self, tick: Tick, allowed: bool) -> None:
        if self._rest:
            self._rest -= 1
            return
        if tick.step < ZOOM_STEPS or not allowed or self._random.random() >= self._config.probability:
            return
        config = self._config
        self._left = int(self._random.integers(config.shortest_steps, config.longest_steps, endpoint=True))
        self._offset = float(self._random.uniform(-config.strength, config.strength))

    def _stop(self) -> None:
        if self._left or self._offset:
            self._rest = round(self._config.rest_s * HZ)
        self._left, self._offset = 0, 0.0
