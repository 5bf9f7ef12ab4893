"""The takeover bank: every takeover is a regression test for the learners that come after it.

What was executed until a second before the takeover is driven again, exactly; from there the learner drives. A mistake
is fixed if a wheel stays on the road, and from the takeover's frame on the car near its middle, for three seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.devices.nobody import Nobody
from teleop.errors import UserError
from teleop.evaluate import MakeDriver
from teleop.frame import HZ, Outcome, Source, Start
from teleop.gates import Only
from teleop.loop import Driver, run_episode
from teleop.progress import progress
from teleop.road import Road
from teleop.session import Session, open_session
from teleop.shift.rollouts import Witness
from teleop.takeovers import Takeover, takeovers
from teleop.words import counted
from teleop.workers import working
from teleop.worlds.track import ENVIRONMENT, TrackWorld

LEAD_S = 1.0
"""The learner drives from so long before the takeover: the mistake was made before it was seen."""
HELD_S = 3.0
"""How long it has to do well from the takeover's frame on."""
MOST_LATERAL = 5.2
"""Track units from the centre line; the road ends at 6.67. With `MOST_HEADING_ERROR`, where a careful expert takes
over: a learner that stays within them would not have been corrected."""
MOST_HEADING_ERROR = 0.9
"""Radians."""


@dataclass(frozen=True)
class Verdict:
    """What a learner made of one takeover."""

    episode: str
    """Six digits."""
    seed: int
    """The track's."""
    step: int
    """Of the takeover."""
    fixed: bool | None
    """None where it can't be told: the recording does not drive again here as it was."""
    why: str
    """Why not; empty when it is fixed."""


@dataclass(frozen=True)
class Bank:
    """What a learner made of every takeover."""

    verdicts: tuple[Verdict, ...]

    @property
    def fixed(self) -> int:
        return sum(verdict.fixed is True for verdict in self.verdicts)

    @property
    def checkable(self) -> int:
        """Takeovers of which it can be told."""
        return sum(verdict.fixed is not None for verdict in self.verdicts)

    def as_json(self) -> dict[str, object]:
        return {"fixed": self.fixed, "checkable": self.checkable} | asdict(self)

    def __str__(self) -> str:
        untold = len(self.verdicts) - self.checkable
        note = f"; of {untold} more it can't be told here" if untold else ""
        share = f" ({self.fixed / self.checkable:.0%})" if self.checkable else ""
        return f"{self.fixed} of {counted(self.checkable, 'takeover')} fixed{share}{note}"


def takeovers_in(session: Session) -> Iterator[Takeover]:
    """Every takeover of a session's corrected episodes. UserError when it was not driven in CarRacing-v3."""
    if session.attrs["env"]["id"] != ENVIRONMENT:
        raise UserError(
            f"a takeover is driven again in {ENVIRONMENT}; {session.path} was driven in {session.attrs['env']['id']}, "
            "which can't be: give a folder of rounds, or a session of its tracks"
        )
    for episode in session.episodes:
        # Where a coin gave the wheel away nobody took it.
        meant = episode.attrs.get("mode") == "dagger" and not episode.attrs.get("gate", "").startswith("mixed")
        if meant and not episode.discarded:
            yield from takeovers(episode)


def check_bank(path: Path, make_driver: MakeDriver, workers: int, console: Console) -> Bank:
    """Let the learner that `make_driver` builds answer every takeover of the session at `path`.

    SessionError when it can't be read; UserError when there is no takeover in it.
    """
    jobs = list(takeovers_in(open_session(path)))
    if not jobs:
        raise UserError(f"a bank is made of takeovers; {path} has none: correct a learner with `teleop dagger` first")
    verdicts: list[Verdict] = []
    with (
        progress(console, f"answering {counted(len(jobs), 'takeover')}", len(jobs)) as update,
        working(make_driver, answered, min(workers, len(jobs))) as answer_all,
    ):
        for verdict in answer_all(jobs):
            verdicts.append(verdict)
            update(len(verdicts), f"{sum(one.fixed is True for one in verdicts)} fixed")
    return Bank(tuple(verdicts))


def answered(driver: Driver, takeover: Takeover) -> Verdict:
    """Whether this driver needs no takeover there."""
    begin = max(0, takeover.step - round(LEAD_S * HZ))
    seen = _driven_from(begin, driver, takeover)
    results = [frame.result for frame in seen.frames]
    if not np.array_equal(seen.ticks[0].outcome.pose, takeover.pose[begin]):
        fixed, why = None, "the recording drives otherwise here: it was made with other versions"
    else:
        why = _mistake(results, seen.road, takeover.step - begin)
        fixed = not why
    return Verdict(takeover.episode, takeover.seed, takeover.step, fixed, why)


def _driven_from(begin: int, driver: Driver, takeover: Takeover) -> Witness:
    seen = Witness()
    end = takeover.step + round(HELD_S * HZ)
    with closing(_InMidDrive(takeover.actions[:begin], end)) as world:
        run_episode(
            Start(seed=takeover.seed, mode="rollout", paced=False),
            world=world,
            device=Nobody(),
            drivers={Source.LEARNER: driver},
            gate=Only(Source.LEARNER),
            sinks=[seen],
            metronome=SimulatedMetronome(HZ),
        )
    return seen


def _mistake(results: Sequence[Outcome], road: Road, lead: int) -> str:
    """The first one, in words; empty where there is none. `lead` steps bring the car to the takeover's frame."""
    pose = np.array([result.pose for result in results], np.float32)  # (N, 4)
    station, lateral = road.locate(pose[:, :2])
    askew = np.abs(road.heading_error(station, pose[:, 2]))
    seconds = (np.arange(1, len(pose) + 1) - lead) / HZ  # (N,): since the takeover's frame
    departed = np.array([result.wheels_on_road == 0 for result in results])
    strayed = (seconds >= 0) & ((np.abs(lateral) > MOST_LATERAL) | (askew > MOST_HEADING_ERROR))
    if not (departed | strayed).any():
        return ""
    first = int((departed | strayed).argmax())
    what = (
        "all wheels off the road"
        if departed[first]
        else f"{abs(lateral[first]):.1f} units and {askew[first]:.1f} rad off"
    )
    return f"{what} {abs(seconds[first]):.1f} s {'before' if seconds[first] < 0 else 'after'} the takeover's frame"


class _InMidDrive(TrackWorld):
    """A track on which so much was driven already when the episode begins; rendering that would take the most time."""

    def __init__(self, actions: npt.NDArray[np.float32], max_steps: int) -> None:
        super().__init__(max_steps=max_steps)
        self._before = list(actions)

    def reset(self, seed: int) -> Outcome:
        outcome = super().reset(seed)
        if not self._before:
            return outcome
        self._actions = self._before
        return self.rewind(len(self._before))
