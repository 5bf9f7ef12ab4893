"""What an imperfect person sees of a car on a road: late, not quite right, and now and then nothing."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from teleop.frame import HZ, Action
from teleop.road import Floats, Road, wrapped

if TYPE_CHECKING:
    from teleop.devices.simulated import SimulatedHumanConfig

Pose = npt.NDArray[np.float32]

FULL_LOCK = 0.4
"""The steering action at which CarRacing's front wheels reach their stops, and their angle there in radians."""
WHEELBASE = 3.24
"""CarRacing's, track units."""
STANDING = 5.0
"""Slower than this, units/s, the way a car goes says nothing about where it points."""


class Impression(NamedTuple):
    """Where the car is taken to be, as a pose: track units, radians counter-clockwise, units/s."""

    x: float
    y: float
    heading: float
    speed: float


class Eyes:
    """What was seen a reaction time ago, what is made of it now, and whether the mind is there at all."""

    def __init__(self, road: Road, config: SimulatedHumanConfig, seed: int) -> None:
        # Its own stream: the seed's plain one draws the track, the nudges have the first child.
        self._random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
        self._road, self._config = road, config
        self._late, self._glance = round(config.reaction_s * HZ), round(config.glance_s * HZ)
        self._poses: deque[Pose] = deque(maxlen=self._late + self._glance + 1)
        self._deeds: deque[Action | None] = deque(maxlen=self._late)
        self._errors = Wander(self._random, 3, config.error_s)
        self._habits = Wander(self._random, 2, config.habit_s)
        self._lapse_steps = 0

    def look(self, pose: Pose, deed: Action | None, follows: bool) -> None:
        """Take in one step, and the own action that led to it; unless it `follows`, what was before is forgotten."""
        if not follows:
            self._poses.clear()
            self._deeds.clear()
        self._poses.append(pose)
        if follows:
            self._deeds.append(deed)
        self._errors.move()
        self._habits.move()
        self._lapse()

    def _lapse(self) -> None:
        config = self._config
        self._lapse_steps = max(self._lapse_steps - 1, 0)
        if self._random.random() < config.lapses_per_s / HZ and not self._lapse_steps:
            self._lapse_steps = round(self._random.uniform(config.shortest_lapse_s, config.longest_lapse_s) * HZ)

    @property
    def elsewhere(self) -> bool:
        """The mind is, for a moment."""
        return self._lapse_steps > 0

    @property
    def aim(self) -> float:
        """Where on the road to drive now, units left of the middle."""
        return self._config.aim_error * float(self._habits.now[0])

    @property
    def boldness(self) -> float:
        """How much faster than it should the road is driven now, a factor about 1."""
        return 1 + self._config.bend_error * float(self._habits.now[1])

    def seen(self) -> Impression:
        """What has reached the mind by now."""
        x, y, heading, speed = (float(value) for value in self._ago(self._late))
        config, (aside, turned, faster) = self._config, self._errors.now
        across = float(self._road.heading(self._road.locate((x, y)).station)) + math.pi / 2
        return Impression(
            x + config.lateral_error * aside * math.cos(across),
            y + config.lateral_error * aside * math.sin(across),
            heading + config.heading_error * turned,
            max(speed * (1 + config.speed_error * faster), 0.0),
        )

    def now(self, seen: Impression) -> Impression:
        """`seen`, carried on by what the own hands did since; where they did nothing, at the turn that was seen."""
        x, y, heading, speed = seen
        slip, turn = self._motion()
        for deed in self._deeds:
            if deed is not None:
                steering, gas, brake = (float(value) for value in deed)
                turn += (self._felt_turn(steering, speed) - turn) / (self._config.turn_lag_s * HZ)
                speed = max(speed + (self._config.gas_felt * gas - self._config.brake_felt * brake) / HZ, 0.0)
            heading += turn / HZ
            x += math.cos(heading + slip) * speed / HZ
            y += math.sin(heading + slip) * speed / HZ
        return Impression(x, y, heading, speed)

    def _felt_turn(self, steering: float, speed: float) -> float:
        """How fast the car turns, as it feels, radians a second: where the wheels point, until they slide."""
        rolling = -speed * max(min(steering, FULL_LOCK), -FULL_LOCK) / WHEELBASE
        sliding = self._config.grip_felt / max(speed, 1.0)
        return max(min(rolling, sliding), -sliding)

    def _motion(self) -> tuple[float, float]:
        """The angle from the nose to where the car was going, and how fast it turned, radians a second."""
        then, before = self._ago(self._late), self._ago(self._late + self._glance)
        turned = float(wrapped(then[2] - before[2]))
        course = math.atan2(then[1] - before[1], then[0] - before[0])
        moving = before[3] > STANDING
        slip = float(wrapped(course - before[2] - turned / 2)) if moving else 0.0
        return slip, turned * HZ / self._glance

    def _ago(self, steps: int) -> Pose:
        """The picture stands still before an episode and after a rewind: the first one was seen long enough."""
        return self._poses[max(len(self._poses) - 1 - steps, 0)]


class Wander:
    """Values that drift smoothly about zero with standard deviation one: white noise through two equal lags."""

    def __init__(self, random: np.random.Generator, count: int, time_s: float) -> None:
        self._random = random
        self._keep = math.exp(-1 / (time_s * HZ))
        self._scale = (1 + self._keep) / math.sqrt(1 + self._keep**2)
        self._once = random.standard_normal(count)
        self.now: Floats = random.standard_normal(count)
        """(count,)"""

    def move(self) -> None:
        """One step on."""
        keep = self._keep
        self._once = keep * self._once + math.sqrt(1 - keep**2) * self._random.standard_normal(len(self._once))
        self.now = keep * self.now + (1 - keep) * self._scale * self._once
