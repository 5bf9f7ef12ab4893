"""The light that says whether driving is recorded."""

from __future__ import annotations

import pygame

from teleop.pen import INK, RECORDING, WARNING, Pen


def draw_light(pen: Pen, canvas: pygame.Surface, centre: tuple[int, int], recording: bool) -> None:
    """In words too, beside the lamp."""
    text = "recording is on" if recording else "practice: nothing is recorded"
    at = (centre[0] + pen.px(12), centre[1])
    written = pen.text(canvas, text, at, 26, INK if recording else WARNING, "center")
    lamp = (written.left - pen.px(18), centre[1] - pen.px(1))
    pen.lamp(canvas, lamp, RECORDING if recording else WARNING, recording)
