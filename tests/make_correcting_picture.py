"""Makes the README's picture of correcting a learner anew: `python -m tests.make_correcting_picture`.

The autopilot's hands are called a person's for this, and the learner knows no bend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import pygame

from teleop.again import Again
from teleop.bindings import Bindings
from teleop.clock import SimulatedMetronome
from teleop.devices.scripted import Care, Scripted
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.frame import COAST, HZ, Action, Command, Controls, Source, Start, Tick
from teleop.gates import TakeOver
from teleop.hands import every_hand_device
from teleop.loop import run_episode
from teleop.settings.settings import Settings
from teleop.sinks.hud import Hud
from teleop.sinks.interventions import Interventions
from teleop.window import SIZE
from teleop.worlds.track import TrackWorld
from tests.make_pictures import GAP, MEDIA, Camera

TRACK = 7
PHOTOS = ("autonomous", "takeover", "rewound", "relabel")
FIRST_BEND = 75
"""Steps."""


class Straight:
    """A learner that knows no bend."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.02, 0.3 * (tick.outcome.pose[3] < 45), 0.0], np.float32)


class Corrector(Scripted):
    """Takes over in the first bend, goes back two seconds, and steers along."""

    person = True

    def __init__(self, camera: Camera) -> None:
        super().__init__(Autopilot(), "Xbox Wireless Controller", Care(ahead_s=0, wrong_lateral=3.5))
        self._camera = camera

    def reset(self, start: Start) -> None:
        super().reset(start)
        self._script = self._hands()

    def read(self, tick: Tick) -> Controls:
        self._step, self._meant = tick.step, super().read(tick)
        return next(self._script)

    def _hands(self) -> Iterator[Controls]:
        while self._step < FIRST_BEND or not self._meant.hands_on:
            yield from self._held(1, on=False, photo="autonomous" if self._step == FIRST_BEND - 1 else None)
        yield from self._held(22, photo="takeover")
        yield from self._held(18)
        yield from self._held(1, on=False, commands=(Command.REWIND, Command.REWIND))
        yield from self._held(5, on=False, photo="rewound")
        yield from self._held(1, commands=(Command.SLOWER, Command.SLOWER, Command.RELABEL))
        yield from self._held(25, photo="relabel")
        yield from self._held(1, commands=(Command.FINISH,))

    def _held(
        self, ticks: int, on: bool = True, commands: Sequence[Command] = (), photo: str | None = None
    ) -> Iterator[Controls]:
        """So many ticks; the last of them is photographed."""
        for left in range(ticks, 0, -1):
            if left == 1:
                self._camera.film = iter((photo,))
            yield Controls(self._meant.action if on else COAST, on, tuple(commands))


class Counted:
    """What a recorder would say."""

    rows_recorded = 812
    rows_behind = 0


def main() -> None:
    counted = Interventions()
    with closing(Camera()) as camera, closing(TrackWorld(picture=True, counted=counted.figures)) as world:
        seat = Seat(camera, every_hand_device(Settings()), Bindings(), Corrector(camera))
        again = Again(Straight(), TakeOver())
        run_episode(
            Start(TRACK, "dagger", paced=False, learner={"name": "mine.safetensors"}),
            world=world,
            device=seat,
            drivers={Source.LEARNER: again},
            gate=again,
            sinks=[counted, Hud(camera, world, Counted(), seat)],
            metronome=SimulatedMetronome(HZ),
        )
        sheet = pygame.Surface((2 * SIZE[0] + GAP, 2 * SIZE[1] + GAP))
        sheet.fill("white")
        for place, name in enumerate(PHOTOS):
            row, column = divmod(place, 2)
            sheet.blit(camera.photos[name], (column * (SIZE[0] + GAP), row * (SIZE[1] + GAP)))
        pygame.image.save(pygame.transform.smoothscale_by(sheet, 0.6), MEDIA / "correcting.png")


if __name__ == "__main__":
    main()
