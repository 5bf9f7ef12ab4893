"""Relabelling: recorded episodes are played, somebody steers along, and what they mean becomes a layer of labels."""

from __future__ import annotations

import getpass
import math
import shlex
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import pygame
from rich.console import Console
from rich.markup import escape

from teleop.bindings import BESIDE_A_LEARNER, Flow, Meaning
from teleop.clock import PacedMetronome, SimulatedMetronome
from teleop.devices.scripted import EVERYWHERE, Scripted
from teleop.devices.seat import NamedDevice, Seat
from teleop.devices.simulated import SimulatedHumanConfig
from teleop.devices.watcher import Watcher
from teleop.drivers.autopilot import Autopilot
from teleop.editing.changes import find_episode
from teleop.errors import UsageError, UserError
from teleop.frame import Command, Controls, Source, Start, Tick
from teleop.gates import Shadow
from teleop.hands import every_hand_device
from teleop.layers import Layer, LayerWriter
from teleop.loop import Sink, run_episode
from teleop.mending.replayed import Replayed, not_drivable, world_of
from teleop.progress import progress
from teleop.relabel_command import Relabel
from teleop.rendering import recorded_pictures
from teleop.screens.stage import Stage
from teleop.screens.summary import GLANCE_S
from teleop.session import Episode, Session, open_session
from teleop.settings.settings import load_settings
from teleop.sinks.label_hud import LabelHud, labelled_words
from teleop.sinks.labelling import Labelling
from teleop.sinks.messages import HEAD
from teleop.sinks.picture import SHOWN, draw_picture
from teleop.window import Window, require_screen
from teleop.words import counted
from teleop.worlds.film import Film
from teleop.worlds.track import TrackWorld

RULES = {
    "human": "steered along by hand while the recorded drive was played",
    "simulated": "the simulated human, where it would have taken over from the recorded drive",
    "autopilot": "the autopilot, in every recorded state that is not hopeless",
}
"""How each expert's labels are made, as a layer tells it."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of playing an episode once."""

    episode: str
    labelled: int
    """Rows that have a label by now."""
    rows: int
    """That can have one."""

    def __str__(self) -> str:
        return f"episode {self.episode}: {self.labelled:,} of {counted(self.rows, 'frame')} labelled"


def relabel(config: Relabel, console: Console) -> None:
    """Play and label as `config` says, and tell the console; errors as for `Relabel.run`."""
    if not config.headless:
        require_screen("to let the autopilot label without one: --expert autopilot --headless")
    session = open_session(config.session, recorded_pictures())
    episodes = chosen(session, config)
    with LayerWriter(session.path, config.name, author_of(config), RULES[config.expert]) as writer:
        writer.check(episodes)
        relabelling = Relabelling(config, session, writer)
        play, labelled = play_headless if config.headless else play_in_window, 0
        for played in play(relabelling, episodes, console):
            console.print(escape(str(played)), highlight=False)
            labelled += played.labelled
    if labelled:
        words = ["--arch", "bc", "--labels", f"layer:{config.name}", "--out", "better.safetensors", str(session.path)]
        console.print(escape(f"next: {shlex.join(['policy', 'train', *words])}"), highlight=False)


def chosen(session: Session, config: Relabel) -> list[Episode]:
    """What is to be played. SessionError without such an episode; UserError where its expert needs a road."""
    named = None if config.episode is None else find_episode(session.path, str(config.episode)).name
    found = [one for one in session.episodes if (one.name == named if named else not one.discarded)]
    if not found:
        raise UserError(f"{session.path} has no episode that can be played: `teleop info {session.path}` says why")
    for episode in found:
        if config.expert != "human" and (why := not_drivable(session, episode)):
            raise UserError(
                f"the {config.expert} expert sees the road, so that an episode has to be driven again; {episode.name} "
                f"is not checkable here: {why}. Label it by hand, or another --episode"
            )
    return found


def author_of(config: Relabel) -> str:
    """Whose layer it is. UsageError where nobody can tell."""
    if config.author or config.expert != "human":
        return config.author or config.expert
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:  # which of them depends on Python's version and the system
        raise UsageError("a layer has an author, and this machine knows no name for you: add --author NAME") from error


class Take:
    """An episode that is about to be played, once."""

    def __init__(self, layer: Layer, replayed: Replayed, world: TrackWorld | Film) -> None:
        self.replayed, self.world = replayed, world
        self.labels = Labelling(layer, replayed.rows, replayed.check)
        laid = layer.labels[replayed.rows]
        self.before = np.where(np.isfinite(laid), laid, replayed.label)
        """(K, 3): the label of each step until now."""

    def close(self) -> None:
        """Free the simulation, where there is one."""
        if isinstance(self.world, TrackWorld):
            self.world.close()


class Relabelling:
    """Everything an episode needs but the one who labels it and those who watch."""

    def __init__(self, config: Relabel, session: Session, writer: LayerWriter) -> None:
        self.config, self.session = config, session
        self.hz = float(session.attrs["hz"])
        self._writer = writer
        self._metronome = SimulatedMetronome(self.hz) if config.headless else PacedMetronome(self.hz * config.speed)

    def prepare(self, episode: Episode) -> Take:
        """An episode, ready to be played once. SessionError when it can't be read."""
        layer, replayed = self._writer.begin(episode), Replayed.of(episode)
        return Take(layer, replayed, world_of(self.session, replayed, picture=not self.config.headless))

    def play(self, take: Take, device: NamedDevice, sinks: Sequence[Sink] = ()) -> Played:
        """Once, from its first row to its last or until somebody had enough."""
        replayed = take.replayed
        run_episode(
            Start(
                seed=int(replayed.episode.attrs["seed"]),
                mode="rollout",
                paced=not self.config.headless,
                expert=self.config.expert,
                device=device.name,
                gate="shadow",
            ),
            world=take.world,
            device=device,
            drivers={Source.LEARNER: replayed},
            gate=Shadow(),
            sinks=[take.labels, *sinks],
            metronome=self._metronome,
            nudge=replayed,
        )
        return Played(replayed.episode.name, int(take.labels.labelled.sum()), len(replayed.rows))


def play_headless(relabelling: Relabelling, episodes: Sequence[Episode], console: Console) -> Iterator[Played]:
    """A stand-in labels every episode; a bar says how far it is."""
    expert = labeller(relabelling.config.expert)
    with progress(console, f"labelling {counted(len(episodes), 'episode')}", len(episodes)) as update:
        for done, episode in enumerate(episodes, start=1):
            with closing(relabelling.prepare(episode)) as take:
                yield relabelling.play(take, expert)
            update(done, f"episode {episode.name}")


def labeller(expert: str) -> NamedDevice:
    """A stand-in that watches a recorded drive, and never ends it."""
    if expert == "simulated":
        return Watcher(SimulatedHumanConfig(lost_lateral=math.inf, lost_heading=math.inf))
    return Scripted(Autopilot(), expert, replace(EVERYWHERE, lost_lateral=math.inf, lost_speed=-math.inf))


def play_in_window(relabelling: Relabelling, episodes: Sequence[Episode], console: Console) -> Iterator[Played]:
    """Somebody labels, or watches a stand-in, until they have had enough."""
    config, settings = relabelling.config, load_settings()
    for problem in settings.problems:
        console.print(escape(problem), style="yellow")
    with closing(Window(f"teleop relabel - {relabelling.session.path.name} {config.name}")) as window:
        expert = None if config.expert == "human" else labeller(config.expert)
        bindings = settings.bindings.without(*BESIDE_A_LEARNER, Flow.PRACTICE)
        seat = Seat(window, every_hand_device(settings, relabelling.hz), bindings, expert)
        place = 0
        while place < len(episodes):
            with closing(relabelling.prepare(episodes[place])) as take:
                hud = hud_of(take, window, seat, relabelling.hz)
                yield relabelling.play(take, Waiting(seat), [hud])
                following = episodes[place + 1].name if place + 1 < len(episodes) else None
                wants = seat.wants or ask(Stage(window, seat), take, following)
            if wants is Flow.QUIT:
                return
            place += wants is not Flow.AGAIN


def hud_of(take: Take, window: Window, seat: Seat, hz: float) -> LabelHud:
    """Shows an episode that is played."""
    name = f"episode {take.replayed.episode.name}"
    return LabelHud(window, take.world, seat, take.labels, name, take.before, hz)


def ask(stage: Stage, take: Take, following: str | None) -> Meaning | None:
    """Say how it went; NEXT, AGAIN or QUIT. None where nobody is there to answer."""
    onward = "leave: it was the last" if following is None else f"next: episode {following}"
    hints = [stage.hint(onward, Flow.NEXT), stage.hint("this one again", Flow.AGAIN), stage.hint("quit", Flow.QUIT)]

    def paint(canvas: pygame.Surface) -> None:
        draw_picture(canvas, take.world.view(), round(canvas.get_height() * SHOWN))
        title = f"Episode {take.replayed.episode.name}"
        stage.window.pen.card(canvas, title, [labelled_words(take.labels)], [HEAD, *hints])

    seconds = math.inf if stage.seat.person else GLANCE_S
    return stage.ask(paint, Command.PAUSE, Flow.NEXT, Flow.AGAIN, seconds=seconds)


class Waiting:
    """A seat in which playing begins with a pause, where a person sits: the first touch plays on (a `loop.Device`)."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    @property
    def person(self) -> bool:
        return self._seat.person

    @property
    def name(self) -> str:
        return self._seat.name

    def reset(self, start: Start) -> None:
        self._seat.reset(start)
        self._begins = self.person

    def read(self, tick: Tick) -> Controls:
        controls, begins = self._seat.read(tick), self._begins
        self._begins = False
        return replace(controls, commands=(Command.PAUSE, *controls.commands)) if begins else controls
