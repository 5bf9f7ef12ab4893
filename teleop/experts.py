"""Who can stand in for the person."""

from __future__ import annotations

from teleop.devices.scripted import Scripted
from teleop.devices.seat import HandDevice
from teleop.drivers.autopilot import Autopilot


def stand_in(expert: str) -> HandDevice:
    """The scripted expert of that name: "autopilot"."""
    return Scripted(Autopilot(), expert)
