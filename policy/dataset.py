"""From recorded sessions to the lessons their episodes teach."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from policy.filters import Filters
from policy.labels import ZOOM_STEPS, LabelRule
from policy.rows import Lesson, Rows
from policy.udacity import STEERING_ALONE, sampled
from policy.vision import Vision, see_all
from teleop.errors import UserError
from teleop.frame import VALIDATION_SEED
from teleop.session import Episode, Session, SessionError, open_session

VALIDATION_SHARE = 0.1
LEAST_EPISODES_TO_SPLIT = 10
"""Of fewer, a whole one is more than that share: a fifth of five laps, missed more than its loss is worth."""

Say = Callable[[str], None]
"""Takes one sentence for the person at the terminal."""


class DatasetError(UserError):
    """Sessions that cannot be trained on: the rule, what was got, the remedy."""


def load_lessons(
    sessions: Sequence[Path], vision: Vision, rule: LabelRule, say: Say, filters: Filters | None = None
) -> list[Lesson]:
    """The episodes of `sessions` that pass `filters` and in which `rule` labels rows, in order.

    DatasetError when a session is given twice, when one holds a track that is kept for validation or evaluation or
    other pictures, when no episode has the rule's layer, or when no row is labelled; SessionError when one cannot be
    opened. Damaged and filtered episodes are left out, and `say` hears of them.
    """
    opened = [open_session(path) for path in sessions]
    _check(opened, vision, rule)
    rule = replace(rule, zoom_in=rule.zoom_in or vision.world != "CarRacing-v3")
    lessons: list[Lesson] = []
    for session in opened:
        for episode in _passing(session, filters or Filters(), say):
            try:
                lesson = _lesson(session, episode, vision, rule, len(lessons))
            except SessionError as error:
                say(_left_out(session, episode.name, error))
                continue
            if lesson is not None:
                lessons.append(lesson)
    if not lessons:
        raise DatasetError(_nothing_labelled(sessions, rule))
    return lessons


def _check(sessions: Sequence[Session], vision: Vision, rule: LabelRule) -> None:
    """Raise DatasetError unless these sessions can be trained on together, by this rule."""
    _check_different(sessions)
    for session in sessions:
        _check_seeds(session)
        check_pictures(session, vision)
    _check_layer(sessions, rule)


def _passing(session: Session, filters: Filters, say: Say) -> list[Episode]:
    """The session's healthy episodes that pass; `say` hears which are damaged, how many don't pass, and why."""
    for name, error in session.damaged:
        say(_left_out(session, name, error))
    refusals = {episode.name: filters.refusal(episode.attrs, session.path) for episode in session.episodes}
    for reason, count in Counter(refusal for refusal in refusals.values() if refusal).items():
        say(f"{session.path}: {count} of {len(session.episodes)} episodes left out: {reason}")
    return [episode for episode in session.episodes if not refusals[episode.name]]


def _nothing_labelled(sessions: Sequence[Path], rule: LabelRule) -> str:
    names = ", ".join(str(path) for path in sessions)
    past = "" if rule.zoom_in else f" past the first {ZOOM_STEPS} steps"
    return (
        f"--labels {rule.name} must label some rows{past} that were neither taken back, discarded, excluded nor "
        f"filtered out; {names} has none: record some with `teleop record`"
    )


def _check_layer(sessions: Sequence[Session], rule: LabelRule) -> None:
    there = {layer for session in sessions for episode in session.episodes for layer in episode.layers}
    if rule.layer and rule.layer not in there:
        raise DatasetError(
            f"--labels {rule.name} needs an episode with that layer; these sessions have "
            f"{', '.join(sorted(there)) or 'no layers'}: name one of them, or use --labels labelled"
        )


def _check_different(sessions: Sequence[Session]) -> None:
    """By where every episode was recorded, so that links, copies and merges are noticed too."""
    first: dict[tuple[str, str], Session] = {}
    for session in sessions:
        for recording in _recordings(session):
            same = first.setdefault(recording, session)
            if same is not session:
                raise DatasetError(
                    "every session is given once, else an episode could be learned from and validated on; "
                    f"{same.path} and {session.path} are the same session, or copies: name one of them"
                )


def _recordings(session: Session) -> Iterator[tuple[str, str]]:
    """(session's id, episode) under which each of its episodes was recorded; and its own id, were it empty."""
    own = session.attrs["id"]
    yield own, ""
    for episode in session.episodes:
        origin = episode.attrs.get("origin") or {"session": own, "episode": episode.name}
        yield origin["session"], origin["episode"]


def _check_seeds(session: Session) -> None:
    held_out = sorted(attrs["seed"] for attrs in session.all_attrs if attrs["seed"] >= VALIDATION_SEED)
    if held_out:
        raise DatasetError(
            f"tracks from seed {VALIDATION_SEED} on are for validation and evaluation, never for training; "
            f"{session.path} was driven on {held_out[0]}: leave this session out"
        )


def check_pictures(session: Session, vision: Vision) -> None:
    """Raise DatasetError unless the session has pictures, of the world that this policy sees."""
    if session.episodes and all(episode.archived for episode in session.episodes):
        raise DatasetError(
            f"a policy needs pictures; every episode of {session.path} is archived, without them: "
            f"`teleop compact --restore {session.path}` puts them back"
        )
    shape, seen = tuple(session.attrs["observation_shape"]), vision.scene.shape
    if shape != seen:
        raise DatasetError(
            f"a policy sees one world, this one pictures of {seen}, as {vision.world} gives them; those of "
            f"{session.path} are {shape}: leave this session out, and train another policy for it"
        )


def _left_out(session: Session, name: str, error: SessionError) -> str:
    return f"{session.path}: episode {name} is left out: {error}"


def _lesson(session: Session, episode: Episode, vision: Vision, rule: LabelRule, number: int) -> Lesson | None:
    """None when no row is labelled: then no picture is decoded."""
    labels = replace(rule, hz=session.attrs["hz"]).read(episode)
    action, mask = labels.action, labels.labelled
    if not vision.pedals:
        mask, action = mask & sampled(episode.time_ns), action * STEERING_ALONE
    if not mask.any():
        return None
    view, speed = see_all(episode.pictures(mask), vision)
    if not vision.pedals:
        speed = episode.pose[mask, 3]
    place = np.full(len(speed), number, np.int32)
    rows = Rows(view, speed, action[mask], labels.kind[mask], episode.step[mask], place)
    if not np.isfinite(rows.action).all():
        raise SessionError(f"a labelled row lacks the expert's action: run `teleop verify {session.path}`")
    origin = {"session": session.path.name, "episode": episode.name, "seed": episode.attrs["seed"]}
    origin |= {"rows": len(rows), "digest": episode.digest(), "labels": _labels_digest(rows)}
    return Lesson(origin, rows, episode)


def _labels_digest(rows: Rows) -> str:
    """sha256, hex: of which rows were labelled, and with what, whatever rule or layer said so."""
    digest = hashlib.sha256(rows.step.tobytes())
    digest.update(rows.kind.tobytes())
    digest.update(rows.action.tobytes())
    return digest.hexdigest()


def split_by_episode(lessons: Sequence[Lesson], rng: np.random.Generator) -> tuple[Sequence[Lesson], Sequence[Lesson]]:
    """Lessons to learn from and lessons to validate on.

    Whole episodes, because neighbouring frames are nearly the same picture; none to validate on when there are fewer
    than ten.
    """
    if len(lessons) < LEAST_EPISODES_TO_SPLIT:
        return lessons, []
    order = rng.permutation(len(lessons))
    held_out = set(order[: round(VALIDATION_SHARE * len(lessons))].tolist())
    learned = [lesson for index, lesson in enumerate(lessons) if index not in held_out]
    return learned, [lesson for index, lesson in enumerate(lessons) if index in held_out]
