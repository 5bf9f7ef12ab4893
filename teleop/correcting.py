"""Correcting a learner, as `teleop dagger` asks for it: in a window, or by a stand-in without one."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing

from rich.console import Console
from rich.markup import escape

from teleop.burden import Burden
from teleop.collecting import EXPERTS_SHARE, Collection, Drives, collect
from teleop.dagger_command import DaggerCommand
from teleop.devices.scripted import EVERYWHERE, Care
from teleop.devices.seat import NamedDevice, Seat
from teleop.experts import stand_in
from teleop.frame import Command, End
from teleop.hands import every_hand_device
from teleop.loop import Driver, Sink
from teleop.recording import HEADLESS_MAX_STEPS, seeds_to_drive
from teleop.screens.facts import Fact
from teleop.screens.ready import Beside
from teleop.settings.settings import load_settings
from teleop.sitting import Sitting
from teleop.window import Window, require_screen
from teleop.words import counted
from teleop.writer import writable_path

WITHOUT_A_SCREEN = "to let a stand-in correct without one: --expert simulated --headless"


def correct(
    config: DaggerCommand, driver: Driver, learner: Mapping[str, str], console: Console, learned_tracks: Sequence[int]
) -> None:
    """Let the learner {name, sha256} drive, have it corrected as `config` says, and tell the console how it went.

    `learned_tracks` it learned from: by default it is corrected on others.

    UsageError when there is no screen; SessionError when the session can't be written.
    """
    seeds = seeds_to_drive(config, learned_tracks)
    try:
        burdens = list(_burdens(config, seeds, driver, learner, console))
    except KeyboardInterrupt:
        if (session := writable_path(config.session)).exists():
            console.print(escape(f"what was recorded so far is kept in {session}"), highlight=False)
        raise
    say_how_it_went(config, burdens, console)


def _burdens(
    config: DaggerCommand, seeds: range, driver: Driver, learner: Mapping[str, str], console: Console
) -> Iterator[Burden]:
    """Of every episode."""
    if config.headless:
        refs = collect(collection_of(config, seeds, driver, learner, watching(config)), console)
        yield from (ref.burden for ref in refs)
    else:
        require_screen(WITHOUT_A_SCREEN)
        yield from (
            Burden.of(end.figures, end.why == "discarded")
            for end in correct_in_window(config, seeds, driver, learner, console)
        )


def watching(config: DaggerCommand) -> NamedDevice:
    """The stand-in; beside a learner that keeps the wheel it labels wherever that makes sense."""
    return stand_in(config.expert, Care() if config.gate == "takeover" else EVERYWHERE)


def collection_of(
    config: DaggerCommand, seeds: Sequence[int], driver: Driver, learner: Mapping[str, str], expert: NamedDevice
) -> Collection:
    """What is asked for, with who corrects."""
    return Collection(
        config.session,
        seeds,
        driver,
        learner,
        expert,
        config.gate,
        beta=EXPERTS_SHARE if config.beta is None else config.beta,
        operator=config.operator,
        paced=not config.fast,
    )


def correct_in_window(
    config: DaggerCommand,
    seeds: range,
    driver: Driver,
    learner: Mapping[str, str],
    console: Console,
    relieve: Callable[[Collection], Collection] = lambda collection: collection,
    news: Callable[[], Fact | None] = lambda: None,
) -> Generator[End, None, None]:
    """Somebody watches and corrects, until they have had enough. Yields what was recorded.

    `relieve` may put another learner, or round, into each episode before it begins; `news` is shown with it.
    """
    settings = load_settings()
    for problem in settings.problems:
        console.print(escape(problem), style="yellow")
    with closing(Window(f"teleop dagger - {learner['name']}")) as window:
        expert = None if config.expert == "human" else watching(config)
        no_wheel = (Command.RELEASE,) if config.gate == "shadow" else ()  # to give back
        seat = Seat(window, every_hand_device(settings), settings.bindings.without(*no_wheel), expert)
        collection = collection_of(config, seeds, driver, learner, seat)
        limit = HEADLESS_MAX_STEPS if expert else None  # of a learner that is stuck, nobody would have enough
        with closing(Drives(collection, picture=True, max_steps=limit)) as drives, drives.logbook() as logbook:
            logbook.open()  # what is wrong with the session is said before anybody drives

            def drive(seed: int, sinks: Sequence[Sink]) -> End:
                drives.go_on_as(relieve(collection))
                return drives.drive(seed, sinks, seat)

            beside = Beside(learner["name"], "steer along" if no_wheel else "take over")
            sitting = Sitting(window, seat, drives.world, settings, drive, logbook, news=news, beside=beside)
            for driven in sitting.drive(seeds):
                if driven.recorded and driven.end.steps:
                    yield driven.end


def say_how_it_went(config: DaggerCommand, burdens: Sequence[Burden], console: Console) -> None:
    """What it cost, what was labelled, and what to do with it."""
    if not burdens:
        console.print("nothing was recorded")
        return
    session = writable_path(config.session)
    console.print(escape(f"{counted(len(burdens), 'episode')}, saved in {session}"), highlight=False)
    console.print(str(sum(burdens, Burden())), highlight=False)
    better = session.with_suffix(".safetensors")
    command = shlex.join(["policy", "train", "--arch", "bc", "--out", str(better), "DEMONSTRATIONS", str(session)])
    console.print(escape(f"next: {command}"), highlight=False)
