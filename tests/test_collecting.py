"""Corrections collected without a window: who drove is in every row, and what it cost in every episode."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from policy.checkpoint import save_checkpoint
from teleop.autonomy import Autonomy
from teleop.burden import Burden
from teleop.cli import run
from teleop.collecting import Collection, Drives, GateName, collect
from teleop.devices.scripted import EVERYWHERE, Care
from teleop.drivers.autopilot import Autopilot
from teleop.experts import stand_in
from teleop.frame import Action, Source, Start, Tick
from teleop.session import Episode, open_session
from tests.fakes import Tape
from tests.lessons import constant_checkpoint

QUIET = Console(quiet=True)
LEARNER = {"name": "straight.safetensors", "sha256": "0" * 64}


class StraightOn:
    """A learner that knows no bend."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.0, 0.3 if tick.outcome.pose[3] < 40 else 0.0, 0.0], np.float32)


def collected(folder: Path, gate: GateName = "takeover", expert: str = "autopilot", lost: float = 14.0) -> Episode:
    """One episode on track 3; the learner is lost so far from the middle."""
    care = Care(lost_lateral=lost) if gate == "takeover" else EVERYWHERE
    collection = Collection(
        folder / "s.zarr", [3], StraightOn(), LEARNER, stand_in(expert, care), gate, round=2, operator="Ada"
    )
    (ref,) = collect(collection, QUIET)
    (episode,) = open_session(ref.session).episodes
    assert (ref.name, ref.seed, ref.why) == (episode.name, 3, episode.attrs["end"])
    return episode


def test_an_episode_says_who_drove_who_corrected_and_how(tmp_path: Path) -> None:
    episode = collected(tmp_path, lost=5.5)
    told = {name: episode.attrs[name] for name in ("mode", "expert", "device", "gate", "round", "operator", "learner")}
    assert told == {
        "mode": "dagger",
        "expert": "autopilot",
        "device": "autopilot",
        "gate": "takeover",
        "round": 2,
        "operator": "Ada",
        "learner": LEARNER,
    }
    assert not np.isnan(episode.learner_action).any()
    assert np.array_equal(episode.human_action, episode.autopilot_action)
    more = Collection(tmp_path / "s.zarr", [4], StraightOn(), LEARNER, stand_in("autopilot", Care(lost_lateral=5.5)))
    assert [(ref.name, ref.seed) for ref in collect(more, QUIET)] == [("000001", 4)], "what was appended, alone"


def test_a_learner_that_knows_no_bend_is_corrected_and_the_rows_say_when(tmp_path: Path) -> None:
    episode = collected(tmp_path)
    human = episode.driver == Source.HUMAN
    assert np.array_equal(episode.action[human], episode.human_action[human])
    assert np.array_equal(episode.action[~human], episode.learner_action[~human])
    figures = episode.attrs["figures"]
    assert figures["interventions"] == np.count_nonzero(np.diff(human.astype(int)) == 1) > 3
    assert figures["takeover_rows"] == np.count_nonzero(human & episode.hands_on) > 100
    assert figures["shadow_rows"] == 0
    assert figures["human_s"] == pytest.approx(human[:-1].sum() / 50)


def test_in_the_shadow_every_state_is_labelled_and_none_is_driven_through_by_the_expert(tmp_path: Path) -> None:
    episode = collected(tmp_path, "shadow")
    assert (episode.driver == Source.LEARNER).all()
    assert episode.hands_on[:100].all()
    assert episode.attrs["end"] == "stopped", "it was lost in the first bend"
    assert episode.attrs["figures"]["shadow_rows"] == episode.hands_on.sum()


def test_a_mixture_names_its_share_and_labels_whoever_drove(tmp_path: Path) -> None:
    collection = Collection(
        tmp_path / "s.zarr", [3], StraightOn(), LEARNER, stand_in("autopilot", EVERYWHERE), "mixed", beta=0.2
    )
    collect(collection, QUIET)
    (episode,) = open_session(tmp_path / "s.zarr").episodes
    assert episode.attrs["gate"] == "mixed 0.2"
    assert episode.attrs["figures"]["interventions"] == 0, "what a coin gives nobody took"
    assert 0.1 < (episode.driver == Source.HUMAN).mean() < 0.3
    assert episode.hands_on[:100].all()


def test_another_learner_drives_from_the_next_episode_on() -> None:
    first = Collection(Path("s"), [3], StraightOn(), LEARNER, stand_in("autopilot", Care(lost_lateral=5.5)))
    tape = Tape()
    with closing(Drives(first, max_steps=60)) as drives:
        drives.drive(3, [tape], first.expert)
        drives.go_on_as(replace(first, driver=Autopilot(), learner={"name": "better"}, round=3))
        drives.drive(4, [tape], first.expert)
    assert [start.round for start in tape.starts] == [None, 3]
    assert [start.learner for start in tape.starts] == [LEARNER, {"name": "better"}]
    last = tape.frames[-1].proposals
    assert np.array_equal(last[Source.LEARNER], last[Source.AUTOPILOT])


def test_tracks_that_measure_are_not_corrected_on(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "s.zarr", [900_000], StraightOn(), LEARNER, stand_in("autopilot"))
    with pytest.raises(Exception, match="900000"):
        collect(collection, QUIET)


# The burden -----------------------------------------------------------------------------------------------------------

FIGURES = {
    "driven_s": 20.0,
    "interventions": 3,
    "human_s": 6.0,
    "failed_handbacks": 1,
    "tiles": 200,
    "tiles_missed": 50,
    "takeover_rows": 200,
    "shadow_rows": 50,
}


def test_the_burden_is_read_from_the_figures_of_an_episode() -> None:
    burden = Burden.of(FIGURES)
    assert burden == Burden(Autonomy(20.0, 3, 6.0), 1, 0.75, 200, 50, hands_on_s=5.0)
    assert (burden.interventions_per_lap, burden.takeover_s, burden.hands_on_s) == (4.0, 2.0, 5.0)
    assert burden.human_share == pytest.approx(0.3)


def test_hands_are_on_by_the_clock_and_not_by_the_frame() -> None:
    """In slow motion at half the speed the same 250 frames take ten seconds."""
    assert Burden.of(FIGURES | {"hands_on_s": 10.0}).hands_on_s == 10.0


def test_burdens_add_up_and_are_told_in_words() -> None:
    both = Burden.of(FIGURES) + Burden.of(FIGURES)
    assert both.laps == 1.5
    assert str(both).splitlines() == [
        "40 s watched, 10.0 s of it hands on",
        "interventions: 6 (4.0 a lap), 2.0 s each, 30% of the time; 2 within 2 s of handing back",
        "labelled: 400 frames in takeovers, 100 while the learner drove",
        str(both.driving),
    ]


def test_nothing_driven_is_no_burden() -> None:
    nothing = Burden()
    assert (nothing.interventions_per_lap, nothing.human_share, nothing.takeover_s) == (None, None, None)
    assert "labelled: 0 frames" in str(nothing)


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_collects_and_says_what_it_cost_and_what_is_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    straight_on = constant_checkpoint(np.array([0.0, 0.3, 0.0], np.float32))
    save_checkpoint(replace(straight_on, episodes=({"seed": 2}, {"seed": 1})), tmp_path / "a.safetensors")
    words = ["dagger", str(tmp_path / "s"), "--learner", str(tmp_path / "a.safetensors"), "--gate", "shadow"]
    assert run([*words, "--expert", "autopilot", "--headless", "--fast"]) == 0
    told = capsys.readouterr().out
    assert "1 episode, saved in" in told
    assert "0 frames in takeovers, 1" in told
    assert "policy train" in told
    (episode,) = open_session(tmp_path / "s").episodes
    assert episode.attrs["learner"]["name"] == "a.safetensors"
    assert episode.attrs["seed"] == 3, "it learned from the tracks before"
    assert run(["verify", str(tmp_path / "s")]) == 0
    capsys.readouterr()
    assert run(["info", str(tmp_path / "s")]) == 0
    assert "learners drove, corrected: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (["--headless"], "--expert simulated or autopilot"),
        (["--demos"], "--demos names the sessions of demonstrations; got none"),
        (["--expert", "autopilot", "--fast"], "--headless"),
        (["--gate", "mixed"], "--expert autopilot"),
        (["--gate", "mixed", "--expert", "simulated"], "--expert autopilot"),
        (["--gate", "mixed", "--expert", "autopilot", "--beta", "1.5"], "from 0 to 1; got 1.5"),
        (["--beta", "0.5"], "got --gate takeover: drop one"),
        (["--seed", "900000"], "900000"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dagger", "s", "--learner", "a.safetensors", *options]) == 2
    assert remedy in capsys.readouterr().err


def test_a_learner_that_is_not_there_is_told_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["dagger", str(tmp_path / "s"), "--learner", str(tmp_path / "no.safetensors")]
    assert run([*words, "--expert", "autopilot", "--headless"]) == 1
    assert "no.safetensors" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
