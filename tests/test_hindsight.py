"""Going back before taking over: a stand-in drives where the mistake began, and not only where it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.collecting import Collection, collect
from teleop.devices.hindsight import Hindsight
from teleop.devices.scripted import Care, Scripted
from teleop.devices.watcher import Watcher
from teleop.drivers.autopilot import Autopilot
from teleop.frame import COAST, HZ, Action, Command, Controls, Source, Start, Tick
from teleop.gates import TakeOver
from teleop.loop import run_episode
from teleop.session import Episode, open_session
from teleop.sinks.recorder import Recorder
from teleop.takeovers import takeovers
from tests.fakes import TOY_ENV, ToyWorld

OUTCOME = ToyWorld().reset(1)
HANDS_ON, HANDS_OFF = Controls(COAST, hands_on=True, keeps_wheel=True), Controls(COAST, hands_on=False)

START = Start(seed=1, mode="dagger", paced=False, gate="takeover")


def at(step: int, driver: Source | None = Source.LEARNER) -> Tick:
    return Tick(step, 0, OUTCOME, driver)


class Noticing:
    """Implements `loop.Device`: sees what is wrong on these ticks, and drives on while hindsight insists."""

    person = False

    def __init__(self, wrong: Sequence[int], back_s: int) -> None:
        self._wrong, self._back_s = wrong, back_s

    def reset(self, start: Start) -> None:
        self._hindsight, self._ticks = Hindsight(self._back_s, start), -1

    def read(self, tick: Tick) -> Controls:
        self._ticks += 1
        on = self._ticks in self._wrong or self._hindsight.insists(tick.step)
        return self._hindsight.revised(tick, HANDS_ON if on else HANDS_OFF)


class Straight:
    """A learner."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.0, 0.2, 0.0], np.float32)


def recorded(folder: Path, device: Noticing, steps: int = 400) -> Episode:
    with Recorder(folder / "corrected.zarr", TOY_ENV, block_when_behind=True) as recorder:
        run_episode(
            START,
            world=ToyWorld(steps),
            device=device,
            drivers={Source.LEARNER: Straight()},
            gate=TakeOver(),
            sinks=[recorder],
            metronome=SimulatedMetronome(HZ),
        )
    return open_session(recorder.path).episodes[0]


def test_it_goes_back_and_drives_from_there_past_the_moment_at_which_the_mistake_was_noticed(tmp_path: Path) -> None:
    episode = recorded(tmp_path, Noticing([150], back_s=2))
    steps, driver = episode.step.tolist(), episode.driver
    assert steps[148:152] == [148, 149, 50, 51], "two seconds back, without a pause"
    human = [steps[row] for row in np.flatnonzero(driver == Source.HUMAN)]
    assert human[0] == 51, "a person who goes back is not at the wheel on that very tick"
    assert {*range(51, 150)} <= set(human)
    assert not (driver[:150] == Source.HUMAN).any(), "what the learner did remains, and is no label"
    assert not episode.hands_on[:151].any()
    (takeover,) = takeovers(episode)
    assert (takeover.step, takeover.furthest) == (51, 149), "who answers it has to come past where it went wrong"


def test_zero_seconds_take_over_on_the_spot(tmp_path: Path) -> None:
    episode = recorded(tmp_path, Noticing([150], back_s=0))
    assert (np.diff(episode.step) == 1).all()
    assert int(np.flatnonzero(episode.driver == Source.HUMAN)[0]) == 150


@pytest.mark.parametrize(("step", "seconds"), [(49, 0), (50, 1), (99, 1), (100, 2), (400, 2)])
def test_it_goes_back_no_further_than_the_learner_drove_by_itself(step: int, seconds: int) -> None:
    revised = Hindsight(2, START).revised(at(step), HANDS_ON)
    assert revised.commands == ((Command.REWIND,) * seconds + (Command.PAUSE,) if seconds else ())
    assert revised.hands_on == (seconds == 0)


@pytest.mark.parametrize("gate", ["shadow", "mixed 0.5", ""])
def test_where_nobody_can_take_over_nobody_goes_back(gate: str) -> None:
    assert Hindsight(2, replace(START, gate=gate)).revised(at(300), HANDS_ON) == HANDS_ON


def test_what_an_expert_drove_is_not_gone_back_into() -> None:
    hindsight = Hindsight(2, START)
    hindsight.revised(at(200, Source.HUMAN), HANDS_ON)
    assert hindsight.revised(at(249), HANDS_ON) == HANDS_ON
    assert hindsight.revised(at(250), HANDS_ON).commands.count(Command.REWIND) == 1


def test_the_same_moment_is_gone_back_from_once() -> None:
    hindsight = Hindsight(1, START)
    assert hindsight.revised(at(100), HANDS_ON).commands
    assert hindsight.insists(99)
    assert not hindsight.insists(100)
    assert hindsight.revised(at(100), HANDS_ON) == HANDS_ON, "where driving on brought nothing, it takes over"


def test_where_somebody_else_goes_back_all_begins_anew() -> None:
    hindsight = Hindsight(2, START)
    for step in range(300, 400):
        hindsight.revised(at(step, Source.HUMAN), HANDS_ON)
    assert hindsight.revised(at(340), HANDS_ON) == HANDS_ON, "the learner drove for no second yet"
    assert hindsight.revised(at(440), HANDS_ON).commands.count(Command.REWIND) == 2
    assert hindsight.insists(400)
    hindsight.revised(at(100), HANDS_OFF)
    assert not hindsight.insists(400), "what is driven otherwise leads elsewhere"


def test_whoever_gives_up_does_not_go_back() -> None:
    gives_up = Controls(COAST, hands_on=True, commands=(Command.FINISH,))
    assert Hindsight(2, START).revised(at(300), gives_up) == gives_up


@pytest.mark.parametrize("expert", [Scripted(Autopilot(), "autopilot", Care(back_s=1)), Watcher(back_s=1)])
def test_stand_ins_go_back_to_where_the_learner_was_not_yet_in_trouble(
    expert: Scripted | Watcher, tmp_path: Path
) -> None:
    """A learner that steers straight on leaves the road in the first bend."""
    collection = Collection(tmp_path / "c.zarr", [3], Straight(), {"name": "straight", "sha256": "0"}, expert)
    (ref,) = collect(collection, Console(quiet=True), max_steps=160)
    episode = open_session(ref.session).episodes[0]
    (back,) = np.flatnonzero(np.diff(episode.step) < 0)[:1]
    assert episode.step[back] - episode.step[back + 1] == HZ - 1
    taken = int(np.flatnonzero(episode.driver == Source.HUMAN)[0])
    assert back < taken <= back + 10
    assert (episode.driver[taken : back + HZ] == Source.HUMAN).all(), "past where it had noticed"
    assert episode.wheels_on_road[taken] > 0
    assert not episode.human_action[taken : taken + 3, 2].any(), "no key is still down from the trouble"
    assert ref.rows == 160 + np.maximum(0, 1 - np.diff(episode.step)).sum(), "what was watched, not what is kept"
