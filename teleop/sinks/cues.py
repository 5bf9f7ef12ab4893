"""What is heard and felt while driving: who has the wheel, leaving the road, the lap's end, a crash."""

from __future__ import annotations

from typing import Protocol

from teleop.frame import HZ, End, Frame, Source, Start, Tick
from teleop.sounds import Sound, Sounds

BACK_STEPS = HZ // 2
"""All four wheels were on the road for so long, and leaving it is news again: a car on the edge must not rattle."""
OFF_ROAD_RUMBLE = (0.5, 200)
"""Strength in [0, 1], milliseconds."""
CRASH_RUMBLE = (1.0, 500)


class Shaken(Protocol):
    """What a person holds."""

    def rumble(self, strength: float, duration_ms: int) -> None: ...


class Cues:
    """Implements `loop.Sink`. Silent where `sounds` are off, still where `rumble` is False."""

    def __init__(self, seat: Shaken, sounds: Sounds, rumble: bool) -> None:
        self._seat, self._sounds, self._rumble = seat, sounds, rumble

    def on_start(self, start: Start) -> None:
        self._sounds.prepare()
        self._steps_on_road, self._was_on_road = 0, False
        self._driver: Source | None = None

    def on_frame(self, frame: Frame) -> None:
        self._watch_driver(frame.driver)
        if frame.result.why_over == "crashed":
            self._cue(Sound.CRASH, *CRASH_RUMBLE)
        elif frame.result.why_over == "finished":
            self._sounds.play(Sound.LAP)
        self._watch_road(frame.result.wheels_on_road)

    def on_idle(self, tick: Tick, why: str) -> None:
        """Wherever the car stands now, it did not drive there."""
        self._steps_on_road, self._was_on_road = 0, tick.outcome.wheels_on_road > 0

    def on_end(self, end: End) -> None:
        pass

    def _watch_driver(self, driver: Source) -> None:
        """The first one is no news."""
        if self._driver not in (None, driver):
            self._sounds.play(Sound.TAKEN if driver is Source.HUMAN else Sound.GIVEN_BACK)
        self._driver = driver

    def _watch_road(self, wheels: int) -> None:
        """Once when the last wheel leaves it."""
        self._steps_on_road = self._steps_on_road + 1 if wheels == 4 else 0
        if self._steps_on_road >= BACK_STEPS:
            self._was_on_road = True
        if wheels == 0 and self._was_on_road:
            self._was_on_road = False
            self._cue(Sound.OFF_ROAD, *OFF_ROAD_RUMBLE)

    def _cue(self, sound: Sound, strength: float, duration_ms: int) -> None:
        self._sounds.play(sound)
        if self._rumble:
            self._seat.rumble(strength, duration_ms)
