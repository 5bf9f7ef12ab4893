"""Rounds with a workshop that makes up its learners and their scores, and laps of a few rows."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from rich.console import Console

from teleop import rounds
from teleop.bank import Bank, Verdict
from teleop.bank_command import session_of
from teleop.chores import Chore, Process
from teleop.dagger import Scored, dagger_round
from teleop.errors import UsageError, UserError
from teleop.report.rounds_tables import cost_table, gain_table
from teleop.rounds import Commands, Plan, Result, Workshop, go_round
from teleop.session import open_session
from tests.lessons import mark, record_episode
from tests.processes import eventually_gone

FIGURES = {
    "score": 900.0,
    "tiles": 280,
    "tiles_missed": 0,
    "driven_s": 15.0,
    "human_s": 3.0,
    "interventions": 2,
    "failed_handbacks": 1,
    "takeover_rows": 100,
    "shadow_rows": 0,
}


class KilledError(BaseException):
    """The process would be gone here."""


@dataclass
class AtOnce:
    """A chore that is done when it has been asked `lasts` times."""

    lasts: int = 0
    given_up: bool = False

    def done(self) -> bool:
        self.lasts -= 1
        return self.lasts < 0

    def finish(self) -> float:
        return 12.0

    def give_up(self) -> None:
        self.given_up = True


@dataclass
class Inventor:
    """Implements `Workshop`: a learner is a file that lists the episodes that it learned from."""

    scores: Sequence[float] = (500, 700, 600)
    """Of learners 0, 1, 2."""
    lasts: int = 0
    killed_at: str = ""
    """The file whose making kills us."""
    made: list[str] = field(default_factory=list)
    parents: list[str | None] = field(default_factory=list)

    def train(self, sessions: Sequence[Path], checkpoint: Path, parent: Path | None, until_round: int) -> Chore:
        self.parents.append(parent.stem if parent else None)
        episodes = [
            f"{session.stem} {one.name}"
            for session in sessions
            for one in open_session(session).episodes
            if (one.attrs.get("round") or 0) <= until_round
        ]
        return self._make(checkpoint, "\n".join(episodes))

    def validate(self, checkpoint: Path, figures: Path) -> Chore:
        return self._make(figures, json.dumps({"mean": self.scores[int(checkpoint.stem[-1])]}))

    def bank(self, checkpoint: Path, verdicts: Path) -> Chore:
        """The very first takeover is not fixed, and of the second it can't be told."""
        fixed = (False, None, *[True] * 98)
        told = Bank(tuple(Verdict(f"{number:06}", number, 1, one, "") for number, one in enumerate(fixed)))
        return self._make(verdicts, json.dumps(told.as_json()))

    def _make(self, file: Path, content: str) -> Chore:
        file.write_text(content[: len(content) // 2])
        if file.name == self.killed_at:
            raise KilledError
        file.write_text(content)
        self.made.append(file.name)
        return AtOnce(self.lasts)


@dataclass
class Laps:
    """Implements `Driving`: appends short laps, until `enough` of them."""

    session: Path
    enough: int = 1000
    killed_at_lap: int = -1
    drove: list[tuple[str, int, int]] = field(default_factory=list)
    """(learner, track, round)."""
    ended: int = 0
    told: list[str] = field(default_factory=list)

    def drive(self, learner: Path, tracks: Sequence[int], number: int) -> bool:
        for track in tracks:
            if len(self.drove) == self.enough:
                return False
            if len(self.drove) == self.killed_at_lap:
                raise KilledError
            episode = record_episode(self.session, track, rows=2, mode="dagger")
            driver = {"name": learner.name, "sha256": hashlib.sha256(learner.read_bytes()).hexdigest()}
            mark(episode, round=number, figures=FIGURES, gate="takeover", learner=driver)
            self.drove.append((learner.stem, track, number))
        return True

    def tell(self, number: int, news: str) -> None:
        self.told.append(f"round {number}: {news}")

    def end(self) -> None:
        self.ended += 1


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Two rounds of two episodes, from one demonstration on track 4."""
    record_episode(tmp_path / "demos.zarr", seed=4, rows=2)
    return Plan(
        session=tmp_path / "mine",
        demos=(tmp_path / "demos.zarr",),
        out=tmp_path / "mine-rounds",
        rounds=2,
        episodes=2,
        driving_waits=True,
    )


def laps(plan: Plan) -> Laps:
    return Laps(plan.session.with_suffix(".zarr"))


def go(plan: Plan, driving: Laps, workshop: Workshop, said: list[str] | None = None) -> list[Result]:
    say = (said if said is not None else []).append
    return list(go_round(plan, driving, workshop, say, lambda _: nullcontext()))


def learned_from(plan: Plan, learner: int) -> list[str]:
    return (plan.out / f"learner-{learner}.safetensors").read_text().splitlines()


def test_a_round_trains_rolls_out_labels_aggregates_and_retrains() -> None:
    told: list[str] = []

    def train(sessions: Sequence[Path]) -> Path:
        told.append("train " + " ".join(map(str, sessions)))
        return Path(f"learner of {len(sessions)}")

    def collect(learner: Path) -> Path:
        told.append(f"collect {learner}")
        return Path("corrections")

    came = dagger_round([Path("demos")], None, train, collect, validate=lambda learner: len(str(learner)))
    assert told == ["train demos", "collect learner of 1", "train demos corrections"]
    assert came.swapped
    assert came.learner.checkpoint == Path("learner of 2")


def test_with_a_learner_nothing_is_trained_before_it_drove_and_a_worse_one_does_not_take_its_place() -> None:
    trained: list[int] = []

    def train(sessions: Sequence[Path]) -> Path:
        trained.append(len(sessions))
        return Path("candidate")

    given = Scored(Path("given"), 900.0)
    came = dagger_round([Path("demos")], given, train, collect=lambda _: Path("c"), validate=lambda _: 899.9)
    assert trained == [2]
    assert not came.swapped
    assert came.learner is given


def test_each_rounds_learner_learns_from_demonstrations_and_all_corrections_so_far(plan: Plan) -> None:
    driving, workshop = laps(plan), Inventor()
    go(plan, driving, workshop)
    assert workshop.parents == [None, "learner-0", "learner-1"]
    assert learned_from(plan, 0) == ["demos 000000"]
    assert learned_from(plan, 1) == ["demos 000000", "mine 000000", "mine 000001"]
    assert learned_from(plan, 2) == ["demos 000000", *(f"mine 00000{number}" for number in range(4))]
    assert driving.drove == [("learner-0", 5, 1), ("learner-0", 6, 1), ("learner-1", 7, 2), ("learner-1", 8, 2)]
    assert driving.ended


def test_a_worse_learner_is_said_so_and_not_swapped_in(plan: Plan) -> None:
    said: list[str] = []
    first, second = go(plan, laps(plan), Inventor(scores=(500, 700, 600)), said)
    assert (first.round.swapped, second.round.swapped) == (True, False)
    assert "learner-1 scores 700, learner-0 500: learner-1 drives from now on" in said[0]
    assert "learner-2 scores 600, learner-1 700: that is worse, so learner-1 drives on" in said[2]


def test_a_round_is_told_with_its_cost_and_its_bank(plan: Plan) -> None:
    driving, said = laps(plan), list[str]()
    first, second = go(replace(plan, episodes=3), driving, Inventor(), said)
    assert first.burden.driving.interventions == 6
    assert first.burden.driving.elapsed_s == 45
    assert first.burden.failed_handbacks == 3
    # One takeover an episode; the last of the six can only be of round 2.
    assert [(one.bank.fixed, one.bank.checkable, one.bank.share) for one in (first, second)] == [
        (1, 2, 0.5),
        (4, 5, 0.8),
    ]
    assert said[1] == "round 1: 1 of 2 takeovers fixed (50%, the goal is 90%)"
    assert driving.told[:2] == ["round 1: scores 700, was 500", "round 1: scores 700, was 500; 1 of 2 fixed"]
    assert (first.train_s, first.validate_s) == (12, 12)


def test_tables_show_what_each_round_cost_and_brought(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    results = go(plan, laps(plan), Inventor())
    console = Console(width=80)
    console.print(cost_table(results), gain_table(results))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1", "0.5", "min", "4.0", "s", "2.0", "20%", "2", "20%"] in rows
    assert ["1", "500", "700", "yes", "0", "of", "1,", "0%", "12", "s", "12", "s"] in rows
    assert ["2", "700", "600", "no", "2", "of", "3,", "67%", "12", "s", "12", "s"] in rows


def test_driving_goes_on_for_the_next_round_while_a_learner_is_trained_and_validated(plan: Plan) -> None:
    driving = laps(plan)
    go(replace(plan, driving_waits=False), driving, Inventor(lasts=2))
    # The first round's two while its learner is validated, two while the next one learns, two while that is validated;
    # the bank's two are driven by the new one already.
    assert [(learner, number) for learner, _, number in driving.drove] == [
        *[("learner-0", 1)] * 2,
        *[("learner-0", 2)] * 4,
        *[("learner-1", 2)] * 2,
    ]
    assert driving.drove[-1][1] == 12


def test_a_round_is_not_full_before_the_learner_that_it_corrects_drove_half_of_it(plan: Plan) -> None:
    driving = laps(plan)
    go(replace(plan, episodes=3, driving_waits=False), driving, Inventor(lasts=6))
    second = [learner for learner, _, number in driving.drove if number == 2]
    assert second.count("learner-0") > 3, "its parent drove for longer than a round, while it was trained and validated"
    assert second.count("learner-1") >= 2


def test_laps_that_were_driven_for_the_next_round_teach_nothing_yet_not_even_after_a_kill(plan: Plan) -> None:
    asked, driving = replace(plan, driving_waits=False), laps(plan)
    driving.killed_at_lap = 4  # two more, for round 2, while learner-1 is trained
    with pytest.raises(KilledError):
        go(asked, driving, Inventor(lasts=3))
    assert [number for _, _, number in driving.drove] == [1, 1, 1, 2]
    driving.killed_at_lap = -1
    go(asked, driving, Inventor())
    assert learned_from(plan, 1) == ["demos 000000", *(f"mine 00000{number}" for number in range(3))]
    assert "mine 000003" in learned_from(plan, 2)


def test_who_has_had_enough_while_a_learner_is_trained_still_sees_what_it_learned(plan: Plan) -> None:
    driving, said = laps(plan), list[str]()
    driving.enough = 3
    results = go(replace(plan, driving_waits=False), driving, Inventor(lasts=5), said)
    assert [result.number for result in results] == [1]
    assert said[-1] == "stopped in round 2; the same command goes on there"
    assert len(go(plan, laps(plan), Inventor())) == 2


@pytest.mark.parametrize("given", [True, False])
def test_nobody_waits_for_the_first_learners_score_before_driving(plan: Plan, given: bool, tmp_path: Path) -> None:
    learner = tmp_path / "given.safetensors"
    learner.touch()
    driving, waited_for = laps(plan), list[str]()

    def waiting(what: str) -> AbstractContextManager[None]:
        waited_for.append(f"{what} after {len(driving.drove)} laps{', window closed' if driving.ended else ''}")
        return nullcontext()

    asked = replace(plan, rounds=1, driving_waits=False, learner=learner if given else None)
    list(go_round(asked, driving, Inventor(lasts=9), lambda _: None, waiting))
    assert [(learner, number) for learner, _, number in driving.drove] == [("learner-0", 1)] * 2
    told = "learner-0 drives 20 validation tracks after 2 laps, window closed"
    assert waited_for[-4] == told, "once the only round's laps are there, nobody has to drive more"


def test_while_the_first_learner_is_scored_driving_goes_on_beyond_what_was_asked_for(plan: Plan) -> None:
    """A window in which nothing happens would be taken for a hung one."""
    driving = laps(plan)
    go(replace(plan, episodes=1, driving_waits=False), driving, Inventor(lasts=3))
    assert [number for _, _, number in driving.drove[:6]] == [1, 1, 1, 2, 2, 2]


def test_who_has_had_enough_before_the_first_round_is_corrected_waits_for_nothing(plan: Plan) -> None:
    driving, workshop, said = laps(plan), Inventor(lasts=9), list[str]()
    driving.enough = 1
    assert go(replace(plan, driving_waits=False), driving, workshop, said) == []
    assert said == ["stopped in round 1; the same command goes on there"]
    assert not (plan.out / "learner-0.json").exists()
    assert len(go(plan, laps(plan), Inventor())) == 2


FILES = ("0.safetensors", "0.json", "1.safetensors", "1.json", "1-bank.json", "2.safetensors", "2.json", "2-bank.json")


def test_what_everybody_waits_for_is_named_while_it_lasts(plan: Plan) -> None:
    waited_for: list[str] = []

    def waiting(what: str) -> AbstractContextManager[None]:
        waited_for.append(what)
        return nullcontext()

    list(go_round(replace(plan, rounds=1), laps(plan), Inventor(lasts=1), lambda _: None, waiting))
    assert waited_for == [
        *("training learner-0", "learner-0 drives 20 validation tracks"),
        *("training learner-1", "learner-1 drives 20 validation tracks", "learner-1 answers the takeovers"),
    ]


def test_a_round_that_was_learned_from_is_not_driven_again_for_a_lap_that_was_discarded_since(plan: Plan) -> None:
    go(plan, laps(plan), Inventor())
    driving, workshop = laps(plan), Inventor()
    mark(driving.session / "episodes" / "000000", discarded=True)
    assert len(go(plan, driving, workshop)) == 2
    assert (driving.drove, workshop.made) == ([], [])


def test_without_the_corrections_that_were_learned_from_rounds_do_not_go_on(plan: Plan) -> None:
    go(plan, laps(plan), Inventor())
    laps(plan).session.rename(plan.session.with_name("elsewhere.zarr"))
    with pytest.raises(UserError, match=r"mine.zarr holds the corrections that .* bring it back"):
        go(plan, laps(plan), Inventor())


def test_moved_together_rounds_go_on_where_they_are_by_then(plan: Plan, tmp_path: Path) -> None:
    there = tmp_path / "there"
    go(replace(plan, rounds=1), laps(plan), Inventor())
    there.mkdir()
    for what in ("mine.zarr", "demos.zarr", "mine-rounds"):
        (tmp_path / what).rename(there / what)
    moved = replace(plan, session=there / "mine", demos=(there / "demos.zarr",), out=there / "mine-rounds")
    driving = laps(moved)
    assert len(go(moved, driving, Inventor())) == 2
    assert [track for _, track, _ in driving.drove] == [7, 8]
    assert session_of(there / "mine-rounds").samefile(there / "mine.zarr")


def test_interrupted_it_says_how_to_go_on(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    driving, said = laps(plan), list[str]()
    monkeypatch.setattr(driving, "drive", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        go(plan, driving, Inventor(), said)
    assert said == ["in round 1; what was driven is kept, the same command goes on there"]


@pytest.mark.parametrize("killed_at", [f"learner-{file}" for file in FILES[1::2]])
def test_killed_at_any_piece_of_work_the_same_command_goes_on_there(plan: Plan, killed_at: str) -> None:
    first, second, driving = Inventor(killed_at=killed_at), Inventor(), laps(plan)
    with pytest.raises(KilledError):
        go(plan, driving, first)
    assert not (plan.out / killed_at).exists()
    assert len(go(plan, driving, second)) == 2
    assert first.made + second.made == [f"learner-{file}" for file in FILES]
    assert [track for _, track, _ in driving.drove] == [5, 6, 7, 8]


def test_killed_between_two_laps_of_round_2_the_same_command_drives_the_missing_one(plan: Plan) -> None:
    driving, workshop = laps(plan), Inventor()
    driving.killed_at_lap = 3
    with pytest.raises(KilledError):
        go(plan, driving, workshop)
    driving.killed_at_lap = -1
    go(plan, driving, workshop)
    assert driving.drove[2:] == [("learner-1", 7, 2), ("learner-1", 8, 2)]
    assert workshop.made == [f"learner-{file}" for file in FILES]


class Killer(Inventor):
    """Kills its own process while it trains the second round's learner."""

    def train(self, sessions: Sequence[Path], checkpoint: Path, parent: Path | None, until_round: int) -> Chore:
        chore = super().train(sessions, checkpoint, parent, until_round)
        if checkpoint.name == "learner-2.safetensors":
            os.kill(os.getpid(), signal.SIGKILL)
        return chore


def test_after_kill_9_in_round_2_the_same_command_goes_on_and_removes_what_was_half_made(plan: Plan) -> None:
    process = multiprocessing.get_context("spawn").Process(target=go, args=(plan, laps(plan), Killer()))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert list(plan.out.glob("making-*"))
    driving, workshop = laps(plan), Inventor()
    assert [result.number for result in go(plan, driving, workshop)] == [1, 2]
    assert (driving.drove, workshop.made) == ([], [f"learner-{file}" for file in FILES[5:]])
    assert not list(plan.out.glob("making-*"))


def test_killed_while_it_first_says_what_is_done_the_same_command_goes_on(plan: Plan) -> None:
    plan.out.mkdir()
    (plan.out / "rounds.json.partial").write_text('{"plan"')
    assert len(go(plan, laps(plan), Inventor())) == 2


def test_rounds_that_are_done_can_be_followed_by_more(plan: Plan) -> None:
    go(plan, laps(plan), Inventor())
    workshop = Inventor(scores=(500, 700, 600, 800))
    results = go(replace(plan, rounds=3), laps(plan), workshop)
    assert workshop.made == ["learner-3.safetensors", "learner-3.json", "learner-3-bank.json"]
    assert results[-1].round.parent.checkpoint.stem == "learner-1"


def test_discarded_episodes_do_not_count(plan: Plan) -> None:
    driving = laps(plan)
    with pytest.raises(KilledError):
        go(plan, driving, Inventor(killed_at="learner-1.safetensors"))
    mark(driving.session / "episodes" / "000001", discarded=True)
    again = laps(plan)
    go(plan, again, Inventor())
    assert again.drove[0] == ("learner-0", 7, 1)


def test_a_discarded_lap_was_watched_too_but_labels_nothing(plan: Plan) -> None:
    asked, driving = replace(plan, rounds=1), laps(plan)
    episode = record_episode(driving.session, seed=5, rows=2, mode="dagger")
    mark(episode, round=1, figures=FIGURES, gate="takeover", learner={}, discarded=True)
    (only,) = go(asked, driving, Inventor())
    assert len(driving.drove) == 2
    assert (only.burden.driving.elapsed_s, only.burden.takeover_rows) == (45, 200)


def test_a_learner_that_was_given_is_corrected_on_tracks_that_it_did_not_learn_from(plan: Plan) -> None:
    driving = laps(plan)
    go(replace(plan, learned_tracks=(3, 19, 800_000)), driving, Inventor())
    assert [track for _, track, _ in driving.drove] == [20, 21, 22, 23]


def test_a_learner_that_was_given_is_kept_and_drives_first(plan: Plan, tmp_path: Path) -> None:
    given = tmp_path / "given.safetensors"
    given.write_text("mine")
    workshop = Inventor()
    go(replace(plan, learner=given), laps(plan), workshop)
    assert learned_from(plan, 0) == ["mine"]
    assert workshop.made[:2] == ["learner-0.json", "learner-1.safetensors"]


def test_trainings_take_over_the_options_of_what_was_given_not_of_what_is_in_its_place_by_now(
    plan: Plan, tmp_path: Path
) -> None:
    asked = replace(plan, learner=tmp_path / "given.safetensors")
    (tmp_path / "given.safetensors").write_text("mine")
    assert (plan.model, asked.model) == (None, asked.learner)
    go(asked, laps(plan), Inventor())
    assert asked.model == plan.out / "learner-0.safetensors"
    assert plan.model is None, "who was trained here took the options' defaults"


def test_tracks_begin_at_the_seed_and_none_is_driven_twice(plan: Plan) -> None:
    driving = laps(plan)
    record_episode(driving.session, seed=51, rows=2)
    go(replace(plan, seed=50), driving, Inventor())
    assert [track for _, track, _ in driving.drove] == [50, 52, 53, 54]


def other_demos(plan: Plan) -> None:
    go(replace(plan, demos=(*plan.demos, plan.session)), laps(plan), Inventor())


def another_folder(plan: Plan) -> None:
    go(replace(plan, out=plan.demos[0]), laps(plan), Inventor())


def another_beginning(plan: Plan) -> None:
    go(replace(plan, warm=True), laps(plan), Inventor())


def a_file(plan: Plan) -> None:
    go(replace(plan, out=plan.demos[0] / "zarr.json"), laps(plan), Inventor())


@pytest.mark.parametrize("asked", [other_demos, another_folder, another_beginning, a_file])
def test_a_folder_that_holds_something_else_is_left_alone(plan: Plan, asked: Callable[[Plan], None]) -> None:
    go(plan, laps(plan), Inventor())
    with pytest.raises(UsageError, match="choose another --out"):
        asked(plan)


def test_two_processes_never_work_in_one_folder(plan: Plan) -> None:
    class Second(Inventor):
        def train(self, sessions: Sequence[Path], checkpoint: Path, parent: Path | None, until_round: int) -> Chore:
            with pytest.raises(UserError, match="another process"):
                go(plan, laps(plan), Inventor())
            return super().train(sessions, checkpoint, parent, until_round)

    go(plan, laps(plan), Second())


def test_a_warm_training_begins_where_the_one_who_drove_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Sequence[str]] = []
    monkeypatch.setattr(rounds, "Process", lambda words, _: begun.append(words))
    for warm, parent in ((False, Path("p")), (True, None), (True, Path("p"))):
        Commands(Path("mine.zarr"), 1, ("--steps", "9"), warm).train([Path("d")], Path("c"), parent, 0)
    assert ["--start-from" in words for words in begun] == [False, False, True]
    assert [*begun[2][-6:]] == ["--start-from", "p", "--steps", "1000", "--out", "c"], (
        "the last word on an option counts"
    )
    assert begun[0].index("3000") < begun[0].index("9"), "what was asked for comes after what goes without saying"


def test_a_chore_that_fails_says_what_it_said_last(tmp_path: Path) -> None:
    chore = Process(["teleop", "info", str(tmp_path / "none")], tmp_path / "log")
    with pytest.raises(UserError, match="there is no session"):
        chore.finish()
    assert chore.done()


@pytest.mark.skipif(not hasattr(os, "getsid"), reason="POSIX has priorities and sessions")
def test_a_chore_gets_what_the_loop_leaves_of_the_time_that_both_share(tmp_path: Path) -> None:
    told = "import os, time; time.sleep(0.3); print(os.getpriority(os.PRIO_PROCESS, 0), os.getsid(0))"
    Process(["timeit", "-n", "1", "-r", "1", told], tmp_path / "log").finish()
    assert (tmp_path / "log").read_text().splitlines()[0] == f"19 {os.getsid(0)}", "a session has a share of its own"


def test_a_chore_that_is_given_up_takes_the_processes_of_its_own_with_it(tmp_path: Path) -> None:
    child = f"open({str(tmp_path / 'alive')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    begin = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {'import os, time; ' + child!r}])"
    chore = Process(["timeit", "-n", "1", "-r", "1", begin], tmp_path / "log")
    while not (tmp_path / "alive").exists() or not (tmp_path / "alive").read_text():
        time.sleep(0.01)
    chore.give_up()
    assert eventually_gone(int((tmp_path / "alive").read_text()))


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="POSIX has process groups")
def test_a_chore_ends_when_the_one_who_began_it_is_killed(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    told = f"import os, time; open({str(alive)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    begin = (
        "import time; from pathlib import Path; from teleop.chores import Process; "
        f"Process(['timeit', '-n', '1', '-r', '1', {told!r}], Path({str(tmp_path / 'log')!r})); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", begin]) as beginner:
        while not alive.exists() or not alive.read_text():
            time.sleep(0.01)
        beginner.kill()
    assert eventually_gone(int(alive.read_text()))


def test_a_chore_that_is_given_up_ends(tmp_path: Path) -> None:
    chore = Process(["timeit", "-n", "1", "-r", "1", "import time; time.sleep(60)"], tmp_path / "log")
    assert not chore.done()
    chore.give_up()
    assert chore.done()
