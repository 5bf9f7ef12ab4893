"""Moments of a session through the eyes of a policy: which ones, and what it made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from policy.checkpoint import Checkpoint
from policy.labels import ZOOM_STEPS
from policy.learner import Learner
from policy.saliency import Mask, saliency
from teleop.errors import UserError
from teleop.frame import Action, Image
from teleop.session import Episode, Session

MOMENTS = 24
"""Where none are named."""
ANIMATED_S, FRAME_S = 10.0, 0.08
"""Of an animation: seconds of driving, and between two frames; where ticks are longer, as long as these."""

Moment = tuple[Episode, int]
"""An episode and one of its rows."""


class GlanceError(UserError):
    """Nothing to look at: the rule, what was got, the remedy."""


@dataclass(frozen=True, eq=False)
class Glance:
    """One moment through the eyes of a policy."""

    episode: str
    step: int
    observation: Image
    """uint8 (height, width, 3)."""
    mask: Mask
    """float32 (height, width) in [0, 1]: how much each pixel counts for the steering."""
    policy: Action
    """What the policy would do."""
    expert: Action
    """What the expert wanted; NaN where there was none."""


def chosen_episodes(session: Session, number: int | None) -> Sequence[Episode]:
    """The episode of this number, or all that nobody discarded; GlanceError when there is none."""
    if number is None:
        chosen = [episode for episode in session.episodes if not episode.discarded]
    else:
        chosen = [episode for episode in session.episodes if int(episode.name) == number]
    if not chosen:
        there = ", ".join(str(int(episode.name)) for episode in session.episodes) or "none"
        raise GlanceError(f"there must be an episode to look at; {session.path} has, with rows: {there}: name one")
    return chosen


def moments(episodes: Iterable[Episode], steps: Sequence[int], first: int = ZOOM_STEPS) -> list[Moment]:
    """These steps of every episode; if none are named, 24 spread evenly over all from the `first` on, after the zoom.

    Only where no rewind took them back. GlanceError when there are none.
    """
    found: list[Moment] = []
    for episode in episodes:
        wanted = np.isin(episode.step, steps) if steps else episode.step >= first
        found += [(episode, row) for row in np.flatnonzero(wanted & episode.kept).tolist()]
    if not found:
        asked = f"the steps {', '.join(map(str, steps))}" if steps else f"steps from {first} on"
        raise GlanceError(f"an episode must have {asked}; none has: name others with --frames, or another --episode")
    places = range(len(found)) if steps else np.unique(np.linspace(0, len(found) - 1, MOMENTS).round().astype(int))
    return [found[place] for place in places]


def every(hz: float) -> int:
    """Ticks between two frames of an animation of driving at this rate."""
    return max(1, round(FRAME_S * hz))


def onward(moment: Moment, hz: float) -> list[Moment]:
    """Ten seconds of an episode from a moment on, a tick for every frame."""
    episode, first = moment
    rows = np.flatnonzero(episode.kept)
    rows = rows[rows >= first][: round(ANIMATED_S * hz) : every(hz)]
    return [(episode, row) for row in rows.tolist()]


def glances(checkpoint: Checkpoint, chosen: Iterable[Moment]) -> list[Glance]:
    """What the policy of a checkpoint makes of these moments, in order."""
    network = checkpoint.build()
    learner = Learner(network, checkpoint.vision)
    seen: list[Glance] = []
    for episode, group in groupby(chosen, key=lambda moment: moment[0]):
        rows = [row for _, row in group]
        observations = episode.pictures(np.isin(np.arange(episode.committed), rows))
        steps, expert = episode.step, episode.human_action
        for row, observation in zip(sorted(rows), observations, strict=True):
            mask = saliency(network, checkpoint.vision, observation)
            policy = learner.act(observation)
            seen.append(Glance(episode.name, int(steps[row]), observation, mask, policy, expert[row]))
    return seen
