"""What is kept of an episode for pictures: what counts, and nothing that a rewind took back."""

from __future__ import annotations

import numpy as np

from teleop.clock import SimulatedMetronome
from teleop.frame import HZ, Command, Controls, Source, Start
from teleop.gates import Only
from teleop.loop import run_episode
from teleop.sinks.trace import Trace
from tests.fakes import ScriptedDevice, Tape, ToyWorld, commands, steering


def traced(*script: Controls, every: int | None = None) -> tuple[Trace, Tape]:
    trace, tape = Trace(every), Tape()
    start, device = Start(3, "demo", paced=False), ScriptedDevice(script)
    run_episode(start, ToyWorld(), device, {}, Only(Source.HUMAN), [trace, tape], SimulatedMetronome(HZ))
    return trace, tape


def test_a_drive_line_has_a_point_for_every_step() -> None:
    trace, tape = traced(*steering(60))
    assert np.array_equal(trace.line, [frame.result.pose[:2] for frame in tape.frames])


def test_a_rewind_takes_its_steps_off_the_line() -> None:
    trace, tape = traced(*steering(100), commands(Command.REWIND), commands(Command.PAUSE), *steering(30, first=1.0))
    kept = [*tape.frames[:50], *tape.frames[100:]]
    assert len(kept) > 75
    assert np.array_equal(trace.poses, [frame.result.pose for frame in kept])
    assert len(trace.off_road) == len(kept)


def test_a_rewind_right_before_the_end_counts_too() -> None:
    trace, _ = traced(*steering(100), commands(Command.REWIND), commands(Command.FINISH))
    assert len(trace.line) == 50


def test_observations_are_kept_now_and_then_and_taken_back_as_well() -> None:
    trace, tape = traced(*steering(95), commands(Command.REWIND), commands(Command.FINISH), every=10)
    expected = [frame.tick.outcome.observation for frame in tape.frames[:45:10]]
    assert np.array_equal(trace.observations, expected)


def test_an_episode_without_a_step_has_an_empty_line() -> None:
    trace, _ = traced(commands(Command.FINISH))
    assert trace.line.shape == (0, 2)
    assert not trace.observations
