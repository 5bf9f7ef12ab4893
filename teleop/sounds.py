"""Short tones, where there is something to play them on."""

from __future__ import annotations

from enum import Enum


class Sound(Enum):
    """What can be heard."""

    COUNT = "count"
    """Three, two, one."""
    GO = "go"
    LAP = "lap"
    """The lap is finished."""
    OFF_ROAD = "off road"
    CRASH = "crash"


class Sounds:
    """Plays tones; silent where that was asked for, or where there is no audio device."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def play(self, sound: Sound) -> None:
        """Begin `sound` and return at once."""
