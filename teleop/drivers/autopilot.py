"""A scripted driver that sees the road instead of pixels: it stands in for a person, and referees.

At a reset it draws a racing line inside the road and decides how fast each place can be driven. Then every action
depends on the car's pose alone, so that it can say what it would do in any recorded state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from teleop.frame import Action, Start, Tick
from teleop.road import Road, wrapped

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AutopilotConfig:
    """How hard the autopilot drives. Units: track units, seconds, radians. Tuned on seeds 0 to 799."""

    margin: float = 3.2
    """The racing line's greatest distance from the centre line."""
    lateral: float = 110.0
    """Acceleration across the line that bends are driven with, units/s^2; above 120 the car slides off some tracks."""
    braking: float = 50.0
    """Deceleration counted on before bends, units/s^2."""
    top_speed: float = 100.0
    """units/s."""
    look_ahead: float = 8.9
    """Distance along the line to the point steered at, at rest."""
    look_ahead_s: float = 0.16
    """Seconds of driving added to it."""
    steering_gain: float = 0.6
    """Steering action per radian between the nose and the point steered at."""
    gas_gain: float = 0.1
    """Gas per unit/s below the speed wanted."""
    brake_gain: float = 0.02
    """Brake per unit/s above it."""


class Autopilot:
    """Follows a racing line (a `loop.Driver`)."""

    def __init__(self, config: AutopilotConfig | None = None) -> None:
        self._config = config or AutopilotConfig()
        self._line: RacingLine | None = None

    def reset(self, start: Start) -> None:
        """Plan the line of `start.road`; ValueError where the world knows no road."""
        if start.road is None:
            raise ValueError("the autopilot drives where the road is known; this world has none: use another driver")
        self._line = RacingLine(start.road, self._config)

    def act(self, tick: Tick) -> Action:
        return self.action(tick.outcome.pose)

    def action(self, pose: npt.NDArray[np.float32]) -> Action:
        """What to do at `pose` (x, y, heading, speed), wherever that is."""
        if self._line is None:
            raise RuntimeError("the autopilot has no road yet: call reset(start) first")
        config, line = self._config, self._line
        x, y, heading, speed = (float(value) for value in pose)
        station = float(line.path.locate((x, y)).station)
        target = line.path.point(station + config.look_ahead + config.look_ahead_s * speed)
        bearing = float(wrapped(math.atan2(target[1] - y, target[0] - x) - heading))
        missing = line.speed(station) - speed
        steering = min(max(-config.steering_gain * bearing, -1.0), 1.0)
        gas = min(max(config.gas_gain * missing, 0.0), 1.0)
        brake = min(max(-config.brake_gain * missing, 0.0), 1.0)
        return np.array([steering, gas, brake], np.float32)


class RacingLine:
    """Where to drive on a road, and how fast."""

    def __init__(self, road: Road, config: AutopilotConfig) -> None:
        self.path = Road(_elastic_line(road, config.margin), road.half_width)
        self._knots = np.append(self.path.stations, self.path.length)
        speeds = _speed_profile(self.path, config)
        self._speeds = np.append(speeds, speeds[0])

    def speed(self, station: float) -> float:
        """Wanted there, track units a second."""
        return float(np.interp(station % self.path.length, self._knots, self._speeds))


def _elastic_line(road: Road, margin: float) -> Floats:
    """(N, 2): the least bent closed line within `margin` of the centre line.

    Least squares of the second differences over the offsets along each normal, within their bounds, by ADMM: one
    dense inverse, then cheap rounds of solving and clipping.
    """
    count = round(road.length / 3.5)
    stations = np.arange(count) * (road.length / count)
    centre = road.point(stations)  # (N, 2)
    heading = road.heading(stations)
    normal = np.stack([-np.sin(heading), np.cos(heading)], axis=1)  # (N, 2)
    eye = np.eye(count)
    second = np.roll(eye, 1, axis=1) + np.roll(eye, -1, axis=1) - 2 * eye  # (N, N)
    first = np.roll(eye, -1, axis=1) - eye
    bending = second.T @ second + 0.01 * first.T @ first
    matrix = bending * (normal @ normal.T)
    pull = ((bending @ centre) * normal).sum(axis=1)
    weight = 0.05
    inverse = np.linalg.inv(matrix + weight * eye)
    free = bounded = dual = np.zeros(count)
    for _ in range(200):
        free = inverse @ (weight * (bounded - dual) - pull)
        bounded = np.clip(free + dual, -margin, margin)
        dual = dual + free - bounded
    return np.asarray(centre + normal * bounded[:, None], np.float64)


def _speed_profile(path: Road, config: AutopilotConfig) -> Floats:
    """(N,) speed at each point: what the bend there allows, and every bend within braking distance ahead."""
    bend = np.abs(path.curvature(path.stations))
    bend = (np.roll(bend, 1) + bend + np.roll(bend, -1)) / 3
    corner = np.minimum(config.lateral / np.maximum(bend, 1e-6), config.top_speed**2)  # (N,) speed squared
    ahead = (path.stations[None, :] - path.stations[:, None]) % path.length  # (N, N) from each point to each other
    return np.sqrt((corner[None, :] + 2 * config.braking * ahead).min(axis=1))
