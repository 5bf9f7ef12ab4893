"""How well the last second kept its time."""

from __future__ import annotations

from collections import deque

from teleop.frame import HZ, Frame

LATE_MS = 20.0
"""Lateness worth a colour: a whole tick. Less is felt by nobody, and recorded anyway."""


class Pace:
    """Cadence and lateness over the last second of driving; a pause keeps what was last measured."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """A new episode."""
        self.hz = 0.0
        """Ticks a real second; 0 until two were seen."""
        self.late_ms = 0.0
        """The latest of the second."""
        self.rest()

    def rest(self) -> None:
        """A pause is no tick: counting it would make the cadence look slow."""
        self._times_ns: deque[int] = deque(maxlen=HZ + 1)
        self._late_ms: deque[float] = deque(maxlen=HZ)

    def note(self, frame: Frame) -> None:
        """Measure up to this frame."""
        self._late_ms.append(frame.late_ns / 1e6)
        self._times_ns.append(frame.tick.time_ns)
        self.late_ms = max(self._late_ms)
        elapsed_ns = self._times_ns[-1] - self._times_ns[0]
        if elapsed_ns > 0:
            self.hz = (len(self._times_ns) - 1) * 1e9 / elapsed_ns

    @property
    def late(self) -> bool:
        """Late enough to matter."""
        return self.late_ms >= LATE_MS

    def __str__(self) -> str:
        hz = f"{self.hz:.1f}" if self.hz else "--"
        return f"{hz} Hz, {self.late_ms:.0f} ms late{'!' if self.late else ''}"
