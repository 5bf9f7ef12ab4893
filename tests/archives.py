"""Sessions that can be archived, and what draws their pictures again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from teleop.clock import SimulatedMetronome
from teleop.episode_writer import start_attrs
from teleop.frame import Command, Source, Start
from teleop.gates import Only
from teleop.laws import PIXEL_VERSIONS
from teleop.loop import World, run_episode
from teleop.rendering import Rendering
from teleop.sinks.recorder import Recorder
from teleop.writer import SessionWriter
from tests.fakes import TOY_ENV, ScriptedDevice, ToyWorld, commands, steering
from tests.sessions import START, append_rows

VERSIONS = dict.fromkeys(PIXEL_VERSIONS, "1")


def toy(_: Mapping[str, Any]) -> World:
    return ToyWorld()


HERE = Rendering(toy, VERSIONS)


def record(path: Path) -> Path:
    """An episode that was rewound, a short one, and one whose recording was killed after its commit."""
    rewind, on = commands(Command.REWIND), commands(Command.PAUSE)
    with Recorder(path, TOY_ENV) as recorder:
        for seed, script in ((5, [*steering(60), rewind, on, *steering(10, first=2)]), (6, steering(9))):
            run_episode(
                Start(seed=seed, mode="demo", paced=False, operator="Ada", versions=VERSIONS),
                world=ToyWorld(),
                device=ScriptedDevice(script),
                drivers={},
                gate=Only(Source.HUMAN),
                sinks=[recorder],
                metronome=SimulatedMetronome(50),
            )
    with SessionWriter(path, TOY_ENV) as session:
        killed = session.begin_episode(start_attrs(START) | {"versions": VERSIONS})
        append_rows(killed, 51, ToyWorld())
        killed.commit()
    return recorder.path
