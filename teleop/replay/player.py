"""Where in an episode one looks, and how that moves."""

from __future__ import annotations

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Player:
    """Of `rows` rows, `hz` of which were a second."""

    def __init__(self, rows: int, hz: float) -> None:
        self._last, self._hz = rows - 1, hz
        self._at = 0.0
        self.speed = 1.0
        """Of SPEEDS."""
        self.direction = 0
        """1 while it plays, -1 backwards, 0 while it is paused."""

    @property
    def row(self) -> int:
        """The one that is shown."""
        return int(self._at)

    def tick(self, seconds: float) -> None:
        """Time goes on; at either end it stops."""
        if not self.direction:
            return
        at = self._at + self.direction * self.speed * seconds * self._hz
        self.seek(at)
        if at != self._at:
            self.direction = 0

    def play(self, direction: int) -> None:
        """Forwards (1) or backwards (-1); pause if it does so already. From an end, all of it once more."""
        self.direction = 0 if self.direction == direction else direction
        if self.direction and self.row == (self._last if direction > 0 else 0):
            self._at = 0.0 if direction > 0 else float(self._last)

    def pause_or_play(self) -> None:
        """Whichever it does not."""
        self.play(self.direction or 1)

    def change_speed(self, by: int) -> None:
        """So many of SPEEDS up or down."""
        index = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[min(max(index, 0), len(SPEEDS) - 1)]

    def seek(self, row: float) -> None:
        """Go there, as far as there are rows; and play on from there if it plays."""
        self._at = float(min(max(row, 0), self._last))

    def go(self, row: float) -> None:
        """Go there, and pause."""
        self.direction = 0
        self.seek(row)

    def __str__(self) -> str:
        if not self.direction:
            return "paused" if self.speed == 1 else f"paused ({self.speed:g}x)"
        return f"{'plays' if self.direction > 0 else 'backwards'} {self.speed:g}x"
