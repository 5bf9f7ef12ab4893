"""A driver behind the device interface: the expert at the wheel when no person is."""

from __future__ import annotations

from teleop.frame import Controls, Start, Tick
from teleop.loop import Driver


class Scripted:
    """Drives as the expert, hands always on."""

    person = False

    def __init__(self, driver: Driver, name: str) -> None:
        self._driver = driver
        self.name = name

    def reset(self, start: Start) -> None:
        self._driver.reset(start)

    def read(self, tick: Tick) -> Controls:
        return Controls(self._driver.act(tick), hands_on=True)
