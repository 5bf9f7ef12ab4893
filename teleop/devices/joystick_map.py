"""What the axes and buttons of one raw joystick are: a wheel, pedals, a flight stick. Learned once, saved by GUID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from teleop.bindings import Meaning

LEAST_TRAVEL = 0.1
"""Of an axis's [-1, 1], between two positions that are to be told apart: less is a trembling sensor."""


@dataclass(frozen=True, slots=True)
class SteeringAxis:
    """Where a steering axis stands when it is turned; each position in the axis's own [-1, 1]."""

    axis: int
    left: float
    centre: float
    right: float

    def __post_init__(self) -> None:
        least = min(abs(self.left - self.centre), abs(self.right - self.centre))
        if least < LEAST_TRAVEL or (self.left < self.centre) != (self.centre < self.right):
            raise ValueError(
                f"left and right lie on two sides of centre, at least {LEAST_TRAVEL} away; "
                f"got left {self.left:g}, centre {self.centre:g}, right {self.right:g}"
            )

    def position(self, raw: float) -> float:
        """[-1 left, +1 right] of an axis that stands at `raw`."""
        to_right = (raw - self.centre) / (self.right - self.centre)
        if to_right >= 0:
            return min(to_right, 1.0)
        return max(-(raw - self.centre) / (self.left - self.centre), -1.0)


@dataclass(frozen=True, slots=True)
class PedalAxis:
    """Where a pedal's axis stands; many rest at +1 and are pressed down to -1."""

    axis: int
    released: float
    pressed: float

    def __post_init__(self) -> None:
        if abs(self.pressed - self.released) < LEAST_TRAVEL:
            raise ValueError(
                f"released and pressed lie at least {LEAST_TRAVEL} apart; "
                f"got released {self.released:g}, pressed {self.pressed:g}"
            )

    def position(self, raw: float) -> float:
        """[0 released, 1 pressed] of an axis that stands at `raw`."""
        return min(max((raw - self.released) / (self.pressed - self.released), 0.0), 1.0)


Axis = SteeringAxis | PedalAxis


@dataclass(frozen=True)
class JoystickMap:
    """One joystick; what it lacks another one may have, as with pedals that are plugged in apart."""

    name: str
    steering: SteeringAxis | None = None
    gas: PedalAxis | None = None
    brake: PedalAxis | None = None
    buttons: Mapping[int, Meaning] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def axes(self) -> dict[str, Axis]:
        """Those it has, by what they control: "steering", "gas", "brake"."""
        axes = {"steering": self.steering, "gas": self.gas, "brake": self.brake}
        return {control: axis for control, axis in axes.items() if axis is not None}
