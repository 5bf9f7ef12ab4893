"""From recorded sessions to labelled rows in memory, and from those to shuffled batches.

Which rows are labelled, and with what, is a rule read over what was recorded; nothing recorded is ever changed.
Pictures stay uint8: 20 laps are 90 MB, and the network normalises them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from policy.vision import OBSERVATION_SHAPE, Vision, see_all
from teleop.errors import UserError
from teleop.frame import HZ, VALIDATION_SEED, Image, Source
from teleop.session import Episode, Session, SessionError, open_session

ZOOM_STEPS = HZ
"""CarRacing's camera zooms in during the first second: pictures unlike any later one."""
LEAST_EPISODES_TO_SPLIT = 5
VALIDATION_SHARE = 0.1

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Say = Callable[[str], None]
"""Takes one sentence for the person at the terminal."""


class DatasetError(UserError):
    """Sessions that cannot be trained on: the rule, what was got, the remedy."""


LabelRule = Callable[[Episode], Mask]
"""Which rows of an episode the expert's action labels: bool (committed,)."""


def demos(episode: Episode) -> Mask:
    """Every kept row that the expert drove in a demonstration; coasting with hands off is a label there."""
    if episode.attrs.get("mode") != "demo" or episode.discarded:
        return np.zeros(episode.committed, bool)
    driven = (episode.driver == Source.HUMAN) & (episode.step >= ZOOM_STEPS)
    return np.asarray(driven & episode.kept & ~episode.excluded)


LABEL_RULES: Mapping[str, LabelRule] = {"demos": demos}
"""By the name a checkpoint holds."""


@dataclass(frozen=True, eq=False)
class Rows:
    """N labelled rows."""

    view: Image
    """uint8 (N, height, width, 3)."""
    speed: Floats
    """float32 (N,): track units a second."""
    action: Floats
    """float32 (N, 3): the expert's."""
    step: npt.NDArray[np.int32]
    """int32 (N,): the world's step and ..."""
    lesson: npt.NDArray[np.int32]
    """int32 (N,): ... the place of its lesson among those loaded, to find a row again."""

    def __len__(self) -> int:
        return len(self.speed)

    def __getitem__(self, index: npt.NDArray[np.int64]) -> Rows:
        """A copy of some rows."""
        return Rows(self.view[index], self.speed[index], self.action[index], self.step[index], self.lesson[index])

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """View, speed and action, sharing memory."""
        return torch.from_numpy(self.view), torch.from_numpy(self.speed), torch.from_numpy(self.action)

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        return Rows(
            np.concatenate([part.view for part in parts]),
            np.concatenate([part.speed for part in parts]),
            np.concatenate([part.action for part in parts]),
            np.concatenate([part.step for part in parts]),
            np.concatenate([part.lesson for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one episode teaches: its labelled rows as a network sees them, where an Episode is all that was recorded."""

    origin: Mapping[str, Any]
    """session, episode, seed, rows, digest: kept in the checkpoint."""
    rows: Rows


def load_lessons(sessions: Sequence[Path], vision: Vision, rule: LabelRule, say: Say) -> list[Lesson]:
    """The episodes of `sessions` in which `rule` labels rows, in order.

    DatasetError when a session is given twice, when one holds a track that is kept for validation or evaluation or
    other pictures, or when no row is labelled; SessionError when one cannot be opened. Damaged episodes are left out,
    and `say` hears of each.
    """
    lessons: list[Lesson] = []
    opened = [open_session(path) for path in sessions]
    _check_different(opened)
    for session in opened:
        _check_seeds(session)
        _check_pictures(session)
        for name, error in session.damaged:
            say(_left_out(session, name, error))
        for episode in session.episodes:
            try:
                lesson = _lesson(session, episode, vision, rule, len(lessons))
            except SessionError as error:
                say(_left_out(session, episode.name, error))
                continue
            if lesson is not None:
                lessons.append(lesson)
    if not lessons:
        names = ", ".join(str(path) for path in sessions)
        raise DatasetError(
            f"training needs rows that the expert drove in demonstrations, past the first {ZOOM_STEPS} steps, neither "
            f"discarded nor excluded; {names} has none: record some with `teleop record`"
        )
    return lessons


def _check_different(sessions: Sequence[Session]) -> None:
    """By the sessions' ids, so that links and copies are noticed too."""
    first: dict[str, Session] = {}
    for session in sessions:
        same = first.setdefault(session.attrs["id"], session)
        if same is not session:
            raise DatasetError(
                "every session is given once, else an episode could be learned from and validated on; "
                f"{same.path} and {session.path} are the same session, or copies: name one of them"
            )


def _check_seeds(session: Session) -> None:
    held_out = sorted(attrs["seed"] for attrs in session.all_attrs if attrs["seed"] >= VALIDATION_SEED)
    if held_out:
        raise DatasetError(
            f"tracks from seed {VALIDATION_SEED} on are for validation and evaluation, never for training; "
            f"{session.path} was driven on {held_out[0]}: leave this session out"
        )


def _check_pictures(session: Session) -> None:
    shape = tuple(session.attrs["observation_shape"])
    if shape != OBSERVATION_SHAPE:
        raise DatasetError(
            f"policies see pictures of {OBSERVATION_SHAPE}, as CarRacing-v3 gives them; those of {session.path} are "
            f"{shape}: leave this session out"
        )


def _left_out(session: Session, name: str, error: SessionError) -> str:
    return f"{session.path}: episode {name} is damaged and left out: {error}"


def _lesson(session: Session, episode: Episode, vision: Vision, rule: LabelRule, number: int) -> Lesson | None:
    """None when no row is labelled: then no picture is decoded."""
    mask = rule(episode)
    if not mask.any():
        return None
    view, speed = see_all(episode.observation[mask], vision)
    action, step = episode.human_action[mask], episode.step[mask]
    rows = Rows(view, speed, action, step, np.full(len(step), number, np.int32))
    if not np.isfinite(rows.action).all():
        raise SessionError(f"a row that the expert drove lacks its action: run `teleop verify {session.path}`")
    origin = {"session": session.path.name, "episode": episode.name, "seed": episode.attrs["seed"]}
    return Lesson(origin | {"rows": len(rows), "digest": episode.digest()}, rows)


def split_by_episode(lessons: Sequence[Lesson], rng: np.random.Generator) -> tuple[Sequence[Lesson], Sequence[Lesson]]:
    """Lessons to learn from and lessons to validate on.

    Whole episodes, because neighbouring frames are nearly the same picture; none to validate on when there are fewer
    than five.
    """
    if len(lessons) < LEAST_EPISODES_TO_SPLIT:
        return lessons, []
    order = rng.permutation(len(lessons))
    held_out = set(order[: max(1, round(VALIDATION_SHARE * len(lessons)))].tolist())
    learned = [lesson for index, lesson in enumerate(lessons) if index not in held_out]
    return learned, [lesson for index, lesson in enumerate(lessons) if index in held_out]


def batches(rows: Rows, size: int, rng: np.random.Generator) -> Iterator[Rows]:
    """Batches of `size` rows without end: every row once before any row again, half of them mirrored."""
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, rng.permutation(len(rows))])
        batch, waiting = rows[waiting[:size]], waiting[size:]
        mirror(batch, rng.random(size) < 0.5)
        yield batch


def mirror(rows: Rows, chosen: Mask) -> None:
    """Mirror the chosen rows in place: left becomes right, in the picture and in the steering.

    This is exact: the camera looks straight down from behind the car, and the car is symmetric.
    """
    rows.view[chosen] = rows.view[chosen][:, :, ::-1]
    rows.action[chosen, 0] *= -1
