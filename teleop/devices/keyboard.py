"""A keyboard that steers like a hand: keys say where to go, ramps say how fast.

Bang-bang steering makes bad demonstrations: in a curve most rows say "straight" and a few say "full lock".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pygame

from teleop.bindings import KEYS, Drive
from teleop.frame import COAST, HZ, Action, Controls, Start, Tick
from teleop.window import FOCUS_GONE

STEER_PER_S = 2.5
"""Straight to full lock in 0.4 s: a tap is a small correction."""
CENTRE_PER_S = 5.0
"""The wheel springs back twice as fast as it is turned."""
GAS_PER_S = 2.0
BRAKE_PER_S = 4.0
RELEASE_PER_S = 8.0
"""A lifted foot is off the pedal in an eighth of a second."""
FULL_BRAKE = 0.8
"""As far as a key brakes: CarRacing-v3 locks the wheels from 0.9 up, and its own keyboard stops here too."""


@dataclass(frozen=True, slots=True, eq=False)
class _Output:
    step: int
    action: Action
    hands_on: bool


REST = _Output(-1, COAST, hands_on=False)


class Keyboard:
    """Arrows or WASD. Hands are on while a driving key is held."""

    person = True
    name = "keyboard"
    plugged = (name,)

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._now = self._before = REST

    def reset(self, start: Start) -> None:
        """Centre the wheel. Keys that are held stay held: no new event would say so."""
        self._now = self._before = REST

    def feed(self, event: pygame.Event) -> bool:
        """Note an event; True when it was a touch of this device."""
        if event.type in FOCUS_GONE:
            self._down.clear()
        elif event.type == pygame.KEYUP:
            self._down.discard(event.key)
        elif event.type == pygame.KEYDOWN and event.key in KEYS:
            self._down.add(event.key)
            return True
        return False

    def read(self, tick: Tick) -> Controls:
        """One tick further along the ramps, however often this step is read: a pause must not wind them up.

        Taking over starts from the driver's proposal, so that nothing jumps; from then on from the last own output,
        whoever drives and whatever pushes.
        """
        if tick.step != self._now.step:
            self._before = self._now
        held = {meaning for key in self._down if isinstance(meaning := KEYS[key], Drive)}
        hands_on = bool(held)
        action = _ramped(self._beginning(tick, hands_on), _target(held))
        self._now = _Output(tick.step, action, hands_on)
        return Controls(action, hands_on)

    def _beginning(self, tick: Tick, hands_on: bool) -> Action:
        follows = self._before.step == tick.step - 1
        taking_over = hands_on and not self._before.hands_on
        if tick.proposal is not None and (taking_over or not follows):
            return tick.proposal
        return self._before.action if follows else COAST


def _target(held: set[Drive]) -> tuple[float, float, float]:
    """Where the held keys point: steering, gas, brake."""
    steering = (Drive.RIGHT in held) - (Drive.LEFT in held)
    return float(steering), float(Drive.GAS in held), FULL_BRAKE * (Drive.BRAKE in held)


def _ramped(action: Action, target: tuple[float, float, float]) -> Action:
    """`action` one tick nearer to `target`."""
    steering, gas, brake = (float(value) for value in action)
    return np.array(
        [
            _moved(steering, target[0], STEER_PER_S, CENTRE_PER_S),
            _moved(gas, target[1], GAS_PER_S, RELEASE_PER_S),
            _moved(brake, target[2], BRAKE_PER_S, RELEASE_PER_S),
        ],
        np.float32,
    )


def _moved(value: float, target: float, press_per_s: float, release_per_s: float) -> float:
    """One tick from `value` to `target`: away from zero at one rate, back to zero at the other."""
    if value * target < 0:
        target = 0.0  # back through the middle first
    rate = press_per_s if abs(target) > abs(value) else release_per_s
    return value + min(max(target - value, -rate / HZ), rate / HZ)
