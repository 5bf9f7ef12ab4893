"""The equal-budget experiment with means that make up their recordings and scores, and what is made of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from teleop.budget import Case, Cell, Spent, Terms, cells_in, read_cell, spend
from teleop.cli import run
from teleop.errors import UsageError
from teleop.frame import Action, Start, Tick
from teleop.journal import Journal
from teleop.loop import Driver
from teleop.report.budget_tables import budget_figure, budget_tables, comparisons, with_interval
from teleop.session import open_session
from teleop.spending import StandIns

CASE = Case("autopilot", laps=1, draw=3)
TERMS = Terms((0.5, 2.0), steps=40, tracks=2)


class KilledError(BaseException):
    """The process would be gone here."""


@dataclass
class MadeUp:
    """Implements `Means`: a session is a file that says what was driven, a checkpoint one that lists its sessions."""

    killed_at: str = ""
    """The file whose making kills us."""
    made: list[str] = field(default_factory=list)

    def drive_laps(self, session: Path, expert: str, first_track: int, laps: int) -> Spent:
        return self._drive(session, f"{expert} drives {laps} from {first_track}", Spent(15.0, 15.0, first_track + laps))

    def demonstrate(self, session: Path, expert: str, first_track: int, frames: int) -> Spent:
        spent = Spent(frames / 50, frames / 50, first_track + 2)
        return self._drive(session, f"{expert} drives {frames} from {first_track}", spent)

    def correct(self, session: Path, expert: str, learner: Path, first_track: int, frames: int) -> Spent:
        spent = Spent(frames / 50, frames / 500, first_track + 3)
        return self._drive(session, f"{expert} corrects {learner.stem} for {frames} from {first_track}", spent)

    def recipe(self, expert: str, seed: int) -> Sequence[str]:
        return "--seed", str(seed)

    def train(self, checkpoint: Path, sessions: Sequence[Path], recipe: Sequence[str]) -> None:
        self._make(checkpoint, " ".join([*(session.stem for session in sessions), *recipe]))

    def evaluate(self, checkpoint: Path) -> Mapping[str, Any]:
        """The more sessions, the better; of corrections, by 10 points on one track and 30 on the other."""
        self.made.append(f"{checkpoint.stem} drives")
        base = 100 * len(checkpoint.read_text().split())
        scores = [base + 10, base + 30] if "dagger" in checkpoint.name else [base, base]
        tracks = [{"seed": 1_000_000 + number, "score": score} for number, score in enumerate(scores)]
        return {"mean": sum(scores) / 2, "share_900": 0.5, "tracks": tracks}

    def _drive(self, session: Path, what: str, spent: Spent) -> Spent:
        self._make(session, what)
        return spent

    def _make(self, file: Path, content: str) -> None:
        file.write_text("half made")
        if file.name == self.killed_at:
            raise KilledError
        file.write_text(content)
        self.made.append(file.name)


def go(out: Path, means: MadeUp, seeds: Sequence[int] = (0,), case: Case = CASE, terms: Terms = TERMS) -> list[Cell]:
    return list(spend(case, terms, seeds, means, out))


def content(out: Path, name: str) -> str:
    return (out / CASE.name / name).read_text()


def test_both_arms_begin_with_the_same_laps_and_spend_the_same_frames(tmp_path: Path) -> None:
    go(tmp_path, MadeUp())
    assert CASE.name == "autopilot-1-lap-draw-3"
    assert content(tmp_path, "laps.zarr") == "autopilot drives 1 from 3000"
    assert content(tmp_path, "demos-0.5.zarr") == "autopilot drives 1500 from 3001"
    assert content(tmp_path, "demos-2.zarr") == "autopilot drives 4500 from 3003"
    assert content(tmp_path, "seed-0-dagger-0.5.zarr") == "autopilot corrects seed-0-laps for 1500 from 3001"
    assert content(tmp_path, "seed-0-dagger-2.zarr") == "autopilot corrects seed-0-dagger-0.5 for 4500 from 3004"


def test_each_policy_learns_from_all_that_there_is_by_then_and_from_nothing_of_the_other_arm(tmp_path: Path) -> None:
    cells = go(tmp_path, MadeUp())
    assert content(tmp_path, "seed-0-demos-2.safetensors") == "laps demos-0.5 demos-2 --seed 0"
    assert content(tmp_path, "seed-0-dagger-2.safetensors") == "laps seed-0-dagger-0.5 seed-0-dagger-2 --seed 0"
    told = [(cell["arm"], cell["minutes"], cell["watched_s"], cell["hands_on_s"]) for cell in cells]
    assert told == [
        ("laps", 0, 0, 0),
        ("demos", 0.5, 30, 30),
        ("demos", 2.0, 120, 120),
        ("dagger", 0.5, 30, 3),
        ("dagger", 2.0, 120, 12),
    ]
    last = cells[-1]
    assert (last["draw"], last["seed"], last["recipe"]) == (3, 0, ["--seed", "0"])
    assert len(last["code"]) == 16


def test_another_training_seed_learns_from_the_same_demonstrations_and_is_corrected_itself(tmp_path: Path) -> None:
    means = MadeUp()
    assert len(go(tmp_path, means, seeds=(0, 1))) == 10
    assert means.made.count("demos-2.zarr") == 1
    assert "corrects seed-1-dagger-0.5" in content(tmp_path, "seed-1-dagger-2.zarr")


@pytest.mark.parametrize(
    "killed_at", ["laps.zarr", "demos-2.zarr", "seed-0-dagger-2.zarr", "seed-0-dagger-2.safetensors"]
)
def test_killed_at_any_piece_it_goes_on_there_to_the_same_cells(tmp_path: Path, killed_at: str) -> None:
    first, second = MadeUp(killed_at), MadeUp()
    with pytest.raises(KilledError):
        go(tmp_path, first)
    assert not (tmp_path / CASE.name / killed_at).exists()
    cells = go(tmp_path, second)
    whole = MadeUp()
    assert cells == go(tmp_path / "whole", whole)
    assert first.made + second.made == whole.made
    assert all(cell in cells for cell in cells_in(tmp_path))
    assert len(cells_in(tmp_path)) == len(cells)


def test_what_a_kill_left_unnoted_is_made_again_in_its_place(tmp_path: Path) -> None:
    with Journal(tmp_path / "work", "done.json", {}) as journal:
        for line in ("left by a kill", "made again"):
            with journal.making("laps.zarr") as folder:
                folder.mkdir()
                (folder / "said").write_text(line)
        assert "laps.zarr" not in journal
    assert (tmp_path / "work" / "laps.zarr" / "said").read_text() == "made again"


def test_no_folder_of_results_is_made_within_a_session(tmp_path: Path) -> None:
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "zarr.json").write_text("{}")
    with pytest.raises(UsageError, match="holds what was recorded: choose another --out"):
        go(tmp_path / "mine.zarr" / "budget", MadeUp())
    assert not (tmp_path / "mine.zarr" / "budget").exists()


def test_cells_on_other_terms_are_told_before_anything_is_made(tmp_path: Path) -> None:
    go(tmp_path, MadeUp())
    TERMS.check(tmp_path)
    with pytest.raises(UsageError, match="tracks 2; got 3"):
        Terms((0.5, 2.0), steps=40, tracks=3).check(tmp_path)


def test_pieces_are_made_side_by_side_in_one_folder(tmp_path: Path) -> None:
    one = spend(CASE, TERMS, (0,), MadeUp(), tmp_path)
    begun = next(one)  # and still at it
    TERMS.check(tmp_path)
    other = go(tmp_path, MadeUp(), case=Case("autopilot", laps=1, draw=4))
    assert sorted(cell["draw"] for cell in cells_in(tmp_path)) == [3] + [4] * len(other)
    assert len([begun, *one]) == len(other)


def test_pieces_of_one_folder_are_made_on_the_same_terms(tmp_path: Path) -> None:
    go(tmp_path, MadeUp())
    with pytest.raises(UsageError, match="steps 40; got 50"):
        go(tmp_path, MadeUp(), terms=Terms((0.5, 2.0), steps=50, tracks=2))


# What comes of it -----------------------------------------------------------------------------------------------------


def test_arms_are_compared_over_policies_that_both_have_and_paired_over_tracks(tmp_path: Path) -> None:
    cells = [*go(tmp_path, MadeUp(), seeds=(0, 1)), *go(tmp_path, MadeUp(), case=Case("autopilot", 1, draw=4))]
    missing = [cell for cell in cells if (cell["arm"], cell["seed"], cell["minutes"]) != ("demos", 1, 2.0)]
    alone, half, two = comparisons(missing)
    assert [len(arm.scores) for one in (alone, half, two) for arm in one.arms] == [3, 3, 3, 2, 2]
    assert alone.difference is None
    assert half.difference == (20, 10, 30)
    assert half.by_draw == [20, 20]
    assert half.arms[1].hands_on_s == 3
    console = Console(width=80)
    with console.capture() as told:
        console.print(*budget_tables([alone, half, two]))
    rows = [line.split() for line in told.get().splitlines()]
    assert ["0", "nothing", "0", "s", "300", "300", "to", "300", "0%"] in rows
    assert ["0.5", "DAgger", "3", "s", "420", "410", "to", "430", "0%", "+20", "(+10", "to", "+30)"] in rows
    assert "gain by draw of laps: 0.5 min +20, +20; 2 min +20, +20" in told.get()


def test_an_interval_is_as_wide_as_laps_trainings_and_tracks_differ() -> None:
    def wide(scores: list[list[float]], draws: list[int]) -> float:
        _, low, high = with_interval(np.array(scores), draws)
        return high - low

    alike = [[800.0, 800.0], [800.0, 800.0]]
    assert wide(alike, [0, 1]) == 0
    tracks_differ = [[700.0, 900.0], [700.0, 900.0]]
    assert wide(tracks_differ, [0, 0]) == wide(tracks_differ, [0, 1]) == 200
    other_laps = [[700.0] * 2, [700.0] * 2, [900.0] * 2, [900.0] * 2]
    assert wide(other_laps, [0, 0, 1, 1]) == 200, "both of a draw are chosen, or neither"
    assert wide(other_laps, [0, 1, 0, 1]) == 200
    many_trainings = [[700.0] * 2, [900.0] * 2] * 20
    assert 0 < wide(many_trainings, [0] * 40) < 100, "chance evens out over forty of them"
    assert wide(many_trainings, [0, 1] * 20) == 200, "but not where each draw always comes to the same"


def test_the_picture_has_a_panel_for_each_case_and_names_both_arms(tmp_path: Path) -> None:
    cells = [*go(tmp_path, MadeUp()), *go(tmp_path, MadeUp(), case=Case("simulated", 2, draw=0))]
    svg = budget_figure(comparisons(cells))
    assert svg.startswith("<svg")
    for name in ("autopilot, 1 plain lap", "simulated, 2 plain laps", "demonstrations", "DAgger"):
        assert name in svg


def test_what_the_readme_compares_was_learned_by_one_recipe() -> None:
    recipes: dict[tuple[str, int], set[str]] = {}
    for cell in map(read_cell, (Path(__file__).parents[1] / ".github/results/budget").glob("*/seed-*.json")):
        recipe = " ".join(cell["recipe"]).replace(f"--seed {cell['seed']}", "--seed")
        recipes.setdefault((cell["expert"], cell["laps"]), set()).add(recipe)
    assert recipes, "cells are kept with the code"
    assert {len(some) for some in recipes.values()} == {1}


# By stand-ins ---------------------------------------------------------------------------------------------------------


def test_stand_ins_drive_to_the_frame(tmp_path: Path) -> None:
    means = StandIns(lambda _: pytest.fail("nobody drives by a policy here"), steps=1, tracks=1, workers=1)
    spent = means.demonstrate(tmp_path / "demos.zarr", "autopilot", first_track=5, frames=120)
    assert spent == Spent(2.4, 2.4, 6)
    (episode,) = open_session(tmp_path / "demos.zarr").episodes
    assert (episode.attrs["seed"], episode.attrs["mode"], len(episode.action)) == (5, "demo", 120)
    assert "--setting-off" in means.recipe("simulated", 2)


class StraightOn:
    """A learner that knows no bend, and builds itself."""

    def __call__(self) -> Driver:
        return self

    def identity(self) -> Mapping[str, str]:
        return {"name": "straight", "sha256": "0"}

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([0.0, 0.5, 0.0], np.float32)


@pytest.mark.parametrize(("expert", "frames"), [("autopilot", 120), ("simulated", 300)])
def test_stand_ins_correct_to_the_second_and_count_what_their_hands_were_on(
    expert: str, frames: int, tmp_path: Path
) -> None:
    """What is gone back over is watched twice."""
    means = StandIns(lambda _: StraightOn(), steps=1, tracks=1, workers=1)
    spent = means.correct(tmp_path / "c.zarr", expert, Path("learner"), first_track=5, frames=frames)
    episodes = open_session(tmp_path / "c.zarr").episodes
    driven = sum(len(episode.action) for episode in episodes)
    assert frames - 50 < driven <= frames
    assert any((np.diff(episode.step) < 0).any() for episode in episodes) == (expert == "simulated")
    assert (spent.watched_s, spent.next_track) == (driven / 50, 5 + len(episodes))
    assert spent.hands_on_s == pytest.approx(sum(episode.hands_on.sum() for episode in episodes) / 50, abs=0.1)
    assert 0 < spent.hands_on_s < spent.watched_s


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--minutes", "2", "1"], "ascending from 0 by at least 1 s, at most 1000 a step; got 2.0 1.0"),
        (["--minutes", "0", "1"], "ascending from 0"),
        (["--minutes", "1", "1.01"], "by at least 1 s"),
        (["--minutes", "inf"], "at most 1000"),
        (["--minutes", "0.5", "nan"], "ascending from 0"),
        (["--minutes"], "got none"),
        (["--laps", "1", "1"], "each once; got 1 1"),
        (["--laps", "0"], "--laps is from 1"),
        (["--seeds"], "--seeds is from 0 to 2^63 - 1, at least one, each once; got none"),
        (["--seeds", "99999999999999999999"], "--seeds is from 0 to 2^63 - 1"),
        (["--draws", "800"], "--draws is from 0 to 799"),
        (["--tracks", "101"], "--tracks is from 1 to 100"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["budget", "--out", str(tmp_path / "out"), *words]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
