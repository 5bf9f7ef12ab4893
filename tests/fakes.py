"""Parts for tests that implement the loop's Protocols: a world of microseconds, a scripted device, a clock by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from teleop.frame import Action, Command, Controls, End, Frame, Image, Outcome, Start, Tick
from teleop.road import Road

TOY_ENV: dict[str, Any] = {"id": "Toy-v0", "kwargs": {}}


class ToyWorld:
    """A point that steers: deterministic from its seed and its actions, a few microseconds a step. Rewindable.

    The lap is over after `steps` steps; full brake drives it off the playfield at once.
    """

    def __init__(self, steps: int = 100_000, observation_shape: tuple[int, int, int] = (96, 96, 3)) -> None:
        self.steps = steps
        self._shape = observation_shape

    @property
    def road(self) -> Road | None:
        return None

    def reset(self, seed: int) -> Outcome:
        self._seed = seed
        # Blocks of 8 x 8 pixels: compresses about as well as the game's flat colours.
        blocks = np.random.default_rng(seed).integers(
            1, 40, [-(-size // 8) for size in self._shape[:2]] + [3], np.uint8
        )
        self._background = blocks.repeat(8, axis=0).repeat(8, axis=1)[: self._shape[0], : self._shape[1]]
        self._actions: list[Action] = []
        self._pose = np.array([0, 0, seed % 7, 0], np.float32)
        self._score = 0.0
        return self._outcome(0.0)

    def step(self, action: Action) -> Outcome:
        self._actions.append(action.copy())
        self._pose[2] += 0.02 * action[0]
        self._pose[3] = max(0.0, self._pose[3] + action[1] - action[2])
        heading, speed = self._pose[2:]
        self._pose[:2] += 0.02 * speed * np.array([np.cos(heading), np.sin(heading)], np.float32)
        reward = float(speed) - 0.1
        self._score += reward
        return self._outcome(reward, crashed=bool(action[2] == 1.0))

    def rewind(self, step: int) -> Outcome:
        actions = self._actions[:step]
        outcome = self.reset(self._seed)
        for action in actions:
            outcome = self.step(action)
        return outcome

    def figures(self) -> Mapping[str, float | int | None]:
        return {"score": self._score}

    def _outcome(self, reward: float, crashed: bool = False) -> Outcome:
        finished = len(self._actions) >= self.steps
        return Outcome(
            observation=self._observation(),
            reward=reward,
            pose=self._pose.copy(),
            wheels_on_road=4 - abs(int(self._pose[1])) % 5,
            tiles_visited=len(self._actions) // 3,
            terminated=finished or crashed,
            lap_finished=finished and not crashed,
        )

    def _observation(self) -> Image:
        return self._background + np.uint8(len(self._actions) % 200)


class ScriptedDevice:
    """Says what it was told to, one Controls a tick; afterwards it repeats its last action and asks to finish."""

    def __init__(self, controls: Iterable[Controls], person: bool = False) -> None:
        self._script = list(controls)
        self._person = person

    @property
    def person(self) -> bool:
        return self._person

    def reset(self, start: Start) -> None:
        self._next = 0

    def read(self, tick: Tick) -> Controls:
        if self._next == len(self._script):
            return Controls(self._script[-1].action, hands_on=False, commands=(Command.FINISH,))
        self._next += 1
        return self._script[self._next - 1]


def steering(rows: int, first: float = 0.0) -> list[Controls]:
    """`rows` ticks of a hand that weaves, each tick's action different from the next one's."""
    wave = np.sin(np.arange(rows) / 20 + first).astype(np.float32)
    return [Controls(np.array([value, 0.5, 0.0], np.float32), hands_on=True) for value in wave]


class FakeClock:
    """Time that passes only when somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Tape:
    """A sink that remembers what it was told."""

    def __init__(self) -> None:
        self.starts: list[Start] = []
        self.frames: list[Frame] = []
        self.idle: list[tuple[Tick, str]] = []
        self.ends: list[End] = []

    def on_start(self, start: Start) -> None:
        self.starts.append(start)

    def on_frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def on_idle(self, tick: Tick, why: str) -> None:
        self.idle.append((tick, why))

    def on_end(self, end: End) -> None:
        self.ends.append(end)

    def actions(self) -> npt.NDArray[np.float32]:
        """(T, 3): executed."""
        return np.array([frame.action for frame in self.frames], np.float32)


def commands(*pressed: Command, action: Sequence[float] = (0.0, 0.0, 0.0)) -> Controls:
    """One tick on which these were pressed."""
    return Controls(np.array(action, np.float32), hands_on=True, commands=pressed)
