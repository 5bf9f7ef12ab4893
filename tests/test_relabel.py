"""`teleop relabel`: what hands say beside a recorded drive is what the layer holds, and nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from policy import cli as policy
from policy.kinds import Kind
from policy.labels import ZOOM_STEPS, LabelRule
from teleop.cli import run
from teleop.clock import SimulatedMetronome
from teleop.drivers.nudge import FOR_AUTOPILOT, Nudge
from teleop.errors import SessionError, UserError
from teleop.frame import Command, Controls, Source, Start
from teleop.gates import Only
from teleop.layers import LayerWriter
from teleop.loop import Sink, run_episode
from teleop.mending.relabelling import Played, Relabelling
from teleop.mending.replayed import Pictures, Replayed
from teleop.relabel_command import Relabel
from teleop.session import PIECE_ROWS, Episode, open_session
from teleop.sinks.recorder import Recorder
from tests.fakes import TOY_ENV, ScriptedDevice, Tape, ToyWorld, steering
from tests.mending import Play, failed, failure, play, press_key
from tests.player import Moves, press, ticks
from tests.sessions import record
from tests.test_end_to_end import GRAIN, A, B, Y, hold, rows
from tests.virtual_joystick import VirtualPad

__all__ = ["failed", "failure", "play"]
LEFT, RIGHT = (np.array([side, 0.25, 0.0], np.float32) for side in (-0.5, 0.5))
OFF = Controls(LEFT, hands_on=False)
BACK = Controls(LEFT, hands_on=False, commands=(Command.REWIND, Command.PAUSE))
DISCARD = Controls(LEFT, hands_on=False, commands=(Command.DISCARD,))


class Hands(ScriptedDevice):
    name = "hands"


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Of another world: its recorded pictures are shown."""
    return record(tmp_path / "toy", 120)


def on(action: npt.NDArray[np.float32], count: int) -> list[Controls]:
    return [Controls(action, hands_on=True)] * count


def played(session: Path, *controls: Controls, sinks: Sequence[Sink] = ()) -> Played:
    """The first episode, beside hands that do this, tick by tick."""
    opened = open_session(session)
    config = Relabel(session, "careful", headless=True)
    with LayerWriter(session, "careful", "Ada", "by hand") as writer:
        relabelling = Relabelling(config, opened, writer)
        with closing(relabelling.prepare(opened.episodes[0])) as take:
            return relabelling.play(take, Hands(controls), sinks)


def layer(session: Path, name: str = "careful") -> npt.NDArray[np.float32]:
    return open_session(session).episodes[0].layer(name)


def labelled_rows(session: Path, name: str = "careful") -> list[int]:
    return np.flatnonzero(np.isfinite(layer(session, name)).all(axis=1)).tolist()


# What becomes a label -------------------------------------------------------------------------------------------------


def test_hands_that_are_on_label_and_hands_that_are_off_say_nothing(session: Path) -> None:
    digest = open_session(session).episodes[0].digest()
    told = played(session, *[OFF] * 10, *on(LEFT, 20), *[OFF] * 5, *on(RIGHT, 5))
    assert str(told) == "episode 000000: 25 of 120 frames labelled"
    assert labelled_rows(session) == [*range(10, 30), *range(35, 40)]
    assert (layer(session)[10:30] == LEFT).all()
    assert (layer(session)[35:40] == RIGHT).all()
    assert open_session(session).episodes[0].digest() == digest


def test_what_is_steered_again_after_a_rewind_replaces_what_was_steered_before(session: Path) -> None:
    played(session, *on(LEFT, 80), BACK, *[OFF] * 4, *on(RIGHT, 20))
    assert labelled_rows(session) == list(range(80))
    assert np.flatnonzero(layer(session)[:, 0] == 0.5).tolist() == list(range(35, 55)), "30 is where the rewind led"


def test_the_next_sitting_goes_on_with_the_layer_and_sees_it_as_what_was_said_before(session: Path) -> None:
    played(session, *on(LEFT, 10))
    played(session, *[OFF] * 5, *on(RIGHT, 10))
    assert layer(session)[:15, 0].tolist() == [-0.5] * 5 + [0.5] * 10
    opened = open_session(session)
    config = Relabel(session, "careful", headless=True)
    with LayerWriter(session, "careful", "Ada", "by hand") as writer:
        before = Relabelling(config, opened, writer).prepare(opened.episodes[0]).before
    assert before[:15, 0].tolist() == [-0.5] * 5 + [0.5] * 10
    assert np.array_equal(before[15:], opened.episodes[0].human_action[15:])


def test_discarding_takes_back_what_was_labelled_now_and_nothing_else(session: Path) -> None:
    played(session, *on(LEFT, 10))
    played(session, *[OFF] * 5, *on(RIGHT, 60), DISCARD)
    assert labelled_rows(session) == list(range(10))
    assert (layer(session)[:10] == LEFT).all()


def test_it_ends_with_the_last_row_and_every_row_can_have_a_label(session: Path) -> None:
    tape = Tape()
    played(session, *on(LEFT, 500), sinks=[tape])
    assert tape.ends[0].why == "truncated"
    assert labelled_rows(session) == list(range(120))


# What is played -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rewound(tmp_path: Path) -> Episode:
    """Pushed now and then, and rewound from step 130 to 80."""
    back = [replace(controls, commands=(Command.REWIND, Command.PAUSE)) for controls in steering(1)]
    with Recorder(tmp_path / "rewound.zarr", TOY_ENV, block_when_behind=True) as recorder:
        run_episode(
            Start(seed=1, mode="demo", paced=False),
            world=ToyWorld(),
            device=ScriptedDevice([*steering(130), *back, *steering(60, first=2)]),
            drivers={},
            gate=Only(Source.HUMAN),
            sinks=[recorder],
            metronome=SimulatedMetronome(50),
            nudge=Nudge(replace(FOR_AUTOPILOT, probability=0.1)),
        )
    (episode,) = open_session(recorder.path).episodes
    assert (episode.nudge != 0).any()
    return episode


def test_the_kept_way_alone_is_played_with_the_very_actions_that_were_executed(rewound: Episode) -> None:
    session, tape = rewound.path.parents[1], Tape()
    played(session, *on(RIGHT, 300), sinks=[tape])
    kept = np.flatnonzero(rewound.kept)
    assert len(tape.frames) == len(kept) < rewound.committed
    assert np.array_equal(tape.actions(), rewound.action[kept])
    shown = np.array([frame.tick.outcome.observation for frame in tape.frames])
    assert np.array_equal(shown, rewound.observation[kept])
    assert labelled_rows(session) == kept.tolist()
    assert run(["verify", str(session)]) == 0


def test_a_state_that_is_not_the_recorded_one_gets_no_label(session: Path) -> None:
    tape = Tape()
    played(session, *[OFF] * 3, sinks=[tape])
    replayed = Replayed.of(open_session(session).episodes[0])
    replayed.check(tape.frames[2])
    with pytest.raises(UserError, match="goes otherwise here from frame 2 on"):
        replace(replayed, pose=replayed.pose + 1).check(tape.frames[2])


def test_pictures_are_found_in_any_order(tmp_path: Path) -> None:
    (episode,) = open_session(record(tmp_path / "long", PIECE_ROWS + 20)).episodes
    pictures, recorded = Pictures(episode), episode.observation
    for row in (3, PIECE_ROWS + 2, PIECE_ROWS + 19, 0):
        assert np.array_equal(pictures.of(row), recorded[row])


def test_a_disk_that_fails_is_told_with_what_is_safe(session: Path) -> None:
    (session / "episodes" / "000000" / "labels").write_text("in the way")
    with pytest.raises(SessionError, match=r"labelling stopped, .* are safe: check the disk"):
        played(session, *on(LEFT, 60))


# The command ----------------------------------------------------------------------------------------------------------


def test_an_expert_that_sees_the_road_needs_it(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["relabel", str(session), "--name", "auto", "--expert", "autopilot", "--headless"]) == 1
    assert "000000 is not checkable here: there is no world to drive it in again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--name", "x", "--headless"], "--headless has no window"),
        (["--name", "x", "--speed", "9"], "--speed is from 0.1 to 8; got 9"),
        (["--name", "x", "--expert", "autopilot", "--headless", "--episode", "3"], 'has no episode "3"'),
    ],
)
def test_wrong_usage_is_told(
    session: Path, words: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["relabel", str(session), *words]) in (1, 2)
    assert told in capsys.readouterr().err


def somebody_steers_along() -> Moves:
    pad = VirtualPad()
    yield
    yield from press(pad, A)  # it begins with a pause; this plays step 0
    yield from ticks(39)
    hold(pad, steer=0.8, gas=0.28)
    yield from ticks(35)  # steps 40 to 74
    yield from press(pad, B)  # back to step 25
    hold(pad)
    yield
    hold(pad, steer=-0.6, gas=0.52)  # a touch plays on
    yield from ticks(35)  # steps 25 to 59
    hold(pad)
    yield from ticks(5)
    yield from press(pad, Y)
    pad.unplug()
    press_key(pygame.K_ESCAPE)
    yield


def test_what_a_gamepad_steers_along_is_what_the_layer_holds_and_what_is_learned(failed: Path, play: Play) -> None:
    play(somebody_steers_along, "relabel", str(failed), "--name", "careful", "--author", "Ada", "--speed", "2")
    assert labelled_rows(failed) == list(range(25, 75))
    assert layer(failed)[25:60] == pytest.approx(rows((35, (-0.25, 0.5, 0.0))), abs=GRAIN)
    assert layer(failed)[60:75] == pytest.approx(rows((15, (0.5625, 0.25, 0.0))), abs=GRAIN)
    (episode,) = open_session(failed).episodes
    taught = LabelRule("layer:careful").read(episode)
    assert np.flatnonzero(taught.kind == Kind.LAYER).tolist() == list(range(50, 75)), "the camera zooms in until 50"


# And then it is learned from ------------------------------------------------------------------------------------------


def test_what_was_relabelled_and_retaken_is_in_the_next_trainings_table(
    failed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["relabel", str(failed), "--name", "mended", "--expert", "simulated", "--headless"]) == 0
    labels = sum(row >= ZOOM_STEPS for row in labelled_rows(failed, "mended"))
    assert labels > 0, "it would have taken over"
    monkeypatch.setattr("teleop.mending.retaking.HEADLESS_MAX_STEPS", 40)
    assert run(["retake", str(failed), "0", "70", "--expert", "simulated", "--headless", "--fast"]) == 0
    words = ["--labels", "layer:mended", "--steps", "1", "--select-tracks", "0", "--out", str(tmp_path / "better")]
    assert policy.run(["train", "--arch", "bc", *words, str(failed)]) == 0
    table = capsys.readouterr().err
    assert re.search(rf"layer\s+{labels}\s+1\s", table)
    assert re.search(r"demo\s+40\s+1\s", table)
