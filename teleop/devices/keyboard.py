"""A keyboard that steers like a hand."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from teleop.bindings import Bindings, Drive, Meaning
from teleop.devices.ramp import key_target, ramped
from teleop.frame import COAST, HZ, Action, Controls, Start, Tick
from teleop.window import FOCUS_GONE


@dataclass(frozen=True, slots=True, eq=False)
class _Output:
    step: int
    action: Action
    hands_on: bool


REST = _Output(-1, COAST, hands_on=False)


class Keyboard:
    """Arrows or WASD. Hands are on while a driving key is held. It is read `hz` times a second."""

    person = True
    name = "keyboard"
    plugged = (name,)

    def __init__(self, bindings: Bindings | None = None, hz: float = HZ) -> None:
        self._keys = (bindings or Bindings()).keys
        self._hz = hz
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
        elif event.type == pygame.KEYDOWN and event.key in self._keys:
            self._down.add(event.key)
            return True
        return False

    def meaning(self, event: pygame.Event) -> Meaning | None:
        """What a key going down means; None for anything else."""
        return self._keys.get(event.key) if event.type == pygame.KEYDOWN else None

    def rumble(self, strength: float, duration_ms: int) -> None:
        """A keyboard has no motor."""

    def read(self, tick: Tick) -> Controls:
        """One tick further along the ramps, however often this step is read: a pause must not wind them up.

        Taking over starts from the driver's proposal, so that nothing jumps; from then on from the last own output,
        whoever drives and whatever pushes.
        """
        if tick.step != self._now.step:
            self._before = self._now
        held = {meaning for key in self._down if isinstance(meaning := self._keys[key], Drive)}
        hands_on = bool(held)
        action = ramped(self._beginning(tick, hands_on), key_target(held), self._hz)
        self._now = _Output(tick.step, action, hands_on)
        return Controls(action, hands_on)

    def _beginning(self, tick: Tick, hands_on: bool) -> Action:
        follows = self._before.step == tick.step - 1
        taking_over = hands_on and not self._before.hands_on
        if tick.proposal is not None and (taking_over or not follows):
            return tick.proposal
        return self._before.action if follows else COAST
