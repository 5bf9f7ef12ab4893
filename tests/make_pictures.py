"""Makes the README's pictures of the driving window anew: `python -m tests.make_pictures`.

The autopilot's hands are called a person's for this, so that every screen a person meets is shown.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

os.environ |= {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}

import pygame

from teleop.bindings import Bindings
from teleop.clock import SimulatedMetronome
from teleop.devices.scripted import Scripted
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.drivers.nudge import Nudge, NudgeConfig
from teleop.frame import HZ, Command, Controls, End, Source, Start, Tick
from teleop.gates import Only
from teleop.hands import every_hand_device
from teleop.logbook import Logbook
from teleop.loop import Sink, run_episode
from teleop.settings.settings import Settings
from teleop.sitting import Sitting
from teleop.window import SIZE, Window
from teleop.worlds.track import TrackWorld, versions

MEDIA = Path(__file__).parents[1] / ".github" / "media"
TRACKS = range(7, 9)
GO, QUIT = pygame.K_SPACE, pygame.K_ESCAPE
GAP = 20
"""Pixels between screens."""
REWOUND_AT = 430
"""Steps driven when three seconds are taken back."""
SHIFTY = NudgeConfig(probability=0.02, strength=1.0, shortest_steps=25, longest_steps=35, rest_s=3.0)
"""Pushes hard enough that some tiles are missed."""


class Hands(Scripted):
    """The autopilot's, shown as a person's; they rewind once, and drive on when the picture was taken."""

    person = True

    def __init__(self) -> None:
        super().__init__(Autopilot(), "Xbox Wireless Controller")

    def reset(self, start: Start) -> None:
        super().reset(start)
        self._waited = -1

    def read(self, tick: Tick) -> Controls:
        controls = super().read(tick)
        if tick.step == REWOUND_AT and self._waited < 0:
            self._waited = 0
            return Controls(controls.action, hands_on=True, commands=(Command.REWIND,) * 3)
        if 0 <= self._waited < 10:
            self._waited += 1
            return Controls(controls.action, hands_on=self._waited == 10)
        return controls


class Camera(Window):
    """A window that is photographed: picture by picture, the film says what is pressed or how a photo is called."""

    def __init__(self) -> None:
        super().__init__("teleop", SIZE)
        self.film: Iterator[int | str | None] = iter(())
        self.photos: dict[str, pygame.Surface] = {}

    def present(self) -> None:
        super().present()
        match next(self.film, None):
            case int(key):
                pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))
                pygame.event.post(pygame.Event(pygame.KEYUP, key=key))
            case str(name):
                self.photos[name] = self.canvas.copy()


def before_the_lap() -> Iterator[int | str | None]:
    yield from (None, "ready", GO)
    yield from (*[None] * 20, "countdown", GO)
    yield from (*[None] * (REWOUND_AT - 60), "driving", *[None] * 63, "rewound")


def after_the_lap() -> Iterator[int | str | None]:
    yield from (None, "summary", QUIT)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Camera()) as camera,
        closing(TrackWorld(picture=True)) as world,
        Logbook(Path(folder) / "mine", world.environment(), block_when_behind=True, operator="Ada") as logbook,
    ):
        seat = Seat(camera, every_hand_device(Settings()), Bindings(), Hands())

        def drive(seed: int, sinks: Sequence[Sink]) -> End:
            start = Start(seed, "demo", paced=False, versions=versions())
            hands = Only(Source.HUMAN)
            return run_episode(start, world, seat, {}, hands, sinks, SimulatedMetronome(HZ), Nudge(SHIFTY))

        camera.film = before_the_lap()
        for _ in Sitting(camera, seat, world, Settings(sound=False), drive, logbook).drive(TRACKS):
            camera.film = after_the_lap()
        save(camera.photos)


def save(photos: Mapping[str, pygame.Surface]) -> None:
    """One picture of the drive, and the four screens of a lap side by side."""
    pygame.image.save(photos["driving"], MEDIA / "driving.png")
    sheet = pygame.Surface((2 * SIZE[0] + GAP, 2 * SIZE[1] + GAP))
    sheet.fill("white")
    for place, name in enumerate(("ready", "countdown", "rewound", "summary")):
        row, column = divmod(place, 2)
        sheet.blit(photos[name], (column * (SIZE[0] + GAP), row * (SIZE[1] + GAP)))
    pygame.image.save(pygame.transform.smoothscale_by(sheet, 0.6), MEDIA / "screens.png")


if __name__ == "__main__":
    main()
