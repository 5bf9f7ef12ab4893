"""A recorded episode, driven again, whose every row can be shown at once.

A simulation can neither be copied nor set back. So it is driven once, a little at a time, and what drawing needs is
kept of every row: where the car's parts stood, how the wheels had turned, which tiles were touched. A second one is
never stepped: its car is put where the row's was, and drawn.

    playback = Playback(seed, episode.step, episode.action, episode.pose)
    while not playback.over:
        playback.drive_on(seconds=0.005)
    playback.show(120)
    playback.draw(surface)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pygame

from teleop.frame import Action, Image
from teleop.road import Road
from teleop.worlds.track import HALF_WIDTH, TrackView
from teleop.worlds.track_drawing import FastCarRacing

Body = tuple[tuple[float, float], float]
"""Where a part of the car is, in track units, and how it is turned, in radians."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Everything that one picture shows."""

    time_s: float
    """Since the reset: the picture zooms in during the first second."""
    reward: float
    """As the dashboard writes it."""
    parts: tuple[Body, ...]
    """The hull, then the four wheels."""
    velocity: tuple[float, float]
    """Of the hull, in track units a second."""
    spin: float
    """Of the hull, in radians a second."""
    wheels: tuple[tuple[float, float], ...]
    """Of each: how far it has rolled, in radians, and how fast, in radians a second."""
    touched: npt.NDArray[np.bool_]
    """(tiles,): those that a wheel has touched; shared by the moments between two touches."""
    skid_marks: tuple[tuple[Any, int], ...]
    """Each, and how many of its points had been left by then; shared like `touched`."""


class _Rerun(FastCarRacing):
    """Keeps moments where stock draws."""

    moment: Moment
    """The latest."""

    def reset(self, **options: Any) -> Any:
        self._touched = np.zeros(0, np.bool_)
        self._skid_marks: tuple[tuple[Any, int], ...] = ()
        return super().reset(**options)

    def _render(self, mode: str) -> Image | None:
        if self.drawing:
            self.moment = self._taken()
        return None

    def _taken(self) -> Moment:
        env: Any = self  # to its own types, gymnasium's car is None for ever
        hull, wheels = env.car.hull, env.car.wheels
        if len(self._touched) != len(env.road) or env.tile_visited_count != self._touched.sum():
            self._touched = np.array([tile.road_visited for tile in env.road], np.bool_)
        skid_marks = tuple((mark, len(mark.poly)) for mark in env.car.particles)
        if skid_marks != self._skid_marks:
            self._skid_marks = skid_marks
        return Moment(
            env.t,
            env.reward,
            tuple((tuple(part.position), part.angle) for part in (hull, *wheels)),
            tuple(hull.linearVelocity),
            hull.angularVelocity,
            tuple((wheel.phase, wheel.omega) for wheel in wheels),
            self._touched,
            self._skid_marks,
        )


class Playback:
    """Implements `loop.View`: shows any row that was reached, and where the drive went otherwise it stops."""

    def __init__(
        self,
        seed: int,
        step: npt.NDArray[np.int32],
        action: npt.NDArray[np.float32],
        pose: npt.NDArray[np.float32],
        domain_randomize: bool = False,
    ) -> None:
        """The track's seed and an episode's columns: (T,), (T, 3), (T, 4)."""
        self._seed, self._steps, self._actions, self._poses = seed, step.tolist(), action, pose
        self._rerun: Any = _Rerun(domain_randomize=domain_randomize)
        self._easel = _standing(seed, domain_randomize)
        self.road = Road(np.array([point[2:4] for point in self._easel.track], np.float64), HALF_WIDTH)
        """The track."""
        self._plain = [tile.color.copy() for tile in self._easel.road]
        self._view = TrackView(self._easel)
        self._moments: list[Moment] = []
        self._shown = -1
        self._drive = self._driven_again()
        self.over = False
        """Nothing is left to be driven."""
        self.differs_at: int | None = None
        """The first row that is not where it was recorded; from there on there is nothing to show."""

    @property
    def reached(self) -> int:
        """Rows that can be shown: 0 to this."""
        return len(self._moments)

    def drive_on(self, seconds: float, now: Callable[[], float] = time.perf_counter) -> None:
        """For about so long: a step takes 0.2 ms, but the track, at the beginning and after a rewind, 13 ms."""
        until = now() + seconds
        while not self.over and now() < until:
            self.over = next(self._drive, "over") == "over"

    def show(self, row: int) -> Image:
        """Draw the beginning of a row, one that was reached. Returns its observation, (96, 96, 3)."""
        self._pose(self._moments[row])
        observation: Image = self._easel.brush.observation()
        self._view.take()
        return observation

    def touched(self, row: int) -> npt.NDArray[np.bool_]:
        """bool (tiles,): which tiles a wheel had touched before it."""
        return self._moments[row].touched

    def draw(self, surface: pygame.Surface) -> None:
        """Fill `surface`, of any size, with the row that was shown last."""
        self._view.draw(surface)

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., 2) world units to (..., 2) pixels of the 1000 x 800 picture."""
        return self._view.to_screen(xy)

    def close(self) -> None:
        """Free both simulations."""
        self._rerun.close()
        self._easel.close()

    def _driven_again(self) -> Iterator[None]:
        """Stops after every step."""
        self._rerun.reset(seed=self._seed)
        driven: list[Action] = []
        for row, step in enumerate(self._steps):
            if step < len(driven):
                del driven[step:]
                yield from self._driven_back_to(driven)
            if not self._is_as_recorded(row):
                self.differs_at = row
                return
            self._moments.append(self._rerun.moment)
            driven.append(self._actions[row])
            self._rerun.step(driven[-1])
            yield

    def _driven_back_to(self, actions: list[Action]) -> Iterator[None]:
        """A rewind: the same actions again from the reset, of which the last moment alone is kept."""
        self._rerun.drawing = not actions
        self._rerun.reset(seed=self._seed)
        for left, action in enumerate(actions, start=1 - len(actions)):
            self._rerun.drawing = left == 0
            self._rerun.step(action)
            yield

    def _is_as_recorded(self, row: int) -> bool:
        (x, y), _ = self._rerun.moment.parts[0]
        return bool(np.float32(x) == self._poses[row, 0] and np.float32(y) == self._poses[row, 1])

    def _pose(self, moment: Moment) -> None:
        """Put the easel's car where it was then."""
        easel, car = self._easel, self._easel.car
        easel.t, easel.reward = moment.time_s, moment.reward
        for part, where in zip((car.hull, *car.wheels), moment.parts, strict=True):
            part.transform = where
        car.hull.linearVelocity, car.hull.angularVelocity = moment.velocity, moment.spin
        for wheel, (phase, omega) in zip(car.wheels, moment.wheels, strict=True):
            wheel.phase, wheel.omega = phase, omega
        for tile, plain, touched in zip(easel.road, self._plain, moment.touched.tolist(), strict=True):
            tile.color[:] = easel.road_color if touched else plain
        car.particles.clear()
        car.particles.extend(_Trail(mark.color, mark.poly[:points]) for mark, points in moment.skid_marks)


def _standing(seed: int, domain_randomize: bool) -> Any:
    """A simulation on that track, which draws only when it is told to."""
    env = FastCarRacing(domain_randomize=domain_randomize)
    env.drawing = False
    env.reset(seed=seed)
    return env


@dataclass(frozen=True, slots=True)
class _Trail:
    """A skid mark as the car draws it."""

    color: tuple[int, int, int]
    poly: list[tuple[float, float]]
