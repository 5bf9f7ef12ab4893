"""The Udacity self-driving-car simulator as a World: it runs in a window of its own, and is driven over a socket.

Reply-driven: a step sends its command and waits for what the car then sees, so it needs a metronome that never waits.
The simulator can't be reset, slowed or rewound, and its car moves on whatever happens here: an episode is a stretch of
uninterrupted driving, which ends (`truncated`) when the simulator leaves, falls silent or is driven by its own keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from teleop.errors import UserError
from teleop.frame import Action, Outcome
from teleop.udacity import MPH, outcome_of
from teleop.worlds.camera_view import CameraView
from teleop.worlds.udacity_link import Link, Seen

PATIENCE_S = 1.0
"""For the telemetry that begins an episode."""
GLANCE_S = 0.05
"""For the next one while nobody drives: longer than a frame of the simulator, shorter than a person notices."""
REVERSE_MPH = 5.0
"""Below it, the simulator takes a brake for the reverse gear."""

Figures = Mapping[str, float | int | None]


class NoCarError(UserError):
    """There is no simulator to begin with, any more."""


class UdacityWorld:
    """Drives whatever simulator is at the other end of the link.

    `link.trouble` says what an episode is waiting for, or why it ended. `counted` adds to `figures()`.
    """

    def __init__(self, link: Link, counted: Callable[[], Figures] = dict) -> None:
        self._link, self._counted = link, counted
        self._view = CameraView()
        self._steps = 0

    @property
    def speedometer(self) -> tuple[str, float]:
        """As the simulator's own."""
        return "mph", 1 / MPH

    @property
    def road(self) -> None:
        """The simulator tells nothing of its road."""
        return None

    def reset(self, seed: int) -> Outcome:
        """Let go of the car, and begin where it is. The seed decides nothing. NoCarError when there is no car."""
        self._steps = 0
        self._link.look(0.0)  # what was seen before may be old
        self._link.coast()
        if (seen := self._link.look(PATIENCE_S)) is None:
            raise NoCarError(f"{self._link.trouble}: start it, and choose its autonomous mode")
        return self._outcome(seen)

    def step(self, action: Action) -> Outcome:
        """Send the command, and wait for the next telemetry; `truncated` where none follows."""
        self._steps += 1
        steering, throttle = command(action, self._seen.telemetry.speed_mph)
        seen = self._link.answer(self._seen, steering, throttle)
        return self._outcome(seen or self._seen, truncated=seen is None)

    def rest(self) -> Outcome:
        """Let the car roll, and say what it sees by now; `truncated` once the driving was interrupted."""
        self._link.coast()
        seen = self._link.look(GLANCE_S) or self._seen
        return self._outcome(seen, truncated=self._link.spell != self._seen.spell)

    def figures(self) -> Figures:
        """steps: telemetries answered; and what else is counted."""
        return {"steps": self._steps, **self._counted()}

    def view(self) -> CameraView:
        """The camera's picture, for people."""
        return self._view

    def close(self) -> None:
        """Let go of the car, and of the simulator."""
        self._link.close()

    def _outcome(self, seen: Seen, truncated: bool = False) -> Outcome:
        self._seen = seen
        outcome = outcome_of(seen.telemetry.observation, seen.telemetry.speed_mph)
        self._view.show(outcome.observation)
        return replace(outcome, truncated=truncated)


def command(action: Action, speed_mph: float) -> tuple[float, float]:
    """(steering, throttle), each in [-1, 1]. A brake that would put a slow car into reverse only takes off the gas."""
    steering, gas, brake = (float(value) for value in action)
    throttle = gas - brake
    return steering, throttle if speed_mph > REVERSE_MPH else max(0.0, throttle)
