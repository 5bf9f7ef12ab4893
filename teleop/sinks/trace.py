"""Keeps an episode in memory, for pictures: where the car went, what was seen, what was earned."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from teleop.frame import End, Frame, Image, Start, Tick
from teleop.road import Road


class Trace:
    """The drive line of one episode, and an observation every `every` steps; without what a rewind took back."""

    def __init__(self, every: int | None = None) -> None:
        self._every = every
        self._poses: list[npt.NDArray[np.float32]] = []
        self._wheels: list[int] = []
        self.observations: list[Image] = []
        self.road: Road | None = None

    def on_start(self, start: Start) -> None:
        self.road = start.road

    def on_frame(self, frame: Frame) -> None:
        self._go_back_to(frame.tick.step)
        if self._every and frame.tick.step % self._every == 0:
            self.observations.append(frame.tick.outcome.observation)
        self._poses.append(frame.result.pose)
        self._wheels.append(frame.result.wheels_on_road)

    def on_idle(self, tick: Tick, why: str) -> None:
        self._go_back_to(tick.step)

    def on_end(self, end: End) -> None:
        self._go_back_to(end.step)

    def _go_back_to(self, step: int) -> None:
        """Forget every step from this one on."""
        del self._poses[step:], self._wheels[step:]
        if self._every:
            del self.observations[-(-step // self._every) :]

    @property
    def poses(self) -> npt.NDArray[np.float32]:
        """(T, 4): x, y, heading, speed after each step."""
        return np.array(self._poses, np.float32).reshape(-1, 4)

    @property
    def line(self) -> npt.NDArray[np.float32]:
        """(T, 2), track units: where the car was after each step."""
        return self.poses[:, :2]

    @property
    def off_road(self) -> npt.NDArray[np.bool_]:
        """(T,): all four wheels were on the grass."""
        return np.equal(self._wheels, 0)
