"""Time: absolute deadlines for people, simulated time for everything unpaced.

A deadline loop keeps its rate where sleeping a fixed time (or pygame's Clock, which also has whole-millisecond
periods) drifts by seconds a minute on a busy machine. Late ticks are counted and recorded, never made up for by a
burst: beyond `REANCHOR_S` the deadline moves to now, so that time slows and data stays one row a tick.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

REANCHOR_S = 0.1
LATE_S = 0.005


@dataclass(frozen=True, slots=True)
class Beat:
    """One tick's moment."""

    time_ns: int
    """Since `start()`."""
    late_ns: int
    """After its deadline; 0 when unpaced."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How well the ticks kept their time."""

    ticks: int
    hz: float
    """Ticks a second from the first to the last."""
    late_median_ms: float
    late_p99_ms: float
    late_max_ms: float
    late_share: float
    """Share of ticks more than `LATE_S` late."""
    reanchored: int
    """Times the loop fell more than `REANCHOR_S` behind and let time slow."""

    def __str__(self) -> str:
        return (
            f"{self.ticks} ticks at {self.hz:.2f} Hz; late by {self.late_median_ms:.2f} ms (median), "
            f"{self.late_p99_ms:.1f} ms (99th percentile), {self.late_max_ms:.1f} ms (worst); "
            f"{self.late_share:.1%} over {LATE_S * 1000:.0f} ms; could not keep up {self.reanchored} times"
        )


class Metronome(Protocol):
    """What the loop waits for."""

    def start(self) -> None:
        """Begin an episode: time is zero, the first tick is due now."""

    def wait(self, time_scale: float) -> Beat:
        """Block until the next tick is due, at `time_scale` simulated seconds a real second."""


class PacedMetronome:
    """Real time by absolute deadlines. `now` gives seconds, monotonic."""

    def __init__(
        self,
        hz: float,
        now: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._period = 1.0 / hz
        self._now = now
        self._sleep = sleep
        self._lateness: list[float] = []
        self._elapsed = 0.0
        self._intervals = 0
        self.reanchored = 0
        self.start()

    def start(self) -> None:
        self._origin = self._last = self._deadline = self._now()
        self._first = True

    def wait(self, time_scale: float) -> Beat:
        if not self._first:
            self._deadline += self._period / time_scale
        now = self._now()
        if now > self._deadline + REANCHOR_S:
            self.reanchored += 1
            # The tick is as late as it is; only the *next* deadline counts from here.
            late, self._deadline = now - self._deadline, now
        else:
            if self._deadline > now:
                self._sleep(self._deadline - now)
                now = self._now()
            late = max(0.0, now - self._deadline)
        self._note(now, late)
        return Beat(time_ns=round((now - self._origin) * 1e9), late_ns=round(late * 1e9))

    def _note(self, now: float, late: float) -> None:
        self._lateness.append(late)
        if not self._first:
            self._elapsed += now - self._last
            self._intervals += 1
        self._last, self._first = now, False

    def cadence(self) -> Cadence | None:
        """Over every episode so far; None before the second tick."""
        if not self._intervals:
            return None
        late = np.asarray(self._lateness)
        median, p99 = np.percentile(late, [50, 99]) * 1000
        return Cadence(
            ticks=len(late),
            hz=self._intervals / self._elapsed,
            late_median_ms=float(median),
            late_p99_ms=float(p99),
            late_max_ms=float(late.max() * 1000),
            late_share=float((late > LATE_S).mean()),
            reanchored=self.reanchored,
        )


class FreeMetronome:
    """Real time, and no wait: for a world that sets the pace itself. `now` gives seconds, monotonic."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.start()

    def start(self) -> None:
        self._origin = self._now()

    def wait(self, time_scale: float) -> Beat:
        return Beat(time_ns=round((self._now() - self._origin) * 1e9), late_ns=0)


class SimulatedMetronome:
    """Never waits: time advances one period a tick, so that results depend on seeds alone."""

    def __init__(self, hz: float) -> None:
        self._hz = hz
        self.start()

    def start(self) -> None:
        self._time_s: float | None = None

    def wait(self, time_scale: float) -> Beat:
        self._time_s = 0.0 if self._time_s is None else self._time_s + 1.0 / self._hz / time_scale
        return Beat(time_ns=round(self._time_s * 1e9), late_ns=0)
