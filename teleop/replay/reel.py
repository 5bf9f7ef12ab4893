"""An episode as it is looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from teleop.editing.changes import find_episode
from teleop.frame import Source
from teleop.session import Episode, Session

Floats = npt.NDArray[np.float64]


class Reel:
    """Its small columns, decoded once, and its marks as they are now. SessionError when it is damaged."""

    def __init__(self, session: Session, episode: Episode) -> None:
        self.session, self.episode = session, episode
        self.attrs, self.rows = episode.attrs, episode.committed
        self.hz = float(session.attrs["hz"])
        self.step, self.action, self.driver = episode.step, episode.action, episode.driver
        self.pose, self.wheels_on_road, self.kept = episode.pose, episode.wheels_on_road, episode.kept
        self.before = rows_before(self.step)
        """(T,): the row that led to each, after a rewind the last that it left; -1 where the reset did."""
        self.learner = episode.learner_action
        """(T, 3): NaN where there was none."""
        self.human = episode.human_action
        """(T, 3): NaN where the person, beside a learner, had no opinion: hands off."""
        self.human[~episode.hands_on & (self.driver != Source.HUMAN)] = np.nan
        self.score = scores(self.before, episode.reward)
        """(T,): earned before each row; NaN where the world rewards nothing."""
        self.read_marks()

    def read_marks(self) -> None:
        """They may have changed since."""
        marked = find_episode(self.session.path, self.episode.name)
        self.excluded = marked.excluded
        """(T,): not to be learned from."""
        self.discarded = marked.discarded
        self.judgement = str(marked.attrs.get("judgement", ""))
        """success, failure, or empty."""

    @property
    def title(self) -> str:
        """ "episode 000003 · track 12 · failure" """
        what = self.judgement or self.attrs.get("mode", "")
        return f"episode {self.episode.name} · track {self.attrs['seed']} · {what}"

    def who(self, row: int) -> str:
        """Drove it, for people."""
        if self.driver[row] == Source.LEARNER:
            return f"{(self.attrs.get('learner') or {}).get('name', 'the learner')} drives"
        expert = self.attrs.get("expert", "human")
        return f"{self.attrs.get('operator') or 'a person' if expert == 'human' else expert} drives"


def rows_before(step: npt.NDArray[np.int32]) -> list[int]:
    """For each row, the one that led there; -1 for the reset."""
    before, driven = [], list[int]()
    for row, taken in enumerate(step.tolist()):
        del driven[taken:]
        before.append(driven[-1] if driven else -1)
        driven.append(row)
    return before


def scores(before: list[int], reward: npt.NDArray[np.float32]) -> Floats:
    """(T,): the sum of the rewards of the rows that led to each."""
    score = np.zeros(len(before) + 1)  # the last, which -1 finds, is the reset's
    earned = [*reward.tolist(), 0.0]
    for row, led in enumerate(before):
        score[row] = score[led] + earned[led]
    return score[:-1]
