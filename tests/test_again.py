"""Rewind, then relabel: the very same happens again, and this time the person steers along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from teleop.again import Again
from teleop.clock import SimulatedMetronome
from teleop.frame import Action, Command, Controls, Source, Start, Tick
from teleop.gates import TakeOver
from teleop.loop import run_episode
from teleop.sinks.labels import LabelCount
from tests.fakes import ScriptedDevice, Tape, ToyWorld

BACK, RELABEL, RELEASE = (Command.REWIND,), (Command.RELABEL,), (Command.RELEASE,)
LEFT = np.array([-0.5, 0.2, 0.0], np.float32)


class Fickle:
    """A learner that never wants the same twice, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def reset(self, start: Start) -> None:
        self.asked = 0

    def act(self, tick: Tick) -> Action:
        self.asked += 1
        return np.array([0.001 * self.asked, 0.5, 0.0], np.float32)


def off(ticks: int = 1, commands: Sequence[Command] = ()) -> list[Controls]:
    return [Controls(LEFT, hands_on=False, commands=tuple(commands))] * ticks


def on(ticks: int = 1, commands: Sequence[Command] = ()) -> list[Controls]:
    return [Controls(LEFT, hands_on=True, commands=tuple(commands))] * ticks


def drive(*controls: list[Controls]) -> tuple[Tape, LabelCount]:
    """By a person, from those ticks' controls."""
    tape, labels, again = Tape(), LabelCount(), Again(Fickle(), TakeOver())
    run_episode(
        Start(seed=1, mode="dagger", paced=False),
        world=ToyWorld(),
        device=ScriptedDevice([one for some in controls for one in some], person=True),
        drivers={Source.LEARNER: again},
        gate=again,
        sinks=[tape, labels],
        metronome=SimulatedMetronome(50),
    )
    return tape, labels


def drivers(tape: Tape) -> str:
    return "".join(frame.driver.name[0] for frame in tape.frames)


def steps(tape: Tape) -> list[int]:
    return [frame.tick.step for frame in tape.frames]


def test_the_very_same_actions_are_driven_again_and_labelled_by_the_hands() -> None:
    tape, labels = drive(off(80), off(1, BACK), on(1, RELABEL), on(49))
    assert steps(tape) == [*range(80), *range(30, 80)]
    assert drivers(tape) == "L" * 130
    then, again = tape.frames[30:80], tape.frames[80:]
    assert [frame.action.tolist() for frame in again] == [frame.action.tolist() for frame in then]
    assert [frame.tick.outcome.pose.tolist() for frame in again] == [frame.tick.outcome.pose.tolist() for frame in then]
    assert {(frame.hands_on, tuple(frame.proposals[Source.HUMAN])) for frame in again} == {(True, tuple(LEFT))}
    assert labels.figures() == {"takeover_rows": 0, "shadow_rows": 50}


def test_it_happens_again_as_far_as_the_learner_had_driven_and_then_whose_hands_are_on_drive() -> None:
    tape, labels = drive(off(60), on(20), off(1, BACK), on(1, RELABEL), on(49))
    assert drivers(tape) == "L" * 60 + "H" * 20 + "L" * 30 + "H" * 20
    assert steps(tape)[80:] == list(range(30, 80))
    assert labels.figures() == {"takeover_rows": 20, "shadow_rows": 30}


def test_when_it_is_over_and_hands_are_off_the_learner_drives_on() -> None:
    tape, _ = drive(off(60), on(20), off(1, BACK), off(1, RELABEL), off(49))
    assert drivers(tape)[80:] == "L" * 50


def test_hands_that_were_lifted_before_it_is_over_take_no_wheel() -> None:
    tape, labels = drive(off(80), off(1, BACK), off(1, RELABEL), off(35), on(5), off(30))
    assert drivers(tape) == "L" * 151
    assert labels.figures() == {"takeover_rows": 0, "shadow_rows": 5}


def test_a_touch_instead_drives_on_from_there() -> None:
    tape, _ = drive(off(80), off(1, BACK), on(40))
    assert drivers(tape) == "L" * 80 + "H" * 40


def test_it_can_be_done_over_and_over() -> None:
    tape, labels = drive(off(80), off(1, BACK), on(1, RELABEL), on(29), off(1, BACK), on(1, RELABEL), on(69))
    assert steps(tape) == [*range(80), *range(30, 60), *range(10, 80)]
    assert drivers(tape) == "L" * 180
    assert [frame.action.tolist() for frame in tape.frames[110:]] == [
        frame.action.tolist() for frame in tape.frames[10:80]
    ]
    assert labels.figures() == {"takeover_rows": 0, "shadow_rows": 70}


def test_what_was_done_otherwise_since_does_not_come_again() -> None:
    tape, _ = drive(off(80), off(1, BACK), on(60), off(1, BACK), on(1, RELABEL), on(10))
    assert drivers(tape) == "L" * 80 + "H" * 60 + "H" * 11, "from step 40 on, the person had driven"


def test_where_the_person_had_driven_there_is_nothing_to_let_happen_again() -> None:
    tape, _ = drive(off(20), on(80), off(1, BACK), off(1, RELABEL), off(10))
    assert drivers(tape) == "L" * 20 + "H" * 80, "it waits"
    assert {tick.drove_here for tick, _ in tape.idle} == {Source.HUMAN}


def test_a_tick_says_who_drove_on_from_where_a_rewind_led_until_something_is_driven() -> None:
    tape, _ = drive(off(80), off(1, BACK), off(3), off(1, BACK), on(5))
    assert {tick.drove_here for tick, _ in tape.idle} == {Source.LEARNER}
    assert [frame.tick.drove_here for frame in tape.frames[79:]] == [None, Source.LEARNER, None, None, None, None]


def test_the_button_means_nothing_where_nothing_was_taken_back() -> None:
    tape, _ = drive(off(20), on(1, RELABEL), on(9))
    assert drivers(tape) == "L" * 20 + "H" * 10


def test_a_learner_in_a_state_that_it_has_been_in_wants_what_it_wanted() -> None:
    tape, _ = drive(off(80), off(1, (*BACK, Command.PAUSE)), off(60))
    then, again = (frames for frames in (tape.frames[30:80], tape.frames[80:130]))
    assert [frame.action.tolist() for frame in again] == [frame.action.tolist() for frame in then]
    assert tape.frames[130].action[0] > tape.frames[129].action[0]


def test_who_looked_away_in_a_rewind_can_still_let_it_happen_again() -> None:
    away = [Controls(LEFT, hands_on=False, interruption="the window lost its focus")] * 5
    tape, labels = drive(off(80), off(1, BACK), away, off(3), on(1, RELABEL), on(49))
    assert drivers(tape) == "L" * 130
    assert labels.figures() == {"takeover_rows": 0, "shadow_rows": 50}


# Giving back ----------------------------------------------------------------------------------------------------------


def test_hands_that_were_on_at_the_release_neither_drive_nor_label_until_they_have_been_lifted() -> None:
    tape, labels = drive(off(10), on(60), on(1, RELEASE), on(20), off(1), on(5))
    assert drivers(tape) == "L" * 10 + "H" * 60 + "L" * 22 + "H" * 5
    assert labels.figures() == {"takeover_rows": 65, "shadow_rows": 0}


@pytest.mark.parametrize("button", [Command.PAUSE, Command.RELEASE])
def test_who_ends_a_pause_by_a_button_leaves_the_wheel_to_the_learner(button: Command) -> None:
    tape, _ = drive(off(10), on(60), off(1, (Command.PAUSE,)), off(3), off(1, (button,)), off(20))
    assert drivers(tape) == "L" * 10 + "H" * 60 + "L" * 21


def test_who_ends_a_pause_by_a_touch_drives() -> None:
    tape, _ = drive(off(10), on(60), off(1, (Command.PAUSE,)), off(3), on(20))
    assert drivers(tape) == "L" * 10 + "H" * 80
