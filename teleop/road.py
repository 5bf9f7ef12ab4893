"""Geometry of a track, numpy only.

A road is a closed centre line with a width. Everything else is measured along it (*station*, in track units from the
start line, growing in the direction of travel) and across it (*lateral*, positive to the left).

    station, lateral = road.locate(pose[:2])
    road.heading_error(station, pose[2])
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MANY_POINTS = 2048
"""Points located at once: bounds the memory of a whole session's poses (points x segments) to about 20 MB."""


class Place(NamedTuple):
    """Where points are, in road coordinates."""

    station: Floats
    """(...) track units from the start line along the centre line, [0, length)."""
    lateral: Floats
    """(...) track units from the centre line, positive to the left of the direction of travel."""


class Road:
    """A closed track: a centre line through points, the same width all the way round.

    `centre` is float (N, 2), N >= 3, in track units, in the direction of travel, the first point on the start line and
    not repeated at the end. `half_width` is in track units. Raises ValueError for anything that is no such loop.
    """

    def __init__(self, centre: npt.ArrayLike, half_width: float) -> None:
        points = np.array(centre, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
            raise ValueError(f"a centre line is 3 or more finite points (N, 2); got an array of shape {points.shape}")
        if not half_width > 0:
            raise ValueError(f"half_width is a positive length in track units; got {half_width}")
        self.centre = points
        self.half_width = float(half_width)
        step = np.roll(points, -1, axis=0) - points  # (N, 2): segment i runs from point i to point i + 1
        spacing = np.hypot(step[:, 0], step[:, 1])
        if not (spacing > 0).all():
            raise ValueError("a centre line's neighbouring points differ, and its first is not repeated at the end")
        self.length = float(spacing.sum())
        """Of one lap of the centre line, track units."""
        self.stations = np.concatenate([[0.0], np.cumsum(spacing)[:-1]])
        """float64 (N,): the station of each point of `centre`."""
        self._x, self._y = points.T.copy()
        self._dx, self._dy = (step / spacing[:, None]).T.copy()
        self._spacing = spacing
        # Closed tables for interpolation: the first entry is repeated one lap later.
        self._knots = np.append(self.stations, self.length)
        self._loop = np.vstack([points, points[:1]])
        self._headings, self._curvatures = self._bends(step)

    def _bends(self, step: Floats) -> tuple[Floats, Floats]:
        """Unwrapped heading and curvature at each knot, (N + 1,) both.

        A point's heading is that of the chord between its neighbours, its curvature the change of the segments'
        directions there over the distance between the segments' middles.
        """
        chord = step + np.roll(step, 1, axis=0)
        heading = np.unwrap(np.arctan2(chord[:, 1], chord[:, 0]))
        closing = heading[-1] + wrapped(heading[0] - heading[-1])
        direction = np.arctan2(step[:, 1], step[:, 0])
        turn = wrapped(direction - np.roll(direction, 1))
        curvature = turn / (0.5 * (self._spacing + np.roll(self._spacing, 1)))
        return np.append(heading, closing), np.append(curvature, curvature[0])

    def locate(self, xy: npt.ArrayLike) -> Place:
        """The nearest place on the road to points (..., 2) in world units, on the road or off it."""
        points = np.asarray(xy, np.float64)
        flat = points.reshape(-1, 2)
        if len(flat) <= MANY_POINTS:
            station, lateral = self._locate(flat)
        else:
            parts = [self._locate(flat[i : i + MANY_POINTS]) for i in range(0, len(flat), MANY_POINTS)]
            station, lateral = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Place(station.reshape(points.shape[:-1]), lateral.reshape(points.shape[:-1]))

    def _locate(self, points: Floats) -> tuple[Floats, Floats]:
        rx = points[:, :1] - self._x  # (M, N)
        ry = points[:, 1:] - self._y
        along = np.clip(rx * self._dx + ry * self._dy, 0.0, self._spacing)
        distance = (rx - along * self._dx) ** 2 + (ry - along * self._dy) ** 2
        rows = np.arange(len(points))
        nearest = distance.argmin(axis=1)  # (M,)
        station = (self.stations[nearest] + along[rows, nearest]) % self.length
        side = self._dx[nearest] * ry[rows, nearest] - self._dy[nearest] * rx[rows, nearest]
        return station, np.copysign(np.sqrt(distance[rows, nearest]), side)

    def point(self, station: npt.ArrayLike, lateral: npt.ArrayLike = 0.0) -> Floats:
        """(..., 2) world units of places: on the centre line, or `lateral` to its left."""
        at = np.asarray(station, np.float64) % self.length
        aside = np.asarray(lateral, np.float64)
        heading = np.interp(at, self._knots, self._headings)
        x = np.interp(at, self._knots, self._loop[:, 0]) - aside * np.sin(heading)
        y = np.interp(at, self._knots, self._loop[:, 1]) + aside * np.cos(heading)
        return np.stack([x, y], axis=-1)

    def heading(self, station: npt.ArrayLike) -> Floats:
        """(...) direction of travel at stations: radians counter-clockwise from +x, in (-pi, pi]."""
        at = np.asarray(station, np.float64) % self.length
        return wrapped(np.interp(at, self._knots, self._headings))

    def heading_error(self, station: npt.ArrayLike, heading: npt.ArrayLike) -> Floats:
        """(...) how far a nose points left of the direction of travel: radians in (-pi, pi]."""
        return wrapped(np.asarray(heading, np.float64) - self.heading(station))

    def curvature(self, station: npt.ArrayLike) -> Floats:
        """(...) 1 / radius at stations, in 1 / track units: positive in a left bend."""
        at = np.asarray(station, np.float64) % self.length
        return np.asarray(np.interp(at, self._knots, self._curvatures), np.float64)

    def edges(self) -> tuple[Floats, Floats]:
        """The left and the right border, (N, 2) each, beside the points of `centre`."""
        return self.point(self.stations, self.half_width), self.point(self.stations, -self.half_width)


def wrapped(angle: npt.ArrayLike) -> Floats:
    """Angles in radians, brought into (-pi, pi]."""
    return np.asarray(np.pi - (np.pi - np.asarray(angle, np.float64)) % (2 * np.pi), np.float64)
