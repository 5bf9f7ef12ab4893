"""The takeover bank: every takeover is a regression test for the learners that come after it.

What was executed until a second before the takeover is driven again, exactly; from there the learner drives. A mistake
is fixed if the car does not leave the road, is near its middle from the takeover's frame on, for three seconds, and
does not stand still. A car that was handed over off the road has to be back by the takeover's frame. Where somebody
went back before they took over, the three seconds are those after the moment that they went back from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from teleop.clock import SimulatedMetronome
from teleop.devices.scripted import Care, off_course, watched_road
from teleop.devices.standstill import Standstill
from teleop.errors import UserError
from teleop.evaluate import MakeDriver
from teleop.frame import HZ, Command, Controls, Source, Start, Tick, given_by_coin
from teleop.gates import Only
from teleop.loop import Driver, run_episode
from teleop.progress import progress
from teleop.session import Session, open_session
from teleop.takeovers import Takeover, takeovers
from teleop.words import counted
from teleop.workers import working
from teleop.worlds.mid_drive import MidDrive
from teleop.worlds.track import ENVIRONMENT

LEAD_S = 1.0
"""The learner drives from so long before the takeover: the mistake was made before it was seen."""
HELD_S = 3.0
"""How long it has to do well from the takeover's frame on, and from where the mistake was seen."""
CARE = Care()
"""Within its `wrong_lateral` and `wrong_heading`, a learner would not have been taken over from."""


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
    """Why not, and when, counted from the takeover; empty when it is fixed."""


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

    @property
    def share(self) -> float | None:
        """Fixed, of those of which it can be told, [0, 1]; None without one."""
        return self.fixed / self.checkable if self.checkable else None

    @classmethod
    def read(cls, path: Path) -> Bank:
        """What `teleop bank --json` wrote."""
        return cls(tuple(Verdict(**told) for told in json.loads(path.read_text(encoding="utf-8"))["verdicts"]))

    def as_json(self) -> dict[str, object]:
        return {"fixed": self.fixed, "checkable": self.checkable} | asdict(self)

    def __str__(self) -> str:
        if not self.verdicts:
            return "there is no takeover to answer yet: correct a learner with `teleop dagger`"
        untold = len(self.verdicts) - self.checkable
        note = f"; of {untold} more it can't be told here" if untold else ""
        share = "" if self.share is None else f" ({self.share:.0%})"
        return f"{self.fixed} of {counted(self.checkable, 'takeover')} fixed{share}{note}"


def takeovers_in(session: Session) -> Iterator[Takeover]:
    """Every takeover of a session's corrected episodes. UserError when it was not driven in CarRacing-v3."""
    if session.attrs["env"]["id"] != ENVIRONMENT:
        raise UserError(
            f"a takeover is driven again in {ENVIRONMENT}; {session.path} was driven in {session.attrs['env']['id']}, "
            "which can't be: give a folder of rounds, or a session of its tracks"
        )
    for episode in session.episodes:
        meant = episode.attrs.get("mode") == "dagger" and not given_by_coin(episode.attrs.get("gate", ""))
        if meant and not episode.discarded:
            yield from takeovers(episode)


def check_bank(path: Path, make_driver: MakeDriver, workers: int, console: Console) -> Bank:
    """Let the learner that `make_driver` builds answer every takeover of the session at `path`.

    SessionError when it can't be read; UserError when it was not driven in CarRacing-v3.
    """
    jobs = list(takeovers_in(open_session(path)))
    if not jobs:
        return Bank(())
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
    examiner = _Examiner(takeover.pose[begin], lead=takeover.step - begin)
    judged = takeover.furthest + round(HELD_S * HZ) - begin
    with closing(MidDrive(takeover.actions[:begin], max_steps=judged + 1)) as world:  # to see what the last one did
        run_episode(
            Start(seed=takeover.seed, mode="rollout", paced=False),
            world=world,
            device=examiner,
            drivers={Source.LEARNER: driver},
            gate=Only(Source.LEARNER),
            sinks=(),
            metronome=SimulatedMetronome(HZ),
        )
    fixed = not examiner.wrong if examiner.as_recorded else None
    return Verdict(takeover.episode, takeover.seed, takeover.step, fixed, examiner.wrong)


class _Examiner:
    """Implements `loop.Device`: watches a learner, and has seen enough at its first mistake."""

    person = False

    def __init__(self, pose: npt.NDArray[np.float32], lead: int) -> None:
        """`pose` is where the learner begins, `lead` steps before the takeover's frame."""
        self._pose, self._lead = pose, lead

    def reset(self, start: Start) -> None:
        self._road, self._standstill = watched_road(start), Standstill()
        self._was_on_road = False
        self.as_recorded = True
        self.wrong = ""

    def read(self, tick: Tick) -> Controls:
        if tick.step == 0 and not np.array_equal(tick.outcome.pose, self._pose):
            self.as_recorded, self.wrong = False, "made with other versions: drives otherwise here"
        self.wrong = self.wrong or self._mistake(tick)
        return Controls(None, hands_on=False, commands=(Command.FINISH,) if self.wrong else ())

    def _mistake(self, tick: Tick) -> str:
        """In words; empty where there is none."""
        seconds = (tick.step - self._lead) / HZ
        stood = self._standstill.noticed(tick.step, float(tick.outcome.pose[3]), learner_drives=True)
        lateral, askew = off_course(self._road, tick)
        left = self._was_on_road and tick.outcome.wheels_on_road == 0
        self._was_on_road = tick.outcome.wheels_on_road > 0
        if left:
            what = "all wheels off the road"
        elif seconds >= 0 and (lateral > CARE.wrong_lateral or askew > CARE.wrong_heading):
            what = f"{lateral:.1f} units and {askew:.1f} rad off"
        elif stood:
            what = "standing still"
        else:
            return ""
        return f"{abs(seconds):.1f} s {'before' if seconds < 0 else 'after'} it {what}"
