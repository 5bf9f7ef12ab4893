"""How far a policy's actions are from the expert's on recorded rows, without driving.

A small error here does not mean that a policy drives well: whoever repeats the expert's last action has a tiny one and
can not drive at all (Wen et al. 2020, "Fighting Copycat Agents"). Therefore everything stands beside that baseline,
and the rows at which the expert changes his action are looked at on their own.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from policy.checkpoint import Checkpoint, CheckpointError
from policy.kinds import LABELLED
from policy.labels import LabelRule
from policy.models import Network
from policy.rows import Lesson, Rows
from teleop.frame import ACTION_HIGH, ACTION_LOW

ACTIONS = ("steering", "gas", "brake")
CHANGE_SHARE, LEAST_CHANGE = 0.1, 0.01
"""An action changed where it moved since the row before by as much as in the tenth of rows in which it moved most, and
by at least this. A share, because one expert's hands are smooth and another presses keys."""
BATCH_ROWS = 512

Seen = Literal["learned from", "validated on", "new"]
SEEN: tuple[Seen, ...] = typing.get_args(Seen)
RULE_OPTIONS = {"lead": "label_lead", "before_takeover_s": "before_takeover_s", "zoom_in": "zoom_in"}
"""Of a label rule, and what a checkpoint's configuration calls them."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Errors:
    """Over some rows."""

    rows: int
    steering: float
    """Mean absolute error."""
    gas: float
    brake: float
    mse: float
    """Mean squared error over all three."""


@dataclass(frozen=True)
class EpisodeErrors:
    """Over one episode."""

    session: str
    episode: str
    seed: int
    seen: Seen
    """Whether training saw these rows."""
    errors: Errors


@dataclass(frozen=True)
class Changes:
    """The copycat test of one action: the policy beside whoever repeats the expert's last action."""

    action: str
    rows: int
    """That follow another row."""
    changes: int
    """Of these: the expert's action changed, ..."""
    threshold: float
    """... which is to move by at least this in one tick."""
    error: float
    """Mean absolute error of the policy over all of them."""
    repeat_error: float
    change_error: float | None
    """Mean absolute error of the policy where the action changed; None where it never did."""
    repeat_change_error: float | None
    change_accuracy: float | None
    """Share of the changes at which the policy is nearer to the new action than to the old one; None without any."""
    repeat_change_accuracy: float | None
    """0: repeating is always nearest to the old one. Given so that nobody has to know."""


@dataclass(frozen=True)
class Evaluation:
    """A policy beside the expert, offline."""

    total: Errors
    by_seen: Mapping[str, Errors]
    """By whether training saw the rows."""
    by_kind: Mapping[str, Errors]
    """By how the rows came by their labels."""
    episodes: Sequence[EpisodeErrors]
    changes: Sequence[Changes]
    """For steering, gas and brake."""


def rule_of(checkpoint: Checkpoint, name: str | None = None) -> LabelRule:
    """The rule a checkpoint learned by, under another name if one is given; CheckpointError when it tells none."""
    config = checkpoint.config
    options = {key: config[option] for key, option in RULE_OPTIONS.items() if option in config}
    try:
        return LabelRule(name or checkpoint.labels, **options)
    except ValueError as error:
        raise CheckpointError(
            f"a checkpoint must tell the rule it learned by: {error}: name one with --labels"
        ) from error


def evaluate(checkpoint: Checkpoint, lessons: Sequence[Lesson]) -> Evaluation:
    """Ask the policy about every row of these lessons."""
    model = checkpoint.build()
    rows = Rows.joined([lesson.rows for lesson in lessons])
    policy = actions_for(model, rows)
    seen = [seen_in(checkpoint, lesson) for lesson in lessons]
    seen_rows = np.array(seen)[rows.lesson]
    return Evaluation(
        total=errors(policy, rows.action),
        by_seen={name: errors(policy[at], rows.action[at]) for name in SEEN if (at := seen_rows == name).any()},
        by_kind={
            kind.name.lower(): errors(policy[at], rows.action[at])
            for kind in LABELLED
            if (at := rows.kind == kind).any()
        },
        episodes=[
            _episode(lesson.origin, name, errors(policy[at], rows.action[at]))
            for place, (lesson, name) in enumerate(zip(lessons, seen, strict=True))
            if (at := rows.lesson == place).any()
        ],
        changes=copycat_test(policy, rows),
    )


def seen_in(checkpoint: Checkpoint, lesson: Lesson) -> Seen:
    """Whether training saw this episode, told by its content, whatever its name."""
    for episode in checkpoint.episodes:
        if episode.get("digest") == lesson.origin["digest"]:
            return "validated on" if episode.get("held_out") else "learned from"
    return "new"


@torch.inference_mode()
def actions_for(model: Network, rows: Rows) -> Floats:
    """(N, 3): what the policy does at each row, clipped to its range as it is when driving."""
    view, speed, _ = rows.tensors()
    parts = [slice(start, start + BATCH_ROWS) for start in range(0, len(rows), BATCH_ROWS)]
    actions = torch.cat([model.act(view[part], speed[part]) for part in parts])  # (N, 3)
    return np.asarray(np.clip(actions.numpy(), ACTION_LOW, ACTION_HIGH), np.float32)


def errors(policy: Floats, expert: Floats) -> Errors:
    """How far the policy's actions (N, 3) are from the expert's."""
    away = np.abs(policy - expert).astype(np.float64)
    steering, gas, brake = (float(mean) for mean in away.mean(axis=0))
    return Errors(len(away), steering, gas, brake, float((away**2).mean()))


def _episode(origin: Mapping[str, Any], seen: Seen, found: Errors) -> EpisodeErrors:
    return EpisodeErrors(origin["session"], origin["episode"], origin["seed"], seen, found)


def copycat_test(policy: Floats, rows: Rows) -> list[Changes]:
    """Each action of the policy (N, 3) beside the expert's action one row earlier."""
    follows = np.append(False, (np.diff(rows.step) == 1) & (np.diff(rows.lesson) == 0))
    new, old, guess = rows.action[follows], rows.action[np.roll(follows, -1)], policy[follows]
    return [_changes(name, new[:, place], old[:, place], guess[:, place]) for place, name in enumerate(ACTIONS)]


def _changes(action: str, new: Floats, old: Floats, guess: Floats) -> Changes:
    moved = np.abs(new - old)
    threshold = max(float(np.quantile(moved, 1 - CHANGE_SHARE)), LEAST_CHANGE) if len(moved) else LEAST_CHANGE
    at = moved >= threshold
    return Changes(
        action=action,
        rows=len(new),
        changes=int(at.sum()),
        threshold=threshold,
        error=_mean(np.abs(guess - new)) or 0.0,
        repeat_error=_mean(moved) or 0.0,
        change_error=_mean(np.abs(guess - new)[at]),
        repeat_change_error=_mean(moved[at]),
        change_accuracy=_mean((np.abs(guess - new) < np.abs(guess - old))[at]),
        repeat_change_accuracy=0.0 if at.any() else None,
    )


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(values.mean()) if len(values) else None
