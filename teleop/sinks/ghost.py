"""The ghost: a thin line of dots ahead of the car, and a cross where it would leave the road."""

from __future__ import annotations

import numpy as np
import pygame

from teleop.frame import Frame, Source
from teleop.ghost import predicted
from teleop.loop import View
from teleop.pen import ACCENT, RECORDING, Pen
from teleop.road import Floats, Road
from teleop.window import SIZE

DOT = 3
CROSS = 11


def learners_next_second(frame: Frame) -> Floats | None:
    """(25, 2) track units from where the frame led to; None without a learner, or where no pose is known."""
    action, pose = frame.proposals.get(Source.LEARNER), frame.result.pose
    if action is None or np.isnan(pose).any():
        return None
    return predicted(frame.tick.outcome.pose, pose, action)


def draw_ghost(canvas: pygame.Surface, pen: Pen, picture: pygame.Rect, view: View, road: Road, path: Floats) -> None:
    """A path over the picture that `view` drew into the rect `picture` of the canvas."""
    dots = view.to_screen(path) * (picture.width / SIZE[0], picture.height / SIZE[1]) + picture.topleft
    off = np.abs(road.locate(path).lateral) > road.half_width
    leaves = int(np.argmax(off)) if off.any() else len(path)
    radius = max(2, pen.px(DOT))
    for number, dot in enumerate(dots.tolist()):
        pygame.draw.circle(canvas, ACCENT if number < leaves else RECORDING, dot, radius)
    if 0 < leaves < len(path):  # off the road already, it does not leave it
        _draw_cross(canvas, pen, dots[leaves].tolist())


def _draw_cross(canvas: pygame.Surface, pen: Pen, middle: list[float]) -> None:
    x, y = middle
    out, width = pen.px(CROSS), max(3, pen.px(5))
    pygame.draw.line(canvas, RECORDING, (x - out, y - out), (x + out, y + out), width)
    pygame.draw.line(canvas, RECORDING, (x - out, y + out), (x + out, y - out), width)
