"""Rounds, as `teleop dagger --demos` asks for them: in a window, or with a stand-in and without one."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from teleop.collecting import Collection, collect
from teleop.correcting import WITHOUT_A_SCREEN, collection_of, correct_in_window, watching
from teleop.dagger_command import DaggerCommand
from teleop.errors import UsageError
from teleop.frame import VALIDATION_SEED, End
from teleop.loop import Driver
from teleop.progress import waiting
from teleop.report.rounds_page import write_rounds_page
from teleop.report.rounds_tables import cost_table, gain_table
from teleop.rounds import Commands, Driving, Plan, Result, go_round
from teleop.screens.facts import Fact
from teleop.session import open_session
from teleop.window import require_screen
from teleop.writer import writable_path

Load = Callable[[Path], tuple[Driver, Mapping[str, str]]]
"""From a checkpoint to who drives, and {name, sha256}."""
OptionsOf = Callable[[Path | None], Sequence[str]]
"""From a checkpoint to the options of `policy train` that others are trained like it by."""
TracksOf = Callable[[Path], Sequence[int]]
"""From a checkpoint to the tracks that it learned from."""
PAGE = "index.html"
"""In the folder of the rounds."""
EPISODES = 8
"""A round's, where nobody asked for another number: two minutes of laps."""


def correct_in_rounds(
    config: DaggerCommand, load: Load, options_of: OptionsOf, tracks_of: TracksOf, console: Console
) -> None:
    """Collect, train and validate as `config` says; tell the console, and write PAGE, what came of the rounds done.

    UsageError when there is no screen, or --out holds something else;
    SessionError when a session can't be read or written; UserError when a training fails.
    """
    if not config.headless:
        require_screen(WITHOUT_A_SCREEN)
    plan = plan_of(config)
    if plan.model:
        plan = replace(plan, learned_tracks=tuple(tracks_of(plan.model)))
    workers = (os.cpu_count() or 1) if plan.driving_waits else 1
    driving: Driving = Headless(config, load, console) if config.headless else InWindow(config, load, console)
    commands = Commands(writable_path(config.session), workers, tuple(options_of(plan.model)), plan.warm)

    def say(line: str) -> None:
        console.print(escape(line), highlight=False)

    results: list[Result] = []
    try:
        for result in go_round(plan, driving, commands, say, partial(waiting, console)):
            results.append(result)
    finally:  # Ctrl+C in the third round takes nothing from the first two
        if results:
            console.print(cost_table(results))
            console.print(gain_table(results))
            page = plan.out / PAGE
            write_rounds_page(page, results, open_session(plan.session))
            say(f"{page} shows it")
            say(f"next: teleop evaluate {results[-1].round.learner.checkpoint}")


def plan_of(config: DaggerCommand) -> Plan:
    """What is asked for, with what goes without saying. UsageError, SessionError where it makes no sense."""
    session = writable_path(config.session)
    # What is wrong with one is said before any work.
    demos = tuple(open_session(demo).path for demo in config.demos or ())
    if session.resolve() in [demo.resolve() for demo in demos]:
        raise UsageError(
            f"{session} is for corrections, the demonstrations are learned from anyway: name another SESSION"
        )
    return Plan(
        session=session,
        demos=demos,
        out=config.out or session.with_name(f"{session.stem}-rounds"),
        rounds=config.rounds or 1,
        episodes=config.episodes or EPISODES,
        learner=config.learner,
        seed=config.seed,
        expert=config.expert,
        gate=config.gate,
        beta=config.beta,
        warm=config.warm,
        driving_waits=config.fast,
    )


def in_round(collection: Collection, number: int) -> Collection:
    """The share of the expert in a mixture falls from round to round, as DAgger was published."""
    return replace(collection, round=number, beta=collection.beta**number)


class Headless:
    """Implements `Driving` without a window: a stand-in corrects."""

    def __init__(self, config: DaggerCommand, load: Load, console: Console) -> None:
        self._config, self._load, self._console = config, load, console
        self._expert = watching(config)

    def drive(self, learner: Path, tracks: Sequence[int], number: int) -> bool:
        driver, identity = self._load(learner)
        collection = collection_of(self._config, tracks, driver, identity, self._expert)
        collect(in_round(collection, number), self._console)
        return True

    def tell(self, number: int, news: str) -> None:
        """Nobody sits there; the console is told more."""

    def end(self) -> None:
        pass


class InWindow:
    """Implements `Driving` in one window, which stays open from the first episode to the last."""

    def __init__(self, config: DaggerCommand, load: Load, console: Console) -> None:
        self._config, self._load, self._console = config, load, console
        self._learner: Path | None = None
        self._round = 0
        self._news: Fact | None = None
        self._episodes: Generator[End, None, None] | None = None

    def drive(self, learner: Path, tracks: Sequence[int], number: int) -> bool:
        """The window goes on from track to track by itself, beginning with the first of these."""
        if learner != self._learner:
            self._learner, (self._driver, self._identity) = learner, self._load(learner)
        self._round = number
        if self._episodes is None:
            seeds = range(tracks[0], VALIDATION_SEED)
            self._episodes = correct_in_window(
                self._config, seeds, self._driver, self._identity, self._console, self._relieve, lambda: self._news
            )
        return all(next(self._episodes, None) is not None for _ in tracks)

    def _relieve(self, collection: Collection) -> Collection:
        return replace(in_round(collection, self._round), driver=self._driver, learner=self._identity)

    def tell(self, number: int, news: str) -> None:
        """On the screen, from the next episode on."""
        self._news = f"round {number}", news

    def end(self) -> None:
        """Closes the window."""
        if self._episodes is not None:
            self._episodes.close()
