"""Which track is driven next."""

from __future__ import annotations

from teleop.frame import VALIDATION_SEED


class Tracks:
    """One after another, until as many were driven as were asked for; practice uses none up."""

    def __init__(self, seeds: range) -> None:
        self.now = seeds[0]
        self._wanted = len(seeds)
        self._driven: set[int] = set()

    def drove(self) -> None:
        """The present one was driven, and not for practice."""
        self._driven.add(self.now)

    @property
    def following(self) -> int | None:
        """None once all were driven, or where those begin that nothing is ever recorded on."""
        if len(self._driven) == self._wanted or self.now + 1 == VALIDATION_SEED:
            return None
        return self.now + 1

    def go_on(self) -> bool:
        """To the following one; False where there is none."""
        following = self.following
        self.now = self.now if following is None else following
        return following is not None
