"""CarRacing-v3 as a World: the same track, physics, rewards and pixels, with a lap that ends.

Stock CarRacing only notices a finished lap when every single tile was touched: after one missed tile a perfect lap
runs on to the frame limit. `TrackWorld` keeps its own lap timer, counts missed tiles, and can go back in time.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pygame

from teleop.frame import HZ, Action, Outcome
from teleop.road import Road, wrapped
from teleop.worlds.track_drawing import HEIGHT, WIDTH, FastCarRacing

ENVIRONMENT = "CarRacing-v3"
HALF_WIDTH = 40 / 6
"""Of the road, in track units (stock's TRACK_WIDTH)."""


class TrackWorld:
    """Drives CarRacing-v3 on the track that a seed decides.

    `ends="lap"`: an episode is over when the start line is crossed again after going round, tiles missed or not, or
    at stock's own end (every tile touched, or off the playfield). `ends="stock"`: at stock's own end only.
    `max_steps` truncates. `picture=True` also draws the 1000 x 800 picture that `view()` shows.
    `counted` adds to `figures()`.
    """

    def __init__(
        self,
        *,
        domain_randomize: bool = False,
        ends: Literal["lap", "stock"] = "lap",
        max_steps: int | None = None,
        picture: bool = False,
        counted: Callable[[], Mapping[str, float | int | None]] = dict,
    ) -> None:
        if ends not in ("lap", "stock"):
            raise ValueError(f'ends is "lap" or "stock"; got {ends!r}')
        if max_steps is not None and max_steps < 1:
            raise ValueError(f"max_steps is at least 1, or None for no limit; got {max_steps}")
        # Any: to its own types, gymnasium's car and road are None for ever.
        self._env: Any = FastCarRacing(domain_randomize=domain_randomize)
        self._ends_at_line = ends == "lap"
        self._max_steps = max_steps
        self._counted = counted
        self._view = TrackView(self._env) if picture else None
        self._seed = -1

    @property
    def road(self) -> Road:
        """The track since the last reset."""
        self._check_reset()
        return self._road

    @property
    def visited(self) -> npt.NDArray[np.bool_]:
        """bool (tiles,): which tiles a wheel has touched; tile i lies before point i of `road.centre`."""
        self._check_reset()
        return np.array([tile.road_visited for tile in self._env.road], np.bool_)

    def environment(self) -> dict[str, Any]:
        """What `gymnasium.make` needs for the same track: {"id", "kwargs"}."""
        return {"id": ENVIRONMENT, "kwargs": {"domain_randomize": self._env.domain_randomize}}

    def reset(self, seed: int) -> Outcome:
        """Begin on the track of `seed`, an int >= 0, standing on the start line."""
        self._restart(seed, drawing=True)
        return self._drawn(self._outcome(0.0, terminated=False, lap_finished=False))

    def step(self, action: Action) -> Outcome:
        """Apply `action` for one tick of 1/50 s."""
        self._check_reset()
        return self._drawn(self._advance(action))

    def rewind(self, step: int) -> Outcome:
        """Be exactly where step `step` began: the same actions again from the reset, drawn only at the end.

        Raises ValueError unless 0 <= step <= steps taken. Costs about 0.2 ms a step.
        """
        self._check_reset()
        if not 0 <= step <= len(self._actions):
            raise ValueError(f"rewind goes to a step from 0 to the {len(self._actions)} taken; got {step}")
        if step == 0:
            return self.reset(self._seed)
        actions = self._actions[:step]
        self._restart(self._seed, drawing=False)
        for action in actions[:-1]:
            self._advance(action)
        # The last one is drawn inside its step, as it was: before the frame's cost is taken off the score it shows.
        self._env.drawing = True
        return self.step(actions[-1])

    def figures(self) -> Mapping[str, float | int | None]:
        """The episode so far.

        score: sum of rewards. lap_finished: 0 or 1. lap_time_s: from the reset to the line, None until it is crossed.
        tiles: on this track; tiles_missed: not touched yet. steps: taken. off_track_s: with no wheel on the road.
        """
        self._check_reset()
        tiles = len(self._env.track)
        return {
            "score": self._score,
            "lap_finished": int(self._lap_steps is not None),
            "lap_time_s": None if self._lap_steps is None else self._lap_steps / HZ,
            "tiles": tiles,
            "tiles_missed": tiles - self._env.tile_visited_count,
            "steps": len(self._actions),
            "off_track_s": self._off_track_steps / HZ,
            **self._counted(),
        }

    def view(self) -> TrackView:
        """The picture for people; ValueError unless this world was made with picture=True."""
        if self._view is None:
            raise ValueError("this world draws no picture for people: make it with TrackWorld(picture=True)")
        return self._view

    def close(self) -> None:
        """Free the simulation."""
        self._env.close()

    def _restart(self, seed: int, drawing: bool) -> None:
        self._env.drawing = drawing
        self._env.reset(seed=seed)
        self._seed = seed
        self._road = Road(np.array([point[2:4] for point in self._env.track], np.float64), HALF_WIDTH)
        self._lap = LapCounter(self._road)
        self._lap_steps: int | None = None
        self._actions: list[Action] = []
        self._score = 0.0
        self._off_track_steps = 0

    def _advance(self, action: Action) -> Outcome:
        # A copy: the caller may reuse its buffer, and rewinding needs what was executed.
        executed = np.array(action, np.float32)
        _, reward, terminated, _, info = self._env.step(executed)
        self._actions.append(executed)
        self._score += float(reward)
        crashed = terminated and not info["lap_finished"]
        lap_finished = not crashed and self._time_lap(terminated)
        outcome = self._outcome(float(reward), terminated=crashed or lap_finished, lap_finished=lap_finished)
        self._off_track_steps += outcome.wheels_on_road == 0
        return outcome

    def _time_lap(self, every_tile_touched: bool) -> bool:
        """Stop the lap timer when the lap is over; whether that ends the episode.

        Touching the last tile counts as crossing the line: it happens a few frames earlier, and stock stops there.
        """
        crossed = self._lap.passed(*self._env.car.hull.position)
        if self._lap_steps is None and (crossed or every_tile_touched):
            self._lap_steps = len(self._actions)
        return every_tile_touched or (crossed and self._ends_at_line)

    def _outcome(self, reward: float, *, terminated: bool, lap_finished: bool) -> Outcome:
        hull, wheels = self._env.car.hull, self._env.car.wheels
        heading = float(wrapped(hull.angle + math.pi / 2))
        speed = math.hypot(*hull.linearVelocity)
        return Outcome(
            observation=self._env.state,
            reward=reward,
            pose=np.array([*hull.position, heading, speed], np.float32),
            wheels_on_road=sum(bool(wheel.tiles) for wheel in wheels),
            tiles_visited=self._env.tile_visited_count,
            terminated=terminated,
            truncated=not terminated and self._max_steps is not None and len(self._actions) >= self._max_steps,
            lap_finished=lap_finished,
        )

    def _drawn(self, outcome: Outcome) -> Outcome:
        if self._view is not None:
            self._view.take()
        return outcome

    def _check_reset(self) -> None:
        if self._seed < 0:
            raise RuntimeError("the world has no track yet: call reset(seed) first")


class LapCounter:
    """How far round a car has gone, even when it cuts across the grass.

    The station alone can't tell a lap from reversing over the line, nor follow a short cut. CarRacing's tracks run
    once round the origin, so the angle a car has turned about it says how many laps its station belongs to.
    """

    def __init__(self, road: Road) -> None:
        self._road = road
        turned = np.unwrap(np.arctan2(road.centre[:, 1], road.centre[:, 0]))
        self._origin_angle = turned[0]
        self._turned = np.append(turned - turned[0], 2 * np.pi)  # (N + 1,) radians at each knot
        self._knots = np.append(road.stations, road.length)
        self._angle = 0.0
        self.progress = 0.0
        """Track units driven along the centre line since the start; backwards is negative."""

    def passed(self, x: float, y: float) -> bool:
        """Note the car's position once a step; True while it is one lap or more ahead of the start."""
        angle = math.atan2(y, x) - self._origin_angle
        self._angle += float(wrapped(angle - self._angle))
        station = float(self._road.locate((x, y)).station)
        laps = round((self._angle - float(np.interp(station, self._knots, self._turned))) / (2 * math.pi))
        self.progress = station + laps * self._road.length
        return self.progress >= self._road.length


class TrackView:
    """The 1000 x 800 picture of the latest outcome, for people."""

    def __init__(self, env: FastCarRacing) -> None:
        self._env = env
        self._picture: pygame.Surface | None = None

    def take(self) -> None:
        """Keep the picture of this moment."""
        self._picture = self._env.brush.picture()

    def draw(self, surface: pygame.Surface) -> None:
        """Fill `surface`, of any size, with the picture."""
        if self._picture is None:
            raise RuntimeError("there is no picture yet: call reset(seed) first")
        if surface.get_size() == (WIDTH, HEIGHT):
            surface.blit(self._picture, (0, 0))
        else:
            surface.blit(pygame.transform.smoothscale(self._picture, surface.get_size()), (0, 0))

    def to_screen(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(..., 2) world units to (..., 2) pixels of the 1000 x 800 picture."""
        return self._env.brush.to_screen(xy)


def versions() -> dict[str, str]:
    """Everything that decides pixels or physics: recorded with an episode, compared before it is re-simulated.

    `pygame` names the distribution, because pygame and pygame-ce draw different pixels under the same import.
    """
    distribution = "pygame-ce" if getattr(pygame, "IS_CE", False) else "pygame"
    return {
        "gymnasium": metadata.version("gymnasium"),
        "pygame": f"{distribution} {pygame.version.ver}",
        "sdl": ".".join(map(str, pygame.get_sdl_version())),
        "box2d": metadata.version("box2d"),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
