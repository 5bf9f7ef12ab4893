"""Rounds of DAgger that a kill can not undo: what is done is in a folder, and the same command goes on behind it.

Learners are trained and validated by other processes. Meanwhile driving goes on with the learner that there is, for
the next round once this one's corrections are there, or waits. A better learner takes its place between two episodes.

    DIR/rounds.json                   what was asked for, and what is done
        learner-0.safetensors         learned from the demonstrations alone, or given
        learner-0.json                its validation; the same for every round's learner
        learner-1-bank.json           what it made of the takeovers that it learned from
        index.html                    all of it to read, once the command ends
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any, Protocol

from teleop.bank import Bank
from teleop.bank_command import ROUNDS_FILE
from teleop.burden import Burden
from teleop.chores import Chore, Process
from teleop.dagger import Round, Scored, dagger_round
from teleop.errors import UserError
from teleop.frame import VALIDATION_SEED
from teleop.journal import Journal
from teleop.session import Episode, Session, next_seed, open_session
from teleop.words import counted
from teleop.writer import writable_path

CHOOSING_TRACKS = 10
"""The first validation tracks choose among a training's candidates, and flatter whom they chose."""
VALIDATION_TRACKS = 20
"""Those that follow: nothing is ever recorded on them."""
SCRATCH_STEPS = 3000
"""Gradient steps of a training, where the options don't say: about a minute of CPU time, for the smaller network."""
WARM_STEPS = 1000
"""Of one that begins where its parent stands."""
FIXED_GOAL = 0.9
"""Share of the takeovers that a learner no longer needs after the round that trained on them."""


Waiting = Callable[[str], AbstractContextManager[None]]
"""Shows what is waited for."""


class Driving(Protocol):
    """Gets corrected episodes recorded."""

    def drive(self, learner: Path, tracks: Sequence[int], number: int) -> bool:
        """One on each track, driven by this checkpoint, for the round of that number.

        False when the person has had enough; in a window they may choose other tracks than these.
        """

    def tell(self, number: int, news: str) -> None:
        """What came of a round, in a few words: for who sits at the window."""

    def end(self) -> None:
        """Nobody drives from here on; it may be said several times."""


class Workshop(Protocol):
    """Begins what takes long; each writes exactly one file."""

    def train(self, sessions: Sequence[Path], checkpoint: Path, parent: Path | None, until_round: int) -> Chore:
        """`parent` drove; None where nobody has yet. What is corrected for later rounds teaches nothing yet."""

    def validate(self, checkpoint: Path, figures: Path) -> Chore:
        """`figures` as `teleop evaluate --json` writes them."""

    def bank(self, checkpoint: Path, verdicts: Path) -> Chore:
        """`verdicts` as `teleop bank --json` writes them."""


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    session: Path
    """Of the corrections."""
    demos: tuple[Path, ...]
    out: Path
    rounds: int
    episodes: int
    """Corrected in every round, and half as many with the learner that the round is to improve, however many its
    parent drove while it was trained. Discarded ones don't count."""
    learner: Path | None = None
    """Drives first; None: one is trained from the demonstrations."""
    seed: int | None = None
    """First track; None: one past the highest that was recorded, or learned from."""
    learned_tracks: tuple[int, ...] = ()
    """That the given learner has learned from."""
    expert: str = "human"
    gate: str = "takeover"
    beta: float | None = None
    """The expert's share of the first round's ticks, where the gate is mixed."""
    warm: bool = False
    """Trainings begin where the one who drove stands, instead of from scratch."""
    driving_waits: bool = False
    """For training and validation, so that the rounds depend on seeds alone."""

    @property
    def model(self) -> Path | None:
        """Whose options the trainings take over: the given learner. Once kept, its copy is what was given."""
        kept = self.out / _checkpoint(0)
        return kept if self.learner and kept.exists() else self.learner

    @property
    def kept(self) -> dict[str, Any]:
        """What may not change while the rounds go on; there may be more of them, and longer ones.

        Paths are told from DIR: all that belongs together may be moved together.
        """
        return {
            "session": self._from_out(writable_path(self.session)),
            "demos": [self._from_out(demo) for demo in self.demos],
            "learner": self.learner and self._from_out(self.learner),
            "expert": self.expert,
            "gate": self.gate,
            "beta": self.beta,
            "warm": self.warm,
        }

    def _from_out(self, path: Path) -> str:
        return os.path.relpath(path.resolve(), self.out.resolve())


@dataclass(frozen=True)
class Result:
    """What a round brought, and what it cost."""

    number: int
    """From 1."""
    round: Round
    burden: Burden
    train_s: float
    validate_s: float
    bank: Bank
    """What the candidate made of all takeovers that it learned from."""


class StoppedError(Exception):
    """The person stopped driving, and no episode is left to learn from."""


class Rounds:
    """One run of the rounds, from wherever they stand."""

    def __init__(
        self,
        plan: Plan,
        driving: Driving,
        workshop: Workshop,
        journal: Journal,
        say: Callable[[str], None],
        waiting: Waiting,
    ) -> None:
        self._plan, self._driving, self._workshop, self._journal = plan, driving, workshop, journal
        self._say, self._waiting = say, waiting
        self._corrections = writable_path(plan.session)
        self._number = 1
        self._corrected_for = 1
        """The round that corrections are driven for: the next one, once this one's are there."""
        self._driver: Path | None = None
        """Drives by now."""
        self._enough = False

    def run(self) -> Iterator[Result]:
        """Round after round, until they are done or the person has had enough. Raises what its parts raise."""
        try:
            yield from self._rounds()
        except StoppedError:
            self._say(f"stopped in round {self._number}; the same command goes on there")
        except KeyboardInterrupt:
            self._say(f"in round {self._number}; what was driven is kept, the same command goes on there")
            raise

    def _rounds(self) -> Iterator[Result]:
        learner = self._given()
        for number in range(1, self._plan.rounds + 1):
            self._number = number
            round = dagger_round(self._plan.demos, learner, self._train, self._collect, self._validate)
            learner = round.learner
            self._driver = learner.checkpoint
            self._say(_verdict(self._number, round))
            self._driving.tell(number, _scores(round))
            yield self._told(self._result(round))

    def _given(self) -> Scored | None:
        """The learner to begin with, kept: the one who gave it may train another into the same file."""
        if self._plan.learner is None:
            return None
        name = _checkpoint(0)
        if name not in self._journal:
            with self._journal.making(name) as file:
                shutil.copyfile(self._plan.learner, file)
            self._journal.note(name)
        given = self._journal.folder / name
        return Scored(given, self._validate(given))

    def _train(self, sessions: Sequence[Path]) -> Path:
        number = self._number if self._corrections in sessions else 0
        begin = partial(self._workshop.train, sessions, parent=self._driver, until_round=number)
        return self._made(_checkpoint(number), f"training learner-{number}", begin)

    def _validate(self, checkpoint: Path) -> float:
        self._driver = self._driver or checkpoint  # of the first learner only its score is waited for, not its driving
        what = f"{checkpoint.stem} drives {VALIDATION_TRACKS} validation tracks"
        figures = self._made(_validation(checkpoint), what, partial(self._workshop.validate, checkpoint))
        return float(json.loads(figures.read_text(encoding="utf-8"))["mean"])

    def _collect(self, learner: Path) -> Path:
        """A round that was learned from is driven no more, whatever became of its episodes."""
        self._driver = learner
        if _checkpoint(self._number) in self._journal:
            self._check_corrections()
            self._corrected_for = self._number + 1
            return self._corrections
        while missing := self._missing(self._number):
            tracks = self._next_tracks(missing if self._plan.driving_waits else 1)
            if self._enough or not self._driving.drive(learner, tracks, self._number):
                raise StoppedError
        self._corrected_for = self._number + 1
        if self._number == self._plan.rounds:
            self._driving.end()
        return self._corrections

    def _check_corrections(self) -> None:
        """UserError where the session is gone that rounds were learned from."""
        if not self._sessions():
            raise UserError(
                f"{self._corrections} holds the corrections that {_checkpoint(self._number)} learned from, and is not "
                "there: bring it back, or choose another --out to begin anew"
            )

    def _made(self, name: str, what: str, begin: Callable[[Path], Chore]) -> Path:
        """The file of this name, made unless it is there, while driving goes on; `what` is said where it does not."""
        if name not in self._journal:
            with self._journal.making(name) as file:
                chore = begin(file)
                try:
                    self._drive_meanwhile(chore)
                    seconds = self._finished(chore, what)
                except BaseException:
                    chore.give_up()
                    raise
            self._journal.note(name, seconds=round(seconds, 1))
        return self._journal.folder / name

    def _finished(self, chore: Chore, what: str) -> float:
        if chore.done():
            return chore.finish()
        with self._waiting(what):
            return chore.finish()

    def _drive_meanwhile(self, chore: Chore) -> None:
        """Unless nobody can drive yet, or need. Who stops once this round is corrected still sees it to its end."""
        number = self._corrected_for
        if self._plan.driving_waits or number > self._plan.rounds or self._driver is None:
            return
        while not self._enough and not self._all_driven() and not chore.done():
            self._enough = not self._driving.drive(self._driver, self._next_tracks(1), number)
        if self._all_driven():
            self._driving.end()  # rather than a window in which nothing happens any more
        elif self._enough and number == self._number and self._missing(number):
            raise StoppedError

    def _all_driven(self) -> bool:
        """The last round is corrected, while its first learner is still being validated."""
        number = self._number
        return self._corrected_for == number == self._plan.rounds and not self._missing(number)

    def _missing(self, number: int) -> int:
        """Episodes that a round still lacks."""
        kept = [episode for episode in self._episodes(number) if not episode.discarded]
        missing = self._plan.episodes - len(kept)
        if number == self._number and self._driver is not None:
            own = sum(_drove(self._driver, episode) for episode in kept)
            missing = max(missing, math.ceil(self._plan.episodes / 2) - own)
        return max(0, missing)

    def _next_tracks(self, wanted: int) -> list[int]:
        sessions = self._sessions()
        if self._plan.seed is None:
            first = next_seed(*sessions, *map(open_session, self._plan.demos), known=self._plan.learned_tracks)
            return list(range(first, first + wanted))
        driven = {attrs["seed"] for session in sessions for attrs in session.all_attrs}
        return list(islice((seed for seed in count(self._plan.seed) if seed not in driven), wanted))

    def _sessions(self) -> list[Session]:
        """That of the corrections, once there is one."""
        return [open_session(self._corrections)] if (self._corrections / "zarr.json").exists() else []

    def _episodes(self, number: int) -> list[Episode]:
        """Those of a round that came to an end; what a kill left of one is learned from too, but counts as none."""
        return [
            episode
            for episode in self._all_episodes()
            if episode.attrs.get("round") == number and episode.attrs.get("figures")
        ]

    def _all_episodes(self) -> Iterator[Episode]:
        return (episode for session in self._sessions() for episode in session.episodes)

    def _result(self, round: Round) -> Result:
        driven = self._episodes(self._number)
        spent = sum((Burden.of(one.attrs["figures"], one.discarded) for one in driven), Burden())
        name = round.candidate.checkpoint.name
        return Result(
            self._number,
            round,
            spent,
            self._journal[name]["seconds"],
            self._journal[_validation(round.candidate.checkpoint)]["seconds"],
            self._banked(round.candidate.checkpoint),
        )

    def _banked(self, checkpoint: Path) -> Bank:
        """What it made of the takeovers up to this round."""
        name = f"{checkpoint.stem}-bank.json"
        what = f"{checkpoint.stem} answers the takeovers"
        verdicts = self._made(name, what, partial(self._workshop.bank, checkpoint))
        # Those driven meanwhile, for the next round, were not learned from yet.
        learned = {one.name for one in self._all_episodes() if (one.attrs.get("round") or 0) <= self._number}
        return Bank(tuple(one for one in Bank.read(verdicts).verdicts if one.episode in learned))

    def _told(self, result: Result) -> Result:
        """With its bank, where there is one."""
        bank = result.bank
        if bank.share is not None:
            fixed = f"{bank.fixed} of {counted(bank.checkable, 'takeover')} fixed"
            self._say(f"round {result.number}: {fixed} ({bank.share:.0%}, the goal is {FIXED_GOAL:.0%})")
            self._driving.tell(result.number, f"{_scores(result.round)}; {bank.fixed} of {bank.checkable} fixed")
        return result


def _drove(learner: Path, episode: Episode) -> bool:
    driver = episode.attrs.get("learner") or {}
    return driver.get("sha256") == hashlib.sha256(learner.read_bytes()).hexdigest()


def _checkpoint(number: int) -> str:
    return f"learner-{number}.safetensors"


def _validation(checkpoint: Path) -> str:
    return f"{checkpoint.stem}.json"


def _scores(round: Round) -> str:
    """ "scores 843, was 552"."""
    return f"scores {round.candidate.score:.0f}, was {round.parent.score:.0f}"


def _verdict(number: int, round: Round) -> str:
    parent, candidate = round.parent, round.candidate
    scores = f"{candidate.checkpoint.stem} scores {candidate.score:.0f}, {parent.checkpoint.stem} {parent.score:.0f}"
    change = (
        f"{candidate.checkpoint.stem} drives from now on"
        if round.swapped
        else f"that is worse, so {parent.checkpoint.stem} drives on"
    )
    return f"round {number}: on {VALIDATION_TRACKS} validation tracks {scores}: {change}"


@dataclass(frozen=True)
class Commands:
    """Implements `Workshop` by the commands that a person has."""

    session: Path
    """Of the corrections."""
    workers: int
    """Processes that validate."""
    options: tuple[str, ...] = ()
    """Of `policy train`."""
    warm: bool = False
    """Trainings begin where the one who drove stands, instead of from scratch."""

    def train(self, sessions: Sequence[Path], checkpoint: Path, parent: Path | None, until_round: int) -> Chore:
        words = ["policy", "train", *map(str, sessions), "--steps", str(SCRATCH_STEPS), *self.options]
        words += ["--select-tracks", "0", "--no-hold-out"]
        if self.session in sessions:
            words += ["--until-round", f"{self.session}={until_round}"]
        if self.warm and parent is not None:
            words += ["--start-from", str(parent), "--steps", str(WARM_STEPS)]
        return self._process(*words, "--out", str(checkpoint))

    def validate(self, checkpoint: Path, figures: Path) -> Chore:
        tracks = ("--first-seed", str(VALIDATION_SEED + CHOOSING_TRACKS), "--tracks", str(VALIDATION_TRACKS))
        return self._process(
            "teleop", "evaluate", str(checkpoint), *tracks, "--workers", str(self.workers), "--json", str(figures)
        )

    def bank(self, checkpoint: Path, verdicts: Path) -> Chore:
        return self._process(
            *("teleop", "bank", str(self.session), "--learner", str(checkpoint)),
            *("--workers", str(self.workers), "--json", str(verdicts)),
        )

    def _process(self, *words: str) -> Chore:
        return Process(words, Path(words[-1]).with_suffix(".log"))


def go_round(
    plan: Plan,
    driving: Driving,
    workshop: Workshop,
    say: Callable[[str], None],
    waiting: Waiting,
) -> Iterator[Result]:
    """All rounds; those that are done already are only told. UsageError when DIR holds something else."""
    with Journal(plan.out, ROUNDS_FILE, plan.kept) as journal:
        try:
            yield from Rounds(plan, driving, workshop, journal, say, waiting).run()
        finally:
            driving.end()
