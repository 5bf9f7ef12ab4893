"""CarRacing-v3, drawn once a step and fast.

Stock CarRacing draws a 1000 x 800 picture in Python, polygon by polygon, to shrink it to 96 x 96, and draws it all
again for a window. `FastCarRacing` draws the same pixels from cached arrays: one numpy transform for every polygon,
only those on screen drawn, surfaces, font and text kept. The observations equal stock's bit by bit (the tests compare
them), because the same SDL_gfx calls get the same integers. A window's picture is the same drawing with skid marks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pygame
from gymnasium.envs.box2d import car_racing as stock
from pygame import gfxdraw
from pygame.surfarray import pixels2d, pixels3d
from pygame.transform import smoothscale

from teleop.frame import Image

WIDTH, HEIGHT = stock.WINDOW_W, stock.WINDOW_H
"""Pixels of the picture that people see."""
OBSERVATION_SIZE = (stock.STATE_W, stock.STATE_H)
TEXT_CENTRE = (60, HEIGHT - HEIGHT * 2.5 / 40.0)
"""Where stock writes the score."""
FONT_SIZE = 42
PANEL_HEIGHT = HEIGHT // 8
"""Rows at the bottom that the panel covers; before the flip they are the first ones, and nothing is drawn there."""
PANEL = (0, HEIGHT - PANEL_HEIGHT, WIDTH, PANEL_HEIGHT)
"""(x, y, width, height), after the flip."""
SEEN = (0, PANEL_HEIGHT, WIDTH, HEIGHT - PANEL_HEIGHT)
"""The rest, likewise, before the flip."""
MARGIN = 2
"""Pixels kept around the screen when skipping what lies outside: anti-aliased edges reach one pixel out."""

Floats = npt.NDArray[np.float64]
Points = npt.NDArray[np.int32]
Color = tuple[int, int, int]


class FastCarRacing(stock.CarRacing):
    """Stock CarRacing-v3 with its drawing replaced; physics, tracks and rewards are untouched.

    While `drawing` is False, steps return no observation and cost a twentieth: for re-simulation.
    """

    def __init__(self, *, domain_randomize: bool) -> None:
        super().__init__(domain_randomize=domain_randomize)
        self.drawing = True
        self._brush: Brush | None = None

    def _create_track(self) -> bool:
        """Also forgets the cached polygons of the last track."""
        self._brush = None
        return bool(super()._create_track())  # type: ignore[no-untyped-call]

    def _render(self, mode: str) -> Image | None:
        return self.brush.observation() if self.drawing else None

    @property
    def brush(self) -> Brush:
        """Draws this episode's track."""
        if self._brush is None:
            self._brush = Brush(self)
        return self._brush


class Brush:
    """Draws one episode of an environment, whose track stays the same while the car moves."""

    def __init__(self, env: FastCarRacing) -> None:
        self._env: Any = env  # to its own types, gymnasium's car and surface are None for ever
        self._base = _surface((WIDTH, HEIGHT))
        self._flipped = _surface((WIDTH, HEIGHT))
        self._picture: pygame.Surface | None = None
        self._narrow = _surface((OBSERVATION_SIZE[0], HEIGHT))
        self._narrow_view = _surface((OBSERVATION_SIZE[0], HEIGHT - PANEL_HEIGHT))
        self._small = _surface(OBSERVATION_SIZE)
        pygame.font.init()
        self._font = pygame.font.Font(pygame.font.get_default_font(), FONT_SIZE)
        self._text, self._text_surface = "", self._font.render("", True, (255, 255, 255), (0, 0, 0))
        grass = _grass_patches()
        polygons = np.concatenate([grass, np.array([polygon for polygon, _ in env.road_poly], np.float64)])
        self._corners = polygons  # (P, 4, 2)
        self._centres = polygons.mean(axis=1)  # (P, 2)
        self._radii = np.linalg.norm(polygons - self._centres[:, None], axis=2).max(axis=1)  # (P,)
        self._grass = [_color(env.grass_color)] * len(grass)
        self._background = _color(env.bg_color)

    def observation(self) -> Image:
        """What stock's `state_pixels` would be now: uint8 (96, 96, 3), fresh and C-contiguous."""
        self._camera = Camera(self._env)
        self._draw_ground()
        self._draw_car(self._base, skid_marks=False)
        self._draw_panel(self._flipped)
        if pixels2d(self._flipped)[:, -PANEL_HEIGHT - 1].any():
            self._shrink_with_a_bar_beyond_the_panel()
        else:
            self._shrink()
        return np.asarray(pixels3d(self._small).transpose(1, 0, 2).copy(order="C"))

    def picture(self) -> pygame.Surface:
        """The 1000 x 800 picture of the moment `observation` last drew, as stock's window shows it.

        Only valid until the next call; the ground is not drawn again, skid marks and car are painted over it.
        """
        if self._picture is None:
            self._picture = _surface((WIDTH, HEIGHT))
        self._draw_car(self._base, skid_marks=True)
        _flip(self._base, self._picture)
        self._draw_panel(self._picture)
        return self._picture

    def to_screen(self, xy: Floats) -> Floats:
        """(..., 2) world units to (..., 2) pixels of the last picture."""
        x, y = self._camera.project(xy[..., 0], xy[..., 1])
        return np.stack([x, HEIGHT - 1 - y], axis=-1)

    def _shrink(self) -> None:
        """Narrower first, as smoothscale does too, since flipping a narrow picture costs a tenth."""
        smoothscale(self._base.subsurface(SEEN), self._narrow_view.get_size(), self._narrow_view)
        panel = self._narrow.subsurface((0, HEIGHT - PANEL_HEIGHT, OBSERVATION_SIZE[0], PANEL_HEIGHT))
        smoothscale(self._flipped.subsurface(PANEL), panel.get_size(), panel)
        pixels2d(self._narrow)[:, :-PANEL_HEIGHT] = pixels2d(self._narrow_view)[:, ::-1]
        smoothscale(self._narrow, OBSERVATION_SIZE, self._small)

    def _shrink_with_a_bar_beyond_the_panel(self) -> None:
        """The bars of wheels that spin at more than 400 rad/s stand over the view."""
        _flip(self._base, self._flipped)
        self._draw_panel(self._flipped)
        smoothscale(self._flipped, OBSERVATION_SIZE, self._small)
        self._flipped.fill(0)

    def _draw_ground(self) -> None:
        away = np.hypot(*(self._centres - self._camera.middle).T)
        near = np.flatnonzero(away <= self._radii + self._camera.reach)  # a few dozen of several hundred
        x, y = self._camera.project(self._corners[near, :, 0], self._corners[near, :, 1])
        # gfxdraw truncates towards zero, as astype does.
        x, y = x.astype(np.int32), y.astype(np.int32)  # (N, 4) each
        on_screen = (
            (x.max(axis=1) >= -MARGIN)
            & (x.min(axis=1) <= WIDTH + MARGIN)
            & (y.max(axis=1) >= PANEL_HEIGHT - MARGIN)
            & (y.min(axis=1) <= HEIGHT + MARGIN)
        )
        self._draw_field()
        corners = np.stack([x[on_screen], y[on_screen]], axis=2).tolist()
        # Colours are read every time: a tile's colour changes when a wheel first touches it.
        road, grass, base = self._env.road_poly, self._grass, self._base
        for index, polygon in zip(near[on_screen].tolist(), corners, strict=True):
            color = grass[index] if index < len(grass) else _color(road[index - len(grass)][1])
            gfxdraw.aapolygon(base, polygon, color)
            gfxdraw.filled_polygon(base, polygon, color)

    def _draw_field(self) -> None:
        """The playfield: a fill while nothing beyond its edge is on screen, stock's polygon otherwise."""
        if self._camera.within_playfield():
            self._base.fill(self._background, SEEN)
            return
        edge = stock.PLAYFIELD
        x, y = self._camera.project(np.array([edge, edge, -edge, -edge]), np.array([edge, -edge, -edge, edge]))
        corners = np.stack([x, y], axis=1).astype(np.int32).tolist()
        self._base.fill(0)
        gfxdraw.aapolygon(self._base, corners, self._background)
        gfxdraw.filled_polygon(self._base, corners, self._background)

    def _draw_car(self, surface: pygame.Surface, skid_marks: bool) -> None:
        camera = self._camera
        self._env.car.draw(surface, camera.zoom, camera.shift, camera.angle, skid_marks)

    def _draw_panel(self, surface: pygame.Surface) -> None:
        self._env.surf = surface
        self._env._render_indicators(WIDTH, HEIGHT)
        text = f"{self._env.reward:04.0f}"
        if text != self._text:
            self._text, self._text_surface = text, self._font.render(text, True, (255, 255, 255), (0, 0, 0))
        place = self._text_surface.get_rect()
        place.center = TEXT_CENTRE
        surface.blit(self._text_surface, place)


class Camera:
    """Where the picture looks: behind the car, nose up, zooming in during the first second."""

    def __init__(self, env: Any) -> None:
        self.angle = -env.car.hull.angle
        self.zoom = 0.1 * stock.SCALE * max(1 - env.t, 0) + stock.ZOOM * stock.SCALE * min(env.t, 1)
        x, y = -(env.car.hull.position[0]) * self.zoom, -(env.car.hull.position[1]) * self.zoom
        shift = pygame.math.Vector2((x, y)).rotate_rad(self.angle)
        self.shift = (WIDTH / 2 + shift[0], HEIGHT / 4 + shift[1])
        # pygame's rotation treats right angles specially: taking cosine and sine from it keeps every pixel.
        turn = pygame.math.Vector2(1, 0).rotate_rad(self.angle)
        self._cos, self._sin = turn.x, turn.y
        self.middle = self._unproject(WIDTH / 2, HEIGHT / 2)
        """(x, y) of the screen's middle, in world units."""
        self.reach = math.hypot(WIDTH / 2 + MARGIN, HEIGHT / 2 + MARGIN) / self.zoom
        """From there to a corner, in world units."""

    def project(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """World units to pixels of the picture before it is flipped: y grows upwards."""
        return (
            (self._cos * x - self._sin * y) * self.zoom + self.shift[0],
            (self._sin * x + self._cos * y) * self.zoom + self.shift[1],
        )

    def within_playfield(self) -> bool:
        """Whether every corner of the screen, and a little more, shows the playfield."""
        for corner_x, corner_y in ((-9, -9), (WIDTH + 9, -9), (-9, HEIGHT + 9), (WIDTH + 9, HEIGHT + 9)):
            if max(map(abs, self._unproject(corner_x, corner_y))) > stock.PLAYFIELD:
                return False
        return True

    def _unproject(self, pixel_x: float, pixel_y: float) -> tuple[float, float]:
        """The opposite of `project`."""
        x, y = (pixel_x - self.shift[0]) / self.zoom, (pixel_y - self.shift[1]) / self.zoom
        return self._cos * x + self._sin * y, self._cos * y - self._sin * x


def _surface(size: tuple[int, int]) -> pygame.Surface:
    """32 bits a pixel whatever the display has, so that a window never changes an observation."""
    return pygame.Surface(size, 0, 32)


def _flip(source: pygame.Surface, target: pygame.Surface) -> None:
    """Upside down but for the panel's rows, into a surface that is kept: a fresh 3 MB one costs page faults."""
    pixels2d(target)[:, :-PANEL_HEIGHT] = pixels2d(source)[:, : PANEL_HEIGHT - 1 : -1]


def _color(values: Any) -> Color:
    red, green, blue = values
    return int(red), int(green), int(blue)


def _grass_patches() -> Floats:
    """(400, 4, 2): stock's darker squares, in its order."""
    size = stock.GRASS_DIM
    return np.array(
        [
            [
                (size * x + size, size * y),
                (size * x, size * y),
                (size * x, size * y + size),
                (size * x + size, size * y + size),
            ]
            for x in range(-20, 20, 2)
            for y in range(-20, 20, 2)
        ],
        np.float64,
    )
