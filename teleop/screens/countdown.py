"""Three, two, one: time to take hold, over the first picture of the track."""

from __future__ import annotations

import pygame

from teleop.bindings import Flow
from teleop.frame import Command
from teleop.loop import View
from teleop.pen import ACCENT, DIM, INK
from teleop.screens.light import draw_light
from teleop.screens.stage import Paint, Stage
from teleop.sinks.picture import SHOWN, draw_picture
from teleop.sounds import Sound, Sounds

SECONDS = 3
STANDING = "from above; the camera zooms in"
"""How a drive begins at the start line..."""
ROLLING = "in mid-drive: the car rolls at once"
"""...and elsewhere."""


def count_down(stage: Stage, sounds: Sounds, view: View, track: int, recording: bool, begins: str = STANDING) -> bool:
    """Count over `view`, or as long as nobody skips it; False when they quit. `begins` says how it will."""
    for left in range(SECONDS, 0, -1):
        sounds.play(Sound.COUNT)
        answer = stage.ask(_painted(stage, view, left, track, recording, begins), Command.PAUSE, seconds=1.0)
        if answer is Flow.QUIT:
            return False
        if answer is Command.PAUSE:
            break
    sounds.play(Sound.GO)
    return True


def _painted(stage: Stage, view: View, left: int, track: int, recording: bool, begins: str) -> Paint:
    pen = stage.window.pen
    skip = f"start at once: {stage.said(Command.PAUSE)}"

    def paint(canvas: pygame.Surface) -> None:
        draw_picture(canvas, view, round(canvas.get_height() * SHOWN))
        plate = pygame.Rect(0, 0, pen.px(380), pen.px(312))
        plate.center = (canvas.get_width() // 2, canvas.get_height() * 2 // 5)
        pen.panel(canvas, plate)
        middle = plate.centerx
        pen.text(canvas, f"Track {track}", (middle, plate.top + pen.px(38)), 32, INK, "center")
        pen.text(canvas, f"{left}", (middle, plate.top + pen.px(138)), 180, ACCENT, "center")
        draw_light(pen, canvas, (middle, plate.top + pen.px(222)), recording)
        pen.text(canvas, begins, (middle, plate.bottom - pen.px(54)), 20, DIM, "center")
        pen.text(canvas, skip, (middle, plate.bottom - pen.px(28)), 22, DIM, "center")

    return paint
