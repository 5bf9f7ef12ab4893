"""Who drives: a gate looks at a tick and names the source whose proposal is executed."""

from __future__ import annotations

from collections.abc import Mapping

from teleop.frame import Action, Controls, Source, Start, Tick

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


class TakeOver:
    """The learner drives; a touch takes over on that very tick, and hands that stay off give back.

    Both times are the tick's, seconds of driving, whatever the rate.
    """

    def __init__(self, release_s: float = RELEASE_S, hold_s: float = HOLD_S) -> None:
        self._release_ns, self._hold_ns = round(release_s * 1e9), round(hold_s * 1e9)

    def reset(self, start: Start) -> None:
        self._taken_ns: int | None = None
        """When the person took over; None while the learner drives."""
        self._touched_ns = 0

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source:
        now = tick.time_ns
        if controls.hands_on:
            self._touched_ns = now
            self._taken_ns = now if self._taken_ns is None else self._taken_ns
        elif self._taken_ns is not None and self._let_go(now, self._taken_ns):
            self._taken_ns = None
        return Source.LEARNER if self._taken_ns is None else Source.HUMAN

    def _let_go(self, now: int, taken_ns: int) -> bool:
        return now - self._touched_ns >= self._release_ns and now - taken_ns >= self._hold_ns
