"""Who can stand in for the person."""

from __future__ import annotations

from dataclasses import replace

from teleop.devices.scripted import Care, Scripted
from teleop.devices.seat import NamedDevice
from teleop.devices.simulated import SimulatedHuman
from teleop.devices.watcher import Watcher
from teleop.drivers.autopilot import Autopilot
from teleop.frame import Action, Source, Start, Tick
from teleop.loop import Device


def stand_in(expert: str, care: Care | None = None) -> NamedDevice:
    """The expert of that name: "autopilot" or "simulated". `care` is the autopilot's; a simulated human has its own."""
    return Watcher() if expert == "simulated" else Scripted(Autopilot(), expert, care)


class AtTheWheel:
    """A device as a driver that is alone in the car (a `loop.Driver`), to be evaluated as a policy is."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def reset(self, start: Start) -> None:
        self._device.reset(replace(start, mode="demo"))

    def act(self, tick: Tick) -> Action:
        """What the device does, whose own driving it is told all driving was; its commands are left out."""
        own = tick if tick.driver is None else replace(tick, driver=Source.HUMAN)
        action = self._device.read(own).action
        if action is None:
            raise ValueError(f"{type(self._device).__name__} does not say how to drive: evaluate a device that does")
        return action


def simulated_human() -> AtTheWheel:
    """The simulated human, as the driver that `teleop evaluate simulated` drives the tracks with."""
    return AtTheWheel(SimulatedHuman())
