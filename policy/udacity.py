"""What differs where PilotNet learns in its own world: steering alone, ten pictures a second, few of them straight on,
and side cameras whose pictures come with the steering that leads back to the middle (Bojarski et al. 2016, 1604.07316).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from policy.rows import Lesson, Rows
from policy.vision import Vision, see_all

SEEN = Vision(width=200, height=66, colour="YUV", rows=75, speed=False, world="Udacity")
"""As the network was published."""
SAMPLE_HZ = 10
"""Of the paper: more often, neighbours are nearly the same picture."""
STEERING_ALONE = np.array([1, 0, 0], np.float32)
"""Times an action: what PilotNet answers; gas and brake are the governor's."""
STEERING_BINS = 25
"""Of |steering|, as wide as a degree of the wheels."""
SIDES = {"left": 1, "right": -1}
"""The cameras beside the middle, and where to steer from there: right is positive."""

Mask = npt.NDArray[np.bool_]


def sampled(time_ns: npt.NDArray[np.int64]) -> Mask:
    """(T,): the first row of every tenth of a second, for rows at these times (T,)."""
    tenth = np.rint(time_ns / 1e9 * SAMPLE_HZ)
    return np.append(True, np.diff(tenth) > 0)


def taught(
    lessons: Sequence[Lesson],
    vision: Vision,
    side_offset: float,
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> list[Lesson]:
    """What is learned from of these lessons: fewer of the rows that all steer alike, each by up to three cameras."""
    kept = evened(np.concatenate([lesson.rows.action[:, 0] for lesson in lessons]), rng)
    say(f"{kept.sum():,} of {len(kept):,} moments kept, so that driving straight on does not outweigh the bends")
    ends = np.cumsum([len(lesson.rows) for lesson in lessons])[:-1]
    fewer = [
        replace(lesson, rows=lesson.rows[np.flatnonzero(mask)])
        for lesson, mask in zip(lessons, np.split(kept, ends), strict=True)
        if mask.any()
    ]
    return [replace(lesson, rows=Rows.joined(list(_cameras(lesson, vision, side_offset)))) for lesson in fewer]


def evened(steering: npt.NDArray[np.float32], rng: np.random.Generator) -> Mask:
    """(N,): rows to keep of those that steer like this (N,), so that no bin of |steering| has more than the mean bin.

    The paper asks for more frames of bends and gives no rule. This one leaves nearly all of a log of bends.
    """
    place = np.minimum((np.abs(steering) * STEERING_BINS).astype(np.int64), STEERING_BINS - 1)
    count = np.bincount(place, minlength=STEERING_BINS)
    share = count[count > 0].mean() / np.maximum(count, 1)
    return np.asarray(rng.random(len(steering)) < share[place])


def _cameras(lesson: Lesson, vision: Vision, side_offset: float) -> Iterator[Rows]:
    """A lesson's rows as the camera in the middle saw them, then as those beside it did, where there were any."""
    rows, episode = lesson.rows, lesson.episode
    yield rows
    if episode is None:
        return
    chosen = episode.kept & np.isin(episode.step, rows.step)
    for camera, side in SIDES.items():
        if f"observation_{camera}" in episode.columns:
            view, _ = see_all(episode.pictures(chosen, camera), vision)
            action = rows.action.copy()
            action[:, 0] = np.clip(action[:, 0] + side * side_offset, -1, 1)
            yield replace(rows, view=view, action=action)
