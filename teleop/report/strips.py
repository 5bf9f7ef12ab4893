"""Strips of what a policy saw, a frame every quarter of a second."""

from __future__ import annotations

from teleop.frame import Source
from teleop.report.figures import frame_strip, framed
from teleop.session import Session
from teleop.takeovers import Takeover

STRIP_FRAMES = 8
STRIP_EVERY = 12
"""Ticks between the frames of a strip."""
EXPERT, LEARNER = (213, 94, 0), (0, 114, 178)
"""Of the frames round the pictures, as in the driving window: red and blue that colour-blind eyes tell apart."""


def takeover_strip(session: Session, takeover: Takeover) -> str:
    """A takeover of this session, half of the frames before it, each framed by who drove: the address of a PNG."""
    (episode,) = (episode for episode in session.episodes if episode.name == takeover.episode)
    first = max(0, takeover.row - STRIP_FRAMES // 2 * STRIP_EVERY)
    rows = range(first, min(first + STRIP_FRAMES * STRIP_EVERY, episode.committed), STRIP_EVERY)
    pictures, driver = episode.observation, episode.driver
    return frame_strip([framed(pictures[row], EXPERT if driver[row] == Source.HUMAN else LEARNER) for row in rows])
