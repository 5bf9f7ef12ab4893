"""Saliency as pictures to look at: what the policy was shown, what counted for it, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from policy.glances import Glance, every
from policy.saliency import overlaid

LEAST_WIDTH = 192
"""Screen pixels: smaller observations are enlarged."""
CAPTION_HEIGHT = 14
COLUMNS = 3
"""Of a contact sheet: three pairs of pictures side by side fit a page."""


def panel(glance: Glance) -> Pillow.Image:
    """A glance as two pictures side by side, with a caption."""
    both = np.hstack([glance.observation, overlaid(glance.observation, glance.mask)])
    picture = Pillow.fromarray(both)
    times = max(1, LEAST_WIDTH // glance.observation.shape[1])
    picture = picture.resize((picture.width * times, picture.height * times), Pillow.Resampling.NEAREST)
    framed = Pillow.new("RGB", (picture.width, picture.height + CAPTION_HEIGHT), "white")
    framed.paste(picture, (0, CAPTION_HEIGHT))
    ImageDraw.Draw(framed).text((3, 1), _caption(glance), fill="black")
    return framed


def _caption(glance: Glance) -> str:
    expert = "" if np.isnan(glance.expert[0]) else f", expert {glance.expert[0]:+.2f}"
    return f"episode {glance.episode} step {glance.step}: steering {glance.policy[0]:+.2f}{expert}"


def save_sheet(glances: Sequence[Glance], file: Path) -> None:
    """All of them on one PNG picture, line by line."""
    panels = [panel(glance) for glance in glances]
    width, height = panels[0].size
    columns = min(COLUMNS, len(panels))
    sheet = Pillow.new("RGB", (columns * width, -(-len(panels) // columns) * height), "white")
    for place, picture in enumerate(panels):
        sheet.paste(picture, (place % columns * width, place // columns * height))
    sheet.save(file, format="PNG")


def save_animation(glances: Sequence[Glance], file: Path, hz: float) -> None:
    """One after another as a GIF that repeats, as fast as it was driven, in ticks of this rate."""
    first, *others = (panel(glance) for glance in glances)
    # GIF counts in hundredths of a second.
    duration = round(1000 * every(hz) / hz, -1)
    first.save(file, format="GIF", save_all=True, append_images=others, duration=duration, loop=0)
