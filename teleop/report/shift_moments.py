"""Moments of driving as pictures that a page holds: strips of frames, and animations in real time."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from teleop.frame import HZ, Image
from teleop.rendering import recorded_pictures
from teleop.report.figures import png_address
from teleop.session import open_session
from teleop.shift.failures import Moment

BEFORE, AFTER = 2 * HZ, HZ
"""Frames of an animation before and after the departure."""
EVERY = 2
"""Frames a picture of it: 25 a second."""
REST_MS = 1000
"""On the last picture, before it begins again."""
STRIP_EVERY = HZ // 4
STRIP_PLACES = STRIP_EVERY * np.arange(-6, 2)
"""Frames of a strip, counted from the departure."""


@dataclass(frozen=True)
class MomentPictures:
    """What a page shows of a moment; addresses that hold their pictures."""

    moment: Moment
    strip: dict[int, str]
    """PNG by frame, in order, the departure's among them."""
    animation: str
    """WebP, endless."""

    @property
    def retake(self) -> str:
        """The command by which somebody drives on from two seconds before the departure: sooner, it can be helped."""
        frame = max(0, self.moment.frame - BEFORE)
        return shlex.join(["teleop", "retake", str(self.moment.session), str(int(self.moment.episode)), str(frame)])


def moment_pictures(moments: Sequence[Moment]) -> Iterator[MomentPictures]:
    """Each moment's pictures, from the session it is recorded in; reads one episode at a time."""
    sessions = {path: open_session(path, recorded_pictures()) for path in {moment.session for moment in moments}}
    for moment in moments:
        episode = next(one for one in sessions[moment.session].episodes if one.name == moment.episode)
        yield _pictures(moment, episode.observation)


def _pictures(moment: Moment, observations: Image) -> MomentPictures:
    shown = [frame for frame in moment.frame + STRIP_PLACES if 0 <= frame < len(observations)]
    moving = observations[max(0, moment.frame - BEFORE) : moment.frame + AFTER : EVERY]
    strip = {int(frame): png_address(observations[frame]) for frame in shown}
    return MomentPictures(moment, strip, webp_address(moving))


def webp_address(pictures: Image) -> str:
    """(N, height, width, 3) as the address of an animation in real time, without loss."""
    first, *others = (Pillow.fromarray(picture) for picture in pictures)
    durations = [1000 * EVERY // HZ] * len(others) + [REST_MS]
    encoded = io.BytesIO()
    first.save(encoded, format="WEBP", save_all=True, append_images=others, duration=durations, loop=0, lossless=True)
    return "data:image/webp;base64," + base64.b64encode(encoded.getvalue()).decode()
