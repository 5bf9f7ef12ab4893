"""Whatever is done to a session, in whatever order and killed at any moment: the format's laws hold after each.

The longer form: `python -m tests.test_laws_hold [EXAMPLES]`.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from teleop.clock import SimulatedMetronome
from teleop.editing import marks
from teleop.editing.changes import find_episode
from teleop.editing.compacting import Compacted, compact, restore
from teleop.editing.joining import merge, split
from teleop.editing.purging import purge
from teleop.episode_writer import frame_row, start_attrs
from teleop.frame import Action, Command, Controls, End, Frame, Outcome, Source, Start, Tick
from teleop.gates import Only
from teleop.layers import LayerWriter
from teleop.library import verify
from teleop.loop import Sink, World, run_episode
from teleop.mending.retaking import Onward
from teleop.mending.way import Way, recorded_frame, rows_before
from teleop.rendering import Rendering
from teleop.session import Episode, open_session, session_attrs
from teleop.sinks.recorder import Recorder
from teleop.writer import SessionWriter
from tests.archives import VERSIONS
from tests.fakes import TOY_ENV, ScriptedDevice, ToyWorld, commands, steering
from tests.power import power_for

PICTURE = (8, 8, 3)
MOST_EPISODES = 3
ROWS = st.integers(1, 60)
CHANGES = st.none() | st.integers(0, 60)
"""Of the disk, before a kill; or there is none."""
PICK = st.integers(0, 9)
"""Which episode, counted round and round."""
NAMES = st.sampled_from(["ada", "bob"])


def small(_: Mapping[str, Any]) -> World:
    return ToyWorld(observation_shape=PICTURE)


RENDERER = Rendering(small, VERSIONS)


class Dying:
    """A sink that commits its first rows, and is killed when the episode ends, after so many changes of the disk."""

    def __init__(self, session: SessionWriter, committed: int, changes: int | None) -> None:
        self._session, self._committed, self._changes = session, committed, changes

    def on_start(self, start: Start) -> None:
        self._episode = self._session.begin_episode(start_attrs(start))

    def on_frame(self, frame: Frame) -> None:
        self._episode.append(frame_row(frame))
        if self._episode.rows == self._committed:
            self._episode.commit()

    def on_idle(self, tick: Tick, why: str) -> None:
        pass

    def on_end(self, end: End) -> None:
        with power_for(self._changes):
            self._episode.finish(end, end.outcome.observation)


class Onwards(ToyWorld):
    """Begins where some actions lead."""

    def __init__(self, before: list[Action]) -> None:
        super().__init__(observation_shape=PICTURE)
        self._before = before

    def reset(self, seed: int) -> Outcome:
        outcome = super().reset(seed)
        for action in self._before:
            outcome = super().step(action)
        return outcome


DIGESTS: dict[str, str] = {}
"""Of every recorded byte, by the files that hold them: most steps leave most files alone, and decoding takes long."""


def digest_of(episode: Episode) -> str:
    files = hashlib.sha256(f"{episode.committed} {episode.archived}".encode())
    for file in sorted(episode.path.glob("*/*")):
        files.update(f"{file.parent.name} {file.name}".encode() + (file.read_bytes() if file.is_file() else b""))
    if files.hexdigest() not in DIGESTS:
        DIGESTS[files.hexdigest()] = episode.digest()
    return DIGESTS[files.hexdigest()]


@dataclass(frozen=True)
class Expected:
    """What an episode has to hold."""

    digest: str
    """Of every recorded byte."""
    excluded: frozenset[int] = frozenset()
    discarded: bool = False
    judgement: str = ""
    layers: Mapping[str, bytes] = field(default_factory=dict)

    @staticmethod
    def by(episode: Episode) -> Expected:
        return Expected(
            digest=digest_of(episode),
            excluded=frozenset(np.flatnonzero(episode.excluded).tolist()),
            discarded=episode.discarded,
            judgement=episode.judgement,
            layers={name: episode.layer(name).tobytes() for name in episode.layers},
        )

    def marked_as(self, other: Expected) -> Expected:
        return replace(self, excluded=other.excluded, discarded=other.discarded, judgement=other.judgement)


class Mended(RuleBasedStateMachine):
    """A session that is recorded, marked, mended, archived, merged and purged, as people and kills would have it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "0.zarr"
        self.expected: dict[str, Expected] = {}
        self.undoable: list[dict[str, Expected]] = []
        """What was marked: the episodes before each mark."""
        self.seeds = iter(range(10_000))
        self.gone = -1
        """The highest number that an episode had."""
        self.is_verified = True

    def teardown(self) -> None:
        self.folder.cleanup()

    # What is recorded ---------------------------------------------------------------------------------------------

    @initialize(rows=ROWS)
    def begin(self, rows: int) -> None:
        self.record([rows], Command.FINISH)

    @precondition(lambda self: len(self.expected) < MOST_EPISODES)
    @rule(pieces=st.lists(ROWS, min_size=1, max_size=3), end=st.sampled_from([Command.FINISH, Command.DISCARD]))
    def record(self, pieces: list[int], end: Command) -> None:
        """Between two pieces it is rewound."""
        script = steering(pieces[0])
        for piece in pieces[1:]:
            script += [commands(Command.REWIND), commands(Command.PAUSE), *steering(piece, first=piece)]
        with self.recorder() as recorder:
            self.drive(recorder, [*script, commands(end)])
        self.learn_of_new()

    @precondition(lambda self: len(self.expected) < MOST_EPISODES)
    @rule(rows=ROWS, more=ROWS, changes=CHANGES)
    def record_and_be_killed(self, rows: int, more: int, changes: int | None) -> None:
        """While what is left is written; and the next recording finds what that leaves."""
        with SessionWriter(self.path, TOY_ENV, observation_shape=PICTURE) as session:
            self.drive(Dying(session, rows, changes), steering(rows + more))
        self.learn_of_new()
        assert open_session(self.path).episodes[-1].committed in (rows, rows + more)
        self.recorder().close()

    @precondition(lambda self: 0 < len(self.expected) < MOST_EPISODES)
    @rule(pick=PICK, row=ROWS, rows=ROWS)
    def retake(self, pick: int, row: int, rows: int) -> None:
        """Drive an episode's way to a frame again, and on from there."""
        parent = open_session(self.path, RENDERER).episodes[pick % len(self.expected)]
        kept = np.flatnonzero(parent.kept)
        way = self.way_to(parent, int(kept[row % len(kept)]))
        with self.recorder() as recorder:
            self.drive(Onward(recorder, way), steering(rows, first=2), way)
        self.learn_of_new()

    def drive(self, sink: Sink, script: list[Controls], way: Way | None = None) -> None:
        run_episode(
            Start(
                seed=way.seed if way else next(self.seeds),
                mode="retake" if way else "demo",
                paced=False,
                operator="Ada",
                parent=way.parent if way else None,
                versions=VERSIONS,
            ),
            world=Onwards(way.actions if way else []),
            device=ScriptedDevice(script),
            drivers={},
            gate=Only(Source.HUMAN),
            sinks=[sink],
            metronome=SimulatedMetronome(50),
        )

    def way_to(self, parent: Episode, row: int) -> Way:
        columns = {name: parent.column(name) for name in parent.columns if name != "observation"}
        world = small({})
        outcome, frames = world.reset(parent.attrs["seed"]), []
        for before in rows_before(parent, row).tolist():
            result = world.step(columns["action"][before])
            frames.append(recorded_frame(columns, before, outcome, result))
            outcome = result
        place = {"session": session_attrs(self.path)["id"], "episode": parent.name, "step": len(frames)}
        return Way(parent.attrs["seed"], False, place, None, frames, int(columns["time_ns"][row]))

    def recorder(self) -> Recorder:
        return Recorder(self.path, TOY_ENV, observation_shape=PICTURE)

    def learn_of_new(self) -> None:
        """The one episode that is new has the next number."""
        new = [episode for episode in open_session(self.path).episodes if episode.name not in self.expected]
        assert [int(episode.name) for episode in new] == [self.gone + 1]
        self.gone += 1
        self.expected[new[0].name] = Expected.by(new[0])
        self.is_verified = False

    # What is marked -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.expected)
    @rule(pick=PICK, start=ROWS, rows=ROWS, how=st.sampled_from([marks.exclude, marks.include, marks.trim]))
    def mark_rows(self, pick: int, start: int, rows: int, how: Callable[..., str]) -> None:
        name = self.named(pick)
        committed = find_episode(self.path, name).committed
        start %= committed
        stop = min(start + rows, committed)
        chosen, was = frozenset(range(start, stop)), self.expected[name]
        others = frozenset(range(committed)) - chosen
        excluded = {
            marks.exclude: was.excluded | chosen,
            marks.include: was.excluded - chosen,
            marks.trim: was.excluded | others,
        }[how]
        self.marked(bool(how(self.path, name, start, stop)), {name: replace(was, excluded=excluded)})

    @precondition(lambda self: self.expected)
    @rule(picks=st.sets(PICK, min_size=1, max_size=2), discarded=st.booleans())
    def mark_episodes(self, picks: set[int], discarded: bool) -> None:
        names = sorted({self.named(pick) for pick in picks})
        said = (marks.discard if discarded else marks.restore)(self.path, names)
        self.marked(bool(said), {name: replace(self.expected[name], discarded=discarded) for name in names})

    @precondition(lambda self: self.expected)
    @rule(pick=PICK, judgement=st.sampled_from(["success", "failure", ""]))
    def judge(self, pick: int, judgement: str) -> None:
        name = self.named(pick)
        said = marks.label_outcome(self.path, name, judgement)
        self.marked(bool(said), {name: replace(self.expected[name], judgement=judgement)})

    def marked(self, said: bool, after: dict[str, Expected]) -> None:
        before = {name: self.expected[name] for name in after if self.expected[name] != after[name]}
        assert said == bool(before)
        self.expected |= after
        if before:
            self.undoable.append(before)

    @precondition(lambda self: self.undoable)
    @rule()
    def undo(self) -> None:
        marks.undo(self.path)
        for name, before in self.undoable.pop().items():
            self.expected[name] = self.expected[name].marked_as(before)

    # What is added, archived and copied ----------------------------------------------------------------------------

    @precondition(lambda self: self.expected)
    @rule(pick=PICK, rows=st.sets(ROWS, min_size=1, max_size=3), name=NAMES, kept=st.booleans())
    def relabel(self, pick: int, rows: set[int], name: str, kept: bool) -> None:
        """A kill comes before the last commit, or does not."""
        with LayerWriter(self.path, name, author=name, rule="steered along") as writer:
            episode = find_episode(self.path, self.named(pick))
            layer = writer.begin(episode)
            for row in rows:
                layer.put(row % episode.committed, np.array([row / 60, 0.5, 0], np.float32))
            if kept:
                layer.commit()
                labels = {name: layer.labels.tobytes()}
                was = self.expected[episode.name]
                self.expected[episode.name] = replace(was, layers={**was.layers, **labels})
        self.is_verified = False

    @precondition(lambda self: self.expected)
    @rule(picks=st.sets(PICK, max_size=2), changes=CHANGES)
    def archive_until_killed(self, picks: set[int], changes: int | None) -> None:
        self.change_pictures(compact, picks, changes)

    @precondition(lambda self: self.expected)
    @rule(picks=st.sets(PICK, max_size=2), changes=CHANGES)
    def make_whole_until_killed(self, picks: set[int], changes: int | None) -> None:
        self.change_pictures(restore, picks, changes)

    def change_pictures(self, change: Callable[..., list[Compacted]], picks: set[int], changes: int | None) -> None:
        """Without names those of all episodes."""
        names = sorted({self.named(pick) for pick in picks})
        with power_for(changes) as power:
            assert not [one for one in change(self.path, RENDERER, names) if one.left]
        archived = {episode.name: episode.archived for episode in open_session(self.path).episodes}
        if not power.out:
            assert {archived[name] for name in names or archived} == {change is compact}
        self.is_verified = False

    @precondition(lambda self: self.expected)
    @rule(changes=CHANGES)
    def merge_until_killed(self, changes: int | None) -> None:
        """The copy takes the place of what it was copied from."""
        with power_for(changes):
            merge(self.aside(), [self.path])
        self.go_on_with_copies(sorted(self.expected))

    @precondition(lambda self: self.expected)
    @rule(picks=st.sets(PICK, min_size=1, max_size=2))
    def split_off(self, picks: set[int]) -> None:
        names = sorted({self.named(pick) for pick in picks})
        split(self.path, self.aside(), names)
        self.go_on_with_copies(names)

    def aside(self) -> Path:
        return self.path.with_name(f"{int(self.path.stem) + 1}.zarr")

    def go_on_with_copies(self, names: list[str]) -> None:
        if not self.aside().exists():
            return
        self.laws_hold()
        self.path = self.aside()
        self.expected = {f"{number:06d}": self.expected[name] for number, name in enumerate(names)}
        self.undoable = []
        self.gone = len(names) - 1
        self.is_verified = False

    @precondition(lambda self: self.expected)
    @rule(pick=PICK, changes=CHANGES)
    def purge_until_killed(self, pick: int, changes: int | None) -> None:
        """Of one episode at least."""
        self.mark_episodes({pick}, discarded=True)
        bad = {name for name, one in self.expected.items() if one.discarded}
        with power_for(changes) as power:
            assert set(purge(self.path)) == bad
        left = {episode.name for episode in open_session(self.path).episodes}
        assert self.expected.keys() - bad <= left
        assert power.out or not left & bad
        self.expected = {name: one for name, one in self.expected.items() if name in left}
        if [set(mark["before"]) for mark in marks.read_marks(self.path)] != [set(one) for one in self.undoable]:
            forgotten = [{name: one for name, one in mark.items() if name not in bad} for mark in self.undoable]
            self.undoable = [mark for mark in forgotten if mark]

    # What holds after each ----------------------------------------------------------------------------------------

    @invariant()
    def laws_hold(self) -> None:
        session = open_session(self.path, RENDERER)
        assert not session.damaged
        assert {episode.name: Expected.by(episode) for episode in session.episodes} == self.expected
        remaining = [set(mark["before"]) for mark in marks.read_marks(self.path)]
        assert remaining == [set(mark) for mark in self.undoable]
        if not self.is_verified:
            checked = verify(self.path, small, VERSIONS)
            assert checked.ok, checked.findings
            assert not checked.not_checkable
            self.is_verified = True

    def named(self, pick: int) -> str:
        return sorted(self.expected)[pick % len(self.expected)]


def hold(examples: int) -> None:
    """The same sequences every time."""
    run_state_machine_as_test(
        Mended,
        settings=settings(
            max_examples=examples,
            stateful_step_count=6,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_laws_hold_after_whatever_was_done_to_a_session() -> None:
    hold(examples=10)


if __name__ == "__main__":
    hold(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
