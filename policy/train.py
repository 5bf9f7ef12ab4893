"""Behavioral cloning: a network learns to do what the expert did. `train` reads from top to bottom."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from policy.batches import Ingredient, batches, ingredients
from policy.beginning import first_network
from policy.candidates import candidates
from policy.checkpoint import try_writing
from policy.config import TrainConfig
from policy.dataset import Say, load_lessons, split_by_episode
from policy.filters import Filters
from policy.heads import HEADS
from policy.interrupts import held_interrupts
from policy.keeper import Keeper
from policy.labels import LabelRule
from policy.metrics import Metrics, Progress, Watch
from policy.models import Network
from policy.resume import Learning
from policy.rows import Lesson, Rows
from policy.run_folder import RunFolder
from policy.udacity import taught
from policy.vision import Vision
from policy.weights import Weights
from policy.worlds import augmentations, vision_for
from teleop.errors import UserError

VALIDATE_EVERY = 500
"""Gradient steps."""
VALIDATION_BATCH = 256
"""Rows at a time; what a network holds meanwhile takes memory."""
WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""

Show = Callable[[Sequence[Ingredient]], None]
"""Takes what a batch holds."""


@dataclass(frozen=True)
class Trained:
    """What training made."""

    checkpoint: Path
    """Holds the average of the weights."""
    candidates: Sequence[Path]
    """Checkpoints to choose among; the first is the same policy as `checkpoint`."""
    progress: Sequence[Progress]
    """A report every 25 steps: the training curve."""
    rows: int
    """Labelled rows learned from."""
    cpu_s: float
    """Process CPU time since `train` was called, loading included."""


class TrainingError(UserError):
    """Training can't go on: the rule, what was got, the remedy."""


class Stopped(KeyboardInterrupt):
    """Ctrl+C; the checkpoint holds the policy so far, and training can be resumed."""


def _ignore(_: object) -> None:
    pass


def train(config: TrainConfig, watch: Watch = _ignore, say: Say = _ignore, show: Show = _ignore) -> Trained:
    """Train a policy and write its checkpoint.

    `watch` is told how it goes every 25 steps, `say` takes sentences for a person, `show` what a batch holds. Raises
    DatasetError, SessionError, WeightsError or AugmentError (nothing to learn from), TrainingError (the loss is not
    finite, or before the first step: can't write there), CheckpointError or UsageError (`config.start_from` can't be
    begun with), ResumeError (with `config.resume`), OSError (could write there, now can't), and on Ctrl+C Stopped, or
    KeyboardInterrupt before the first step: then no checkpoint is written.
    """
    cpu_began = time.process_time()
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    vision = vision_for(config)
    lessons = _lessons(config, vision, say)
    learned, held_out = split_by_episode(lessons, rng) if config.hold_out else (lessons, [])
    lectures = learned if vision.pedals else taught(learned, vision, config.side_offset, rng, say)
    rows = Rows.joined([lesson.rows for lesson in lectures])
    weight = Weights(config.weights).of(rows.kind)  # (N,)
    drawn = batches(rows, weight, config.batch_size, rng, augmentations(config, vision, rows))
    say(_summary(lectures, held_out))
    show(ingredients(rows, weight))

    folder = _make_room(config.out)
    head = HEADS[config.loss]
    model = first_network(config, vision)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.weight_decay, fused=True)
    metrics = Metrics(folder, config.steps, config.batch_size, watch)
    keeper = Keeper(
        config, vision, _origins(lessons, held_out), folder, Learning(model, average, optimizer, rng, metrics)
    )
    keeper.begin(drawn)

    with held_interrupts() as interrupted, closing(metrics):
        for step, batch in enumerate(islice(drawn, config.steps - metrics.step), start=metrics.step + 1):
            optimizer.param_groups[0]["lr"] = config.learning_rate * one_cycle((step - 0.5) / config.steps)
            view, speed, expert = batch.tensors()  # (B, height, width, 3), (B,), (B, 3)
            outputs = model(view, speed)  # (B, 3K)
            loss = head.loss(outputs, expert)  # ()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            update_average(average, model, step, config.average_decay)

            metrics.note(_finite(loss.item(), batch, step, lessons))
            if held_out and (step % VALIDATE_EVERY == 0 or step == config.steps):
                metrics.validation_loss = validation_loss(average, held_out)
            metrics.report()
            keeper.after_step()
            if interrupted():
                break
        keeper.end()
    if interrupted():
        raise Stopped(
            f"stopped at step {metrics.step} of {config.steps}; {config.out} holds the policy so far, and the same "
            "command with --resume goes on"
        )
    kept = candidates(folder, config.steps)
    return Trained(config.out, kept, metrics.progress, len(rows), time.process_time() - cpu_began)


def one_cycle(done: float) -> float:
    """The learning rate as a share of its peak, when this share of training is done: up a line, down a cosine."""
    if done < WARM_UP:
        return done / WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Move the averaged weights toward the model's. Early on the average is short, so that it forgets the start."""
    share = 1 - min(decay, step / (step + 10))
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, share)


@torch.no_grad()
def validation_loss(network: Network, held_out: Sequence[Lesson]) -> float:
    """The loss over held-out episodes, each row counted once."""
    rows = Rows.joined([lesson.rows for lesson in held_out])
    total = 0.0
    for first in range(0, len(rows), VALIDATION_BATCH):
        some = rows[np.arange(first, min(first + VALIDATION_BATCH, len(rows)))]
        view, speed, expert = some.tensors()  # (B, height, width, 3), (B,), (B, 3)
        total += network.head.loss(network(view, speed), expert).item() * len(some)
    return total / len(rows)


def _lessons(config: TrainConfig, vision: Vision, say: Say) -> list[Lesson]:
    rule = LabelRule(config.labels, config.label_lead, config.before_takeover_s, config.zoom_in)
    filters = Filters(config.operator, config.min_score, config.outcome, config.last_round)
    return load_lessons(config.sessions, vision, rule, say, filters)


def _make_room(out: Path) -> RunFolder:
    """Folders for a checkpoint. What could not be written after training must be told before it."""
    folder = RunFolder.of(out)
    try:
        folder.make()
        try_writing(out)
    except OSError as error:
        raise TrainingError(
            f"--out is a file that can be written, with the folder {folder.path.name} beside it; got {out}, but "
            f"{error.filename}: {error.strerror}: name another place"
        ) from error
    return folder


def _finite(loss: float, batch: Rows, step: int, lessons: Sequence[Lesson]) -> float:
    if math.isfinite(loss):
        return loss
    origin = lessons[batch.lesson[0]].origin
    raise TrainingError(
        f"the loss must stay finite; it is {loss} at step {step}, for the batch that begins with step {batch.step[0]} "
        f"of episode {origin['episode']} of {origin['session']}: lower --learning-rate, or `teleop verify` the sessions"
    )


def _summary(learned: Sequence[Lesson], held_out: Sequence[Lesson]) -> str:
    rows = sum(len(lesson.rows) for lesson in learned)
    held = f"{len(held_out)} more to validate on" if held_out else "none held out: no validation loss"
    episodes = "1 episode" if len(learned) == 1 else f"{len(learned)} episodes"
    return f"learning from {rows:,} rows of {episodes}, {held}"


def _origins(lessons: Sequence[Lesson], held_out: Sequence[Lesson]) -> list[Mapping[str, Any]]:
    """Every episode loaded, and whether it was only validated on."""
    return [{**lesson.origin, "held_out": lesson in held_out} for lesson in lessons]
