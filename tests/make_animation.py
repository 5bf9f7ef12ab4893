"""Makes the animation that the README opens with: `python -m tests.make_animation`, after `teleop demo`.

It takes the demo's first policy and its last one, and the first diagnosis track on which the first one leaves the road.
The hands are the autopilot's, called a person's for this; nothing else is staged.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pygame
from PIL import Image

from teleop.again import Again
from teleop.bindings import Bindings
from teleop.clock import SimulatedMetronome
from teleop.devices.nobody import Nobody
from teleop.devices.scripted import Scripted
from teleop.devices.seat import Seat
from teleop.drivers.autopilot import Autopilot
from teleop.evaluate import drive_track
from teleop.frame import COAST, DIAGNOSIS_SEED, HZ, Action, Command, Controls, End, Frame, Source, Start, Tick
from teleop.gates import TakeOver
from teleop.hands import every_hand_device
from teleop.learners import LearnerFrom
from teleop.loop import run_episode
from teleop.pen import DARK, DIM, INK, Pen
from teleop.settings.settings import Settings
from teleop.sinks.hud import Hud
from teleop.sinks.interventions import Interventions
from teleop.worlds.mid_drive import MidDrive
from tests.make_pictures import MEDIA, Camera

TICKS_A_PICTURE = 5
SHOWN = (400, 320)
"""Pixels of a picture; there are two, side by side."""
GAP, CAPTION = 8, 34
"""Pixels between them, and below."""
LEAD_S, AFTER_S = 1.5, 2.5
"""Shown before and after the moment at which the first policy left the road."""
STILL = 15
"""Pictures that stand still at the end."""
COLOURS = 96
STEPS = (
    "1  the learner drives, you watch",
    "2  it goes wrong: touch the stick",
    "3  rewind, and drive the bend yourself",
    "4  it learns from that too",
    "5  the same bend again",
)


class Film(Camera):
    """A window whose every fourth picture is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[tuple[pygame.Surface, int]] = []
        """Each with the step of the story that it belongs to."""
        self.step = 0
        self._shown = 0

    def present(self) -> None:
        super().present()
        if self._shown % TICKS_A_PICTURE == 0:
            self.pictures.append((pygame.transform.smoothscale(self.canvas, SHOWN), self.step))
        self._shown += 1


class Departure:
    """A sink that keeps what was done until all four wheels were off the road."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.left = False

    def on_start(self, start: Start) -> None:
        self.actions.clear()
        self.left = False

    def on_frame(self, frame: Frame) -> None:
        self.left = self.left or frame.result.wheels_on_road == 0
        if not self.left:
            self.actions.append(frame.action)

    def on_idle(self, tick: Tick, why: str) -> None:
        pass

    def on_end(self, end: End) -> None:
        pass


class Hands(Scripted):
    """Touch the stick when the car has left the road, take two moments back, and drive the bend themselves."""

    person = True

    def __init__(self, film: Film) -> None:
        super().__init__(Autopilot(), "Xbox Wireless Controller")
        self._film = film

    def reset(self, start: Start) -> None:
        super().reset(start)
        self._script = self._hands()

    def read(self, tick: Tick) -> Controls:
        self._tick, self._meant = tick, super().read(tick)
        return next(self._script)

    def _hands(self) -> Iterator[Controls]:
        while self._tick.outcome.wheels_on_road > 0:
            yield Controls(COAST, hands_on=False)
        self._film.step = 1
        yield from self._held(HZ // 2)
        self._film.step = 2
        back = round(self._tick.step / HZ - LEAD_S + 0.5)
        yield Controls(self._meant.action, hands_on=False, commands=(Command.REWIND,) * back)
        for _ in range(HZ):
            yield Controls(self._meant.action, hands_on=False)
        yield from self._held(round((LEAD_S + AFTER_S) * HZ))
        yield Controls(self._meant.action, hands_on=True, commands=(Command.FINISH,))

    def _held(self, ticks: int) -> Iterator[Controls]:
        for _ in range(ticks):
            yield Controls(self._meant.action, hands_on=True)


class Counted:
    """What a recorder would say."""

    rows_recorded = 812
    rows_behind = 0


def first_departure(checkpoint: Path) -> tuple[int, list[Action]]:
    """The track, and what was done there until the policy left the road."""
    driver, departure = LearnerFrom(checkpoint)(), Departure()
    for seed in range(DIAGNOSIS_SEED, DIAGNOSIS_SEED + 100):
        drive_track(driver, seed, sinks=[departure])
        if departure.left:
            return seed, departure.actions
    raise SystemExit(f"{checkpoint} leaves the road on no diagnosis track: there is nothing to correct")


def filmed(seed: int, before: Sequence[Action], checkpoint: Path, corrected: bool) -> list[tuple[pygame.Surface, int]]:
    """A checkpoint's drive from so much on: with hands that correct it, or alone."""
    alone = None if corrected else round((LEAD_S + AFTER_S) * HZ)
    counted = Interventions()
    world = MidDrive(before, max_steps=alone, picture=True, counted=counted.figures)
    with closing(Film()) as film, closing(world):
        seat = Seat(film, every_hand_device(Settings()), Bindings(), Hands(film) if corrected else Nobody())
        again = Again(LearnerFrom(checkpoint)(), TakeOver())
        run_episode(
            Start(seed, "dagger", paced=False, learner={"name": checkpoint.name}),
            world=world,
            device=seat,
            drivers={Source.LEARNER: again},
            gate=again,
            sinks=[counted, Hud(film, world, Counted(), seat)],
            metronome=SimulatedMetronome(HZ),
        )
        return film.pictures


def story(demo: Path) -> Iterator[pygame.Surface]:
    """Every picture of the animation."""
    pen, (first, *_, last) = Pen(), sorted(demo.glob("learner-*.safetensors"))
    seed, actions = first_departure(first)
    way = actions[: max(0, len(actions) - round(LEAD_S * HZ))]
    for picture, step in filmed(seed, way, first, corrected=True):
        yield sheet(pen, picture, steps(pen, step), "the first policy", "")
    for _ in range(STILL):
        yield sheet(pen, picture, steps(pen, 3), "the first policy", "")
    before, after = (filmed(seed, way, checkpoint, corrected=False) for checkpoint in (first, last))
    for number in range(max(len(before), len(after)) + STILL):
        left, right = (film[min(number, len(film) - 1)][0] for film in (before, after))
        yield sheet(pen, left, right, "the same bend, before", "and after")


def steps(pen: Pen, current: int) -> pygame.Surface:
    """The steps of the story, the one that is being shown the brightest."""
    surface = pygame.Surface(SHOWN)
    surface.fill(DARK)
    for number, words in enumerate(STEPS):
        pen.text(surface, words, (24, 60 + 48 * number), 27, INK if number == current else DIM)
    return surface


def sheet(pen: Pen, left: pygame.Surface, right: pygame.Surface, *captions: str) -> pygame.Surface:
    """Two pictures side by side, with what they show."""
    surface = pygame.Surface((2 * SHOWN[0] + GAP, SHOWN[1] + CAPTION))
    surface.fill(DARK)
    for column, (picture, words) in enumerate(zip((left, right), captions, strict=True)):
        x = column * (SHOWN[0] + GAP)
        surface.blit(picture, (x, 0))
        pen.text(surface, words, (x + SHOWN[0] // 2, SHOWN[1] + CAPTION // 2), 26, anchor="center")
    return surface


def save(surfaces: Sequence[pygame.Surface], path: Path) -> None:
    """As a GIF that repeats, in colours chosen from all of its pictures."""
    size = surfaces[0].get_size()
    pictures = [Image.frombytes("RGB", size, pygame.image.tobytes(surface, "RGB")) for surface in surfaces]
    palette = montage(pictures).quantize(COLOURS)
    plain = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    duration_ms = 1000 * TICKS_A_PICTURE // HZ
    plain[0].save(path, save_all=True, append_images=plain[1:], duration=duration_ms, loop=0, optimize=True)


def montage(pictures: Sequence[Image.Image]) -> Image.Image:
    """A few of the pictures in one."""
    some = pictures[:: max(1, len(pictures) // 8)]
    width, height = some[0].size
    whole = Image.new("RGB", (width, height * len(some)))
    for number, picture in enumerate(some):
        whole.paste(picture, (0, number * height))
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("demo", type=Path, nargs="?", default=Path("demo"), help="what `teleop demo` left")
    save(list(story(parser.parse_args().demo)), MEDIA / "correcting.gif")


if __name__ == "__main__":
    main()
