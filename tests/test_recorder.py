"""The recording sink, driven by the real loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from teleop.clock import SimulatedMetronome
from teleop.frame import End, Source, Start
from teleop.gates import Only
from teleop.loop import run_episode
from teleop.session import open_session
from teleop.sinks.recorder import Recorder
from tests.fakes import TOY_ENV, ScriptedDevice, Tape, ToyWorld, steering


def drive(recorder: Recorder, rows: int, seed: int = 7) -> tuple[Tape, End]:
    tape = Tape()
    end = run_episode(
        Start(seed=seed, mode="demo", paced=False),
        world=ToyWorld(),
        device=ScriptedDevice(steering(rows)),
        drivers={},
        gate=Only(Source.HUMAN),
        sinks=[recorder, tape],
        metronome=SimulatedMetronome(50),
    )
    return tape, end


def test_what_was_driven_is_what_is_read_back(tmp_path: Path) -> None:
    with Recorder(tmp_path / "mine", TOY_ENV, block_when_behind=True) as recorder:
        tape, end = drive(recorder, rows=123)
    (episode,) = open_session(tmp_path / "mine").episodes
    assert episode.committed == len(tape.frames) == 123
    assert np.array_equal(episode.observation, [frame.tick.outcome.observation for frame in tape.frames])
    assert np.array_equal(episode.action, tape.actions())
    assert np.array_equal(episode.human_action, tape.actions())
    assert np.isnan(episode.learner_action).all()
    rewards = [frame.result.reward for frame in tape.frames]
    assert np.array_equal(episode.reward, np.array(rewards, np.float32))
    assert np.array_equal(episode.pose, [frame.tick.outcome.pose for frame in tape.frames])
    assert np.array_equal(episode.step, np.arange(123))
    assert np.array_equal(episode.time_ns, np.arange(123) * 20_000_000)
    assert episode.final_observation is not None
    assert np.array_equal(episode.final_observation, end.outcome.observation)
    assert episode.attrs["end"] == "stopped"
