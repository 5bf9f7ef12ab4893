"""The way to a recorded frame: an episode is driven again as it was, as far as that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from teleop.editing.changes import find_episode
from teleop.errors import UsageError, UserError
from teleop.frame import Action, Frame, Outcome, Source, Tick
from teleop.laws import Columns, DrivenOtherwiseError, driven_again, hindrance
from teleop.progress import progress
from teleop.rendering import recorded_world
from teleop.session import PROPOSAL_COLUMNS, Episode, session_attrs
from teleop.words import counted
from teleop.worlds.track import TrackWorld, versions

EXACTLY = "a retake goes on from exactly what was"
"""What every refusal of one begins with."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """How a recorded episode came to a frame."""

    seed: int
    """The track's."""
    domain_randomize: bool
    parent: Mapping[str, int | str]
    """{session, episode, step}: the session's id, six digits, and the step that is driven anew."""
    learner: Mapping[str, str] | None
    """{name, sha256} of whoever drove beside the expert."""
    frames: Sequence[Frame]
    """From the reset to the frame, simulated here; who wanted and did what is as it was recorded."""
    time_ns: int
    """Of the frame itself."""

    @property
    def actions(self) -> list[Action]:
        """Executed."""
        return [frame.action for frame in self.frames]


def way_to(session: Path, number: int, row: int, console: Console) -> Way:
    """Drive an episode again up to a row. UsageError without that row, or where it was taken back.

    UserError where it does not drive again here as it was; SessionError when it can't be read.
    """
    attrs, episode = session_attrs(session), find_episode(session, str(number))
    episode.check_files()
    rows = rows_before(episode, row)
    recorded = {name: episode.column(name) for name in episode.columns if not name.startswith("observation")}
    world = recorded_world(attrs["env"])
    if why := hindrance(episode.attrs, recorded, world, versions()):
        raise UserError(f"{EXACTLY}; episode {episode.name} is not checkable here: {why}")
    assert isinstance(world, TrackWorld)
    with closing(world):
        frames = _driven_again(episode, recorded, rows, world, console)
        if world.figures()["lap_finished"]:
            raise UsageError(f"frame {row} of episode {episode.name} lies behind the finish line: choose one before it")
    return Way(
        seed=int(episode.attrs["seed"]),
        domain_randomize=bool(attrs["env"]["kwargs"].get("domain_randomize", False)),
        parent={"session": attrs["id"], "episode": episode.name, "step": len(rows)},
        learner=episode.attrs.get("learner"),
        frames=frames,
        time_ns=int(recorded["time_ns"][row]),
    )


def rows_before(episode: Episode, row: int) -> npt.NDArray[np.intp]:
    """Those that led to this one, in order. UsageError unless the episode has it, and nobody took it back."""
    if not 0 <= row < episode.committed:
        held = counted(episode.committed, "frame")
        raise UsageError(f"episode {episode.name} has {held}, counted from 0; got {row}: choose one of these")
    kept = np.flatnonzero(episode.kept)
    if row not in kept:
        step = episode.step
        near = kept[np.abs(step[kept] - step[row]).argmin()]
        raise UsageError(
            f"a retake goes on from a frame that was kept; frame {row} of episode {episode.name} was taken back by a "
            f"rewind: choose another, as {near}, the nearest to it that was kept"
        )
    return kept[kept < row]


def _driven_again(
    episode: Episode, recorded: Columns, rows: npt.NDArray[np.intp], world: TrackWorld, console: Console
) -> list[Frame]:
    """These rows as frames. UserError where the world goes otherwise than recorded."""
    kept, frames = {name: column[rows] for name, column in recorded.items()}, list[Frame]()
    outcomes = driven_again(episode.attrs, kept, world)
    try:
        with progress(console, f"driving {counted(len(rows), 'frame')} again", len(rows)) as update:
            outcome = next(outcomes)
            for row, result in zip(rows.tolist(), outcomes, strict=True):
                frames.append(recorded_frame(recorded, row, outcome, result))
                outcome = result
                update(len(frames), "")
    except DrivenOtherwiseError as error:
        raise UserError(
            f"{EXACTLY}; episode {episode.name} goes otherwise here from frame {rows[error.row]} on: `teleop verify` "
            "says what differs"
        ) from error
    return frames


def recorded_frame(recorded: Columns, row: int, outcome: Outcome, result: Outcome) -> Frame:
    """Who wanted and did what, as it was recorded in a row, between these outcomes."""
    step, time_ns, scale = (recorded[name][row] for name in ("step", "time_ns", "time_scale"))
    proposals = {source: recorded[name][row] for source, name in PROPOSAL_COLUMNS.items()}
    return Frame(
        Tick(int(step), int(time_ns), outcome, time_scale=float(scale)),
        {source: action for source, action in proposals.items() if np.isfinite(action).all()},
        Source(int(recorded["driver"][row])),
        recorded["action"][row],
        bool(recorded["hands_on"][row]),
        float(recorded["nudge"][row]),
        int(recorded["late_ns"][row]),
        result,
    )
