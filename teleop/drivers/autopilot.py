"""A scripted driver that sees the road instead of pixels: it stands in for a person, and referees.

At a reset it draws a racing line inside the road and decides how fast each place can be driven. Then every action
depends on the car's pose alone, so that it can say what it would do in any recorded state. Its gas, brake and steering
are proportional, not on or off: a network that imitates them with a mean squared error has something smooth to learn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.frame import Action, Start, Tick
from teleop.road import Floats, Road, wrapped

FULL_LOCK = 0.4
"""Radians at which CarRacing's front wheels reach their stops, and the steering action that asks for it."""
POINT_SPACING = 3.5
"""Track units between the racing line's points: CarRacing's own tile length."""


@dataclass(frozen=True)
class AutopilotConfig:
    """How hard the autopilot drives, in track units, seconds and radians. Tuned on seeds 100 to 399."""

    margin: float = 2.2
    """The racing line's greatest distance from the centre line. 3.2 scores half a point more, but leaves an imitator
    no room: behavioral cloning from 20 such laps missed tiles on every other validation track."""
    lateral: float = 120.0
    """Acceleration across the line that bends are driven with, units/s^2; from 130 the car slides."""
    braking: float = 70.0
    """Deceleration counted on before bends, units/s^2."""
    top_speed: float = 100.0
    """units/s."""
    look_ahead: float = 10.0
    """Distance along the line to the point steered at, when standing."""
    look_ahead_s: float = 0.08
    """Seconds of driving added to it."""
    steering_gain: float = 1.2
    """Steering action per radian from the nose to the point steered at."""
    gas_gain: float = 0.05
    """Gas per unit/s that is missing to the speed wanted."""
    brake_gain: float = 0.02
    """Brake per unit/s above the speed wanted."""
    hardest_brake: float = 0.3
    """More locks the wheels, and a car with locked wheels doesn't turn."""
    grip_share: float = 0.7
    """Share of full gas given up at full lock: the rear wheels can't push and hold the car's tail at once."""
    recovery_lateral: float = 120.0
    """As `lateral`, for the arc back to the line."""
    free_distance: float = 3.0
    """Off the line by no more than this, the speed is not reduced."""
    speed_drop: float = 10.0
    """Speed given up for every unit beyond that, 1/s."""
    recovery_speed: float = 30.0
    """But not below this, units/s."""


class Autopilot:
    """Follows a racing line, and comes back to it from anywhere (a `loop.Driver`)."""

    def __init__(self, config: AutopilotConfig | None = None) -> None:
        self._config = config or AutopilotConfig()
        self._line: RacingLine | None = None

    def reset(self, start: Start) -> None:
        """Plan the line of `start.road`; ValueError where the world knows no road."""
        if start.road is None:
            raise ValueError("the autopilot drives where the road is known; this world has none: use another driver")
        self._line = RacingLine(start.road, self._config)

    def act(self, tick: Tick) -> Action:
        """What to do now."""
        return self.action(tick.outcome.pose)

    def action(self, pose: npt.NDArray[np.float32]) -> Action:
        """What to do at `pose` (x, y, heading, speed), wherever that is."""
        if self._line is None:
            raise RuntimeError("the autopilot has no road yet: call reset(start) first")
        config, line = self._config, self._line
        x, y, heading, speed = (float(value) for value in pose)
        station, lateral = line.locate(x, y)
        target_x, target_y = line.point(station + config.look_ahead + config.look_ahead_s * speed)
        bearing = float(wrapped(math.atan2(target_y - y, target_x - x) - heading))
        distance = math.hypot(target_x - x, target_y - y)
        wanted = min(line.speed(station), self._arc_speed(bearing, distance), self._speed_off_line(lateral))
        return self._controls(bearing, wanted - speed)

    def _arc_speed(self, bearing: float, distance: float) -> float:
        """The speed for the arc to a point: on the line no limit, off it the slower the sharper the way back."""
        sharpness = 2 * math.sin(min(abs(bearing), math.pi / 2)) / distance  # 1 / radius
        return math.sqrt(self._config.recovery_lateral / max(sharpness, 1e-6))

    def _speed_off_line(self, lateral: float) -> float:
        """The speed at a distance from the line: grass has little grip."""
        config = self._config
        drop = config.speed_drop * max(abs(lateral) - config.free_distance, 0.0)
        return max(config.top_speed - drop, config.recovery_speed)

    def _controls(self, bearing: float, missing: float) -> Action:
        """Steering towards a bearing (positive: to the left), gas or brake for the speed that is missing."""
        config = self._config
        steering = min(max(-config.steering_gain * bearing, -1.0), 1.0)
        most_gas = 1.0 - config.grip_share * min(abs(steering) / FULL_LOCK, 1.0)
        gas = min(max(config.gas_gain * missing, 0.0), most_gas)
        brake = min(max(-config.brake_gain * missing, 0.0), config.hardest_brake)
        return np.array([steering, gas, brake], np.float32)


class RacingLine:
    """Where to drive on a road, and how fast."""

    def __init__(self, road: Road, config: AutopilotConfig) -> None:
        self.path = Road(_elastic_line(road, config.margin), road.half_width)
        self._knots = np.append(self.path.stations, self.path.length)
        speeds = _speed_profile(self.path, config)
        self._speeds = np.append(speeds, speeds[0])

    def locate(self, x: float, y: float) -> tuple[float, float]:
        """Station along this line and distance to its left."""
        place = self.path.locate((x, y))
        return float(place.station), float(place.lateral)

    def point(self, station: float) -> tuple[float, float]:
        """World coordinates of a station."""
        x, y = self.path.point(station)
        return float(x), float(y)

    def speed(self, station: float) -> float:
        """Wanted there, track units a second."""
        return float(np.interp(station, self._knots, self._speeds))


def _elastic_line(road: Road, margin: float, rounds: int = 200, weight: float = 0.02) -> Floats:
    """(N, 2): a closed line that straightens itself within `margin` of the centre line.

    Least squares of the line's second differences over its offsets along the centre line's normals. Points inside a
    bend lie closer together, so it also shortens the way; a line of least curvature proper was slower (measured).
    Solved by ADMM (Boyd et al. 2011, section 5.2): one dense inverse, then `rounds` of solving and clipping; `weight`
    is its penalty, good between 0.01 and 0.05.
    """
    count = round(road.length / POINT_SPACING)
    stations = np.arange(count) * (road.length / count)
    centre, heading = road.point(stations), road.heading(stations)
    normal = np.stack([-np.sin(heading), np.cos(heading)], axis=1)  # (N, 2)
    eye = np.eye(count)
    second = np.roll(eye, 1, axis=1) + np.roll(eye, -1, axis=1) - 2 * eye  # (N, N): round the loop
    stiffness = second.T @ second
    pull = ((stiffness @ centre) * normal).sum(axis=1)  # (N,)
    inverse = np.linalg.inv(stiffness * (normal @ normal.T) + weight * eye)
    offset = dual = np.zeros(count)
    for _ in range(rounds):
        free = inverse @ (weight * (offset - dual) - pull)
        offset = np.clip(free + dual, -margin, margin)
        dual = dual + free - offset
    return np.asarray(centre + normal * offset[:, None], np.float64)


def _speed_profile(path: Road, config: AutopilotConfig) -> Floats:
    """(N,) speed at each point: what its bend allows, and what leaves the way to brake for every bend ahead."""
    bend = np.abs(path.curvature(path.stations))
    bend = (np.roll(bend, 1) + bend + np.roll(bend, -1)) / 3
    squared = np.minimum(config.lateral / np.maximum(bend, 1e-6), config.top_speed**2)  # (N,) speed^2 of each bend
    ahead = (path.stations - path.stations[:, None]) % path.length  # (N, N) from each point on to each other
    return np.asarray(np.sqrt((squared + 2 * config.braking * ahead).min(axis=1)), np.float64)
