"""Takeovers are driven again by other learners; here those are the autopilot, and one that only steers straight on."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from policy.checkpoint import save_checkpoint
from teleop import bank
from teleop.again import Again
from teleop.autonomy import Autonomy
from teleop.bank import Bank, answered, check_bank, takeovers_in
from teleop.bank_command import session_of
from teleop.burden import Burden
from teleop.cli import run
from teleop.clock import SimulatedMetronome
from teleop.collecting import Collection, Drives
from teleop.dagger import Round, Scored
from teleop.drivers.autopilot import Autopilot
from teleop.errors import UsageError, UserError
from teleop.experts import stand_in
from teleop.frame import HZ, Action, Command, Controls, Source, Start, Tick
from teleop.gates import TakeOver
from teleop.loop import run_episode
from teleop.report.rounds_page import write_rounds_page
from teleop.rounds import Result
from teleop.session import open_session
from teleop.sinks.recorder import Recorder
from teleop.takeovers import Takeover, takeovers
from teleop.worlds.track import TrackWorld
from tests.fakes import TOY_ENV, ScriptedDevice, ToyWorld
from tests.lessons import constant_checkpoint, mark

STEPS = 200
"""Enough for a bend."""
ACTION = np.array([0.0, 0.1, 0.0], np.float32)


class StraightOn:
    """Needs a takeover in every bend."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return ACTION


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session in which the autopilot corrected a learner that steers straight on."""
    path = tmp_path_factory.mktemp("bank") / "corrections.zarr"
    learner = {"name": "straight", "sha256": "0"}
    collection = Collection(path, [3], StraightOn(), learner, stand_in("autopilot"))
    with closing(Drives(collection, max_steps=STEPS)) as drives, drives.logbook() as logbook:
        drives.drive(3, [logbook.open()], collection.expert)
    return path


def found(session: Path) -> list[Takeover]:
    return list(takeovers_in(open_session(session)))


def quiet() -> Console:
    return Console(quiet=True)


def test_a_learner_that_keeps_to_the_middle_needs_no_takeover(corrected: Path) -> None:
    bank = check_bank(corrected, Autopilot, 1, quiet())
    assert bank.fixed == bank.checkable == len(found(corrected)) > 0
    assert str(bank).endswith("fixed (100%)")


def test_a_recording_that_drives_otherwise_here_is_told_and_counts_for_nothing(corrected: Path) -> None:
    first = found(corrected)[0]
    verdict = answered(Autopilot(), replace(first, actions=first.actions * np.float32(0.9)))
    assert verdict.fixed is None
    assert "other versions" in verdict.why


def test_discarded_episodes_and_those_decided_by_a_coin_hold_no_takeovers(corrected: Path) -> None:
    episode = corrected / "episodes" / "000000"
    mark(episode, discarded=True)
    assert "no takeover to answer" in str(check_bank(corrected, Autopilot, 1, quiet()))
    mark(episode, discarded=False, gate="mixed 0.5")
    assert not found(corrected)
    mark(episode, gate="takeover")
    assert found(corrected)


def test_after_a_rewind_a_takeover_follows_what_was_not_taken_back(tmp_path: Path) -> None:
    nobody, hand = Controls(ACTION, hands_on=False), Controls(ACTION, hands_on=True)
    back = Controls(ACTION, hands_on=False, commands=(Command.REWIND, Command.PAUSE))
    device = ScriptedDevice([nobody] * 70 + [hand] * 5 + [back] + [hand] * 5)
    with Recorder(tmp_path / "rewound.zarr", TOY_ENV, block_when_behind=True) as recorder:
        run_episode(
            Start(seed=1, mode="dagger", paced=False),
            world=ToyWorld(),
            device=device,
            drivers={Source.LEARNER: StraightOn()},
            gate=TakeOver(),
            sinks=[recorder],
            metronome=SimulatedMetronome(50),
        )
    first, second = takeovers(open_session(recorder.path).episodes[0])
    assert (first.row, first.step, first.furthest) == (70, 70, 70)
    assert (second.row, second.step, second.furthest) == (76, 26, 26)
    assert second.actions.shape == (26, 3)
    assert second.pose.shape == (27, 4)


def test_where_the_learner_repeats_itself_up_to_its_takeover_that_is_one_takeover(tmp_path: Path) -> None:
    nobody, hand = Controls(ACTION, hands_on=False), Controls(ACTION, hands_on=True)
    back = Controls(ACTION, hands_on=False, commands=(Command.REWIND,))
    along = Controls(ACTION, hands_on=True, commands=(Command.RELABEL,))
    again = Again(StraightOn(), TakeOver())
    with Recorder(tmp_path / "again.zarr", TOY_ENV, block_when_behind=True) as recorder:
        run_episode(
            Start(seed=1, mode="dagger", paced=False),
            world=ToyWorld(),
            device=ScriptedDevice([nobody] * 70 + [hand] * 5 + [back, along] + [hand] * 60, person=True),
            drivers={Source.LEARNER: again},
            gate=again,
            sinks=[recorder],
            metronome=SimulatedMetronome(50),
        )
    (only,) = takeovers(open_session(recorder.path).episodes[0])
    assert (only.row, only.step) == (70, 70)


def test_the_learner_that_was_corrected_would_be_corrected_again_and_is_told_where(
    corrected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rounds.json").write_text(json.dumps({"plan": {"session": str(corrected)}, "done": {}}))
    save_checkpoint(constant_checkpoint(ACTION), tmp_path / "straight.safetensors")
    words = ["--learner", str(tmp_path / "straight.safetensors"), "--workers", "1", "--json", str(tmp_path / "b.json")]
    assert run(["bank", str(tmp_path), *words]) == 0
    told = capsys.readouterr().out
    assert "still to be corrected" in told
    assert "s after it 6." in told
    assert "0 of 1 takeover fixed" in told
    assert json.loads((tmp_path / "b.json").read_text())["fixed"] == 0


def test_where_somebody_went_back_a_learner_has_to_come_past_the_moment_that_they_went_back_from(
    corrected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken over more than a second before the bend, by somebody who had seen where straight on leads."""
    monkeypatch.setattr(bank, "HELD_S", 0.5)
    first = found(corrected)[0]
    early = first.step - 60
    went_back = replace(first, actions=first.actions[:early], pose=first.pose[: early + 1], step=early)
    assert answered(StraightOn(), replace(went_back, furthest=early)).fixed is True
    assert answered(StraightOn(), replace(went_back, furthest=first.step)).fixed is False


def test_a_car_that_is_handed_over_off_the_road_has_until_the_takeover_to_come_back() -> None:
    coming_back = off_the_road(straight_on=155, back=200)
    assert answered(Autopilot(), coming_back).fixed is True
    assert answered(StraightOn(), coming_back).fixed is False
    assert answered(Autopilot(), off_the_road(straight_on=155, back=0)).fixed is False, "too far off for a second"


def off_the_road(straight_on: int, back: int) -> Takeover:
    """The autopilot has so many steps to bring back a car that left it; taken over a second after it was last off."""
    seed, driver, actions = 3, Autopilot(), []
    with closing(TrackWorld()) as world:
        outcomes = [world.reset(seed)]
        driver.reset(Start(seed, "rollout", paced=False, road=world.road))
        for step in range(straight_on + back):
            tick = Tick(step, 0, outcomes[-1], None, None, 1.0)
            actions.append(ACTION if step < straight_on else driver.act(tick))
            outcomes.append(world.step(actions[-1]))
    off = max(step for step, outcome in enumerate(outcomes) if outcome.wheels_on_road == 0)
    second = round(bank.LEAD_S * HZ)
    actions, poses = (
        [*actions[:off], *[ACTION] * second],
        [outcomes[min(step, off)].pose for step in range(off + second + 1)],
    )
    return Takeover("000000", seed, 0, off + second, off + second, np.array(actions), np.array(poses))


def test_a_session_of_another_world_has_no_bank(tmp_path: Path) -> None:
    with Recorder(tmp_path / "toy.zarr", TOY_ENV):
        pass
    with pytest.raises(UserError, match="can't be"):
        check_bank(tmp_path / "toy.zarr", Autopilot, 1, quiet())


class Parked:
    """Brakes, whatever happens."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.0, 0.0, 0.5], np.float32)


def test_a_folder_of_neither_rounds_nor_frames_is_no_bank(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"neither rounds \(rounds.json\) nor a session"):
        session_of(tmp_path)


def test_a_learner_that_stands_still_has_fixed_nothing(corrected: Path) -> None:
    first = found(corrected)[0]
    verdict = answered(Parked(), replace(first, actions=first.actions[:60], pose=first.pose[:61], step=60))
    assert verdict.fixed is False
    assert "standing still" in verdict.why


# On the page of the rounds --------------------------------------------------------------------------------------------


def result(number: int, bank: Bank, scores: tuple[float, float]) -> Result:
    """A round in which 15 s were watched, and the wheel was taken once for 3 s."""
    parent, candidate = (Scored(Path(f"learner-{number - back}.safetensors"), scores[1 - back]) for back in (1, 0))
    burden = Burden(Autonomy(15.0, 1, 3.0), laps=1.0, takeover_rows=100, hands_on_s=2.0)
    return Result(number, Round(parent, candidate), burden, train_s=50.0, validate_s=30.0, bank=bank)


def test_the_page_tells_what_rounds_cost_and_brought_and_shows_the_takeover_that_is_still_needed(
    corrected: Path, tmp_path: Path
) -> None:
    fixed, still = check_bank(corrected, Autopilot, 1, quiet()), check_bank(corrected, StraightOn, 1, quiet())
    (verdict,) = still.verdicts
    write_rounds_page(
        tmp_path / "index.html",
        [result(1, fixed, (500, 700)), result(2, still, (700, 600))],
        open_session(corrected),
    )
    page = (tmp_path / "index.html").read_text()
    assert "learner-1.safetensors drives by now: 700 on 20 validation tracks, 500 before" in page
    assert "0.5 minutes of watching, with hands on for 4 s" in page
    assert "learner-2 answers 0 of 1" in page
    assert f"<td>{verdict.step / 50:.1f} s</td><td>fixed</td><td><strong>open</strong></td>" in page
    assert f"would need it again: {verdict.why}" in page
    assert page.count("<img") == 1


def test_of_rounds_without_a_takeover_the_page_says_so(corrected: Path, tmp_path: Path) -> None:
    write_rounds_page(tmp_path / "index.html", [result(1, Bank(()), (500, 700))], open_session(corrected))
    page = (tmp_path / "index.html").read_text()
    assert "Nobody took the wheel" in page
    assert "<img" not in page
