"""The whole story of learning from corrections, told without a screen in a few minutes.

An autopilot stands in for the human and records one plain lap; a policy learns it and drives held-out tracks, where
its errors compound. Then the autopilot watches it drive other tracks and takes over the moment it goes wrong; the next
policy learns from that too; once more; and the same held-out tracks again. A page with pictures is left behind.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.console import Console

from teleop.burden import Burden
from teleop.collecting import Collection, collect
from teleop.dagger import Round, Scored, dagger_round
from teleop.errors import UsageError
from teleop.evaluate import MakeDriver, evaluate_with_progress, summary
from teleop.experts import stand_in
from teleop.frame import EVALUATION_SEED, VALIDATION_SEED
from teleop.loop import Driver
from teleop.progress import progress
from teleop.recording import HEADLESS_MAX_STEPS
from teleop.report.demo_page import Chapter, Correction, Story, write_demo_page
from teleop.session import next_seed, open_session
from teleop.shift.rollouts import RollOut, Rollout
from teleop.shift.survival import survival
from teleop.spending import demonstrated
from teleop.words import counted
from teleop.workers import working
from teleop.writer import session_lock

OnStep = Callable[[int, float], None]
"""(gradient steps done, training loss since the last call)."""


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    make_driver: MakeDriver
    identity: Mapping[str, str]
    """{name, sha256} of its checkpoint."""


class Trainer(Protocol):
    """Turns sessions into a policy."""

    @property
    def steps(self) -> int:
        """Gradient steps it takes."""

    @property
    def loss(self) -> str:
        """The name of its loss."""

    def train(self, sessions: Sequence[Path], checkpoint: Path, on_step: OnStep) -> Trained: ...


@dataclass(frozen=True)
class Plan:
    """How much is driven."""

    laps: int = 1
    """Of demonstrations, on the first tracks."""
    rounds: int = 2
    """Of corrections, at least 1."""
    corrected: int = 6
    """Tracks that a learner is corrected on in every round."""
    validated: int = 5
    """Validation tracks that decide whether a round's policy takes the place of the one before it."""
    tracks: int = 20
    """Held-out tracks that are driven before and after, from the first evaluation track."""

    @property
    def seeds(self) -> range:
        return range(EVALUATION_SEED, EVALUATION_SEED + self.tracks)


def tell_story(out: Path, trainer: Trainer, workers: int, console: Console, plan: Plan | None = None) -> Path:
    """Record, train, evaluate; correct and train again; evaluate again. Returns the page's path, `out`/index.html.

    Laps already recorded in `out` are used again: they are the same tracks driven by the same autopilot. Corrections
    are made anew. UsageError where `out` holds other driving.
    """
    plan = plan or Plan()
    began = time.monotonic()
    school = _School(out, trainer, workers, console, plan)
    console.rule(f"[bold]{counted(plan.laps, 'lap')}")
    laps = school.recorded_laps()
    first = school.train([laps])
    before = school.chapter(counted(plan.laps, "lap"), first)

    learner, corrections = Scored(first, school.validate(first)), list[Correction]()
    for number in range(1, plan.rounds + 1):
        console.rule(f"[bold]round {number} of corrections")
        school.begin_round(number)
        round = dagger_round([laps], learner, school.train, school.correct, school.validate)
        learner = round.learner
        corrections.append(Correction(number, round, school.burden))
        console.print(_what_it_brought(round), highlight=False)

    console.rule("[bold]the same tracks again")
    after = school.chapter(f"{counted(plan.laps, 'lap')}, {counted(plan.rounds, 'round')}", learner.checkpoint)
    story = Story(before, after, corrections, school.corrections, plan.seeds, trainer.loss)
    page = out / "index.html"
    write_demo_page(page, story, minutes=(time.monotonic() - began) / 60)
    return page


class _School:
    """Where laps, checkpoints and corrections of one story are made; its methods are what `dagger_round` asks for."""

    def __init__(self, out: Path, trainer: Trainer, workers: int, console: Console, plan: Plan) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out, self._trainer, self._workers, self._console, self._plan = out, trainer, workers, console, plan
        self._trained: dict[Path, Trained] = {}
        self._curves: dict[Path, list[tuple[int, float]]] = {}
        self._laps, self.corrections = out / "laps.zarr", out / "corrections.zarr"
        self.begin_round(0)

    def begin_round(self, number: int) -> None:
        """What is made from now on belongs to it; 0 is what comes before."""
        self._round, self.burden = number, Burden()

    def recorded_laps(self) -> Path:
        """The demonstrations, driven unless they are there whole; what else an earlier story left is taken away."""
        for session in (self._laps, self.corrections):
            _refuse_others(session)
        _remove(self.corrections)
        if _ends(self._laps) != ["finished"] * self._plan.laps:
            _remove(self._laps)
            tracks = [(seed, HEADLESS_MAX_STEPS) for seed in range(self._plan.laps)]
            with progress(self._console, f"recording {counted(self._plan.laps, 'lap')}", self._plan.laps) as update:
                for done, end in enumerate(demonstrated(self._laps, "autopilot", tracks), start=1):
                    update(done, f"score {end.figures['score']:.0f}")
        return self._laps

    def train(self, sessions: Sequence[Path]) -> Path:
        """The checkpoint of the round that it is."""
        checkpoint = self._out / f"learner-{self._round}.safetensors"
        curve = self._curves[checkpoint] = []
        driven = sum(episode.committed for session in sessions for episode in open_session(session).episodes)
        with progress(self._console, f"learning from {driven:,} frames", self._trainer.steps) as update:

            def on_step(step: int, loss: float) -> None:
                curve.append((step, loss))
                update(step, f"loss {loss:.4f}")

            self._trained[checkpoint] = self._trainer.train(sessions, checkpoint, on_step)
        return checkpoint

    def correct(self, checkpoint: Path) -> Path:
        """Let this learner drive new tracks, and the autopilot take over when it goes wrong."""
        trained, sessions = self._trained[checkpoint], [self._laps, self.corrections]
        first = next_seed(*(open_session(session) for session in sessions if session.exists()))
        collection = Collection(
            self.corrections,
            range(first, first + self._plan.corrected),
            trained.make_driver(),
            trained.identity,
            stand_in("autopilot"),
            round=self._round,
        )
        self.burden = sum((episode.burden for episode in collect(collection, self._console)), Burden())
        self._console.print(str(self.burden), highlight=False)
        return self.corrections

    def validate(self, checkpoint: Path) -> float:
        """Its mean score on a few validation tracks."""
        seeds = range(VALIDATION_SEED, VALIDATION_SEED + self._plan.validated)
        make_driver, told = self._trained[checkpoint].make_driver, f"validating on {counted(len(seeds), 'track')}"
        return evaluate_with_progress(make_driver, seeds, self._workers, self._console, told).mean

    def chapter(self, name: str, checkpoint: Path) -> Chapter:
        """What this policy makes of the held-out tracks, said as soon as it is known."""
        make_driver, rollouts = self._trained[checkpoint].make_driver, list[Rollout]()
        told = f"driving {counted(self._plan.tracks, 'new track')}"
        with (
            progress(self._console, told, self._plan.tracks) as update,
            working(make_driver, _roll_out, self._workers) as drive_all,
        ):
            for rollout in drive_all(self._plan.seeds):
                rollouts.append(rollout)
                update(len(rollouts), f"mean {np.mean([done.track.score for done in rollouts]):.0f}")
        evaluation = summary([rollout.track for rollout in rollouts])
        chapter = Chapter(name, make_driver, self._curves[checkpoint], evaluation, survival(rollouts))
        self._console.print(_verdict(chapter), highlight=False)
        return chapter


def _roll_out(driver: Driver, seed: int) -> Rollout:
    return RollOut("learner", seed)(driver)


def _ends(session: Path) -> list[str | None]:
    """How each of its episodes ended."""
    return [episode.attrs["end"] for episode in open_session(session).episodes] if session.exists() else []


def _refuse_others(session: Path) -> None:
    """UsageError where somebody else drove: that is not the demo's to remove."""
    if session.exists() and any(attrs["expert"] != "autopilot" for attrs in open_session(session).all_attrs):
        raise UsageError(f"the demo records into {session}, which holds other driving: choose another --out")


def _remove(session: Path) -> None:
    """The same is driven again in seconds."""
    if session.exists():
        lock = session_lock(session)
        shutil.rmtree(session)
        lock.release()


def _verdict(chapter: Chapter) -> str:
    figures, left = chapter.evaluation, chapter.survival.departed
    interval = f"95% interval {figures.low:.0f} to {figures.high:.0f}"
    return (
        f"[bold]From {chapter.name}:[/] mean {figures.mean:.0f} ({interval}), worst {figures.min:.0f}, "
        f"{chapter.solved} of {len(figures.tracks)} tracks at 900; {left} left the road"
    )


def _what_it_brought(round: Round) -> str:
    parent, candidate = round.parent.score, round.candidate.score
    change = "it drives from now on" if round.swapped else "that is worse, so the one before drives on"
    return f"on validation tracks the new policy scores {candidate:.0f}, the one before it {parent:.0f}: {change}"
