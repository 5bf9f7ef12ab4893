"""`teleop dagger`: what may be asked for. The driving itself is in `teleop.collecting`, loaded once it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from teleop.arguments import SessionArgument
from teleop.errors import UsageError
from teleop.record import check_drives


@dataclass(frozen=True)
class DaggerCommand:
    """What may be asked for; `teleop.cli` adds the learner, which `teleop.learners` alone can load."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing. An existing session is appended to."""
    learner: Path | None = None
    """The checkpoint that drives. With --demos: first; without one, it is learned from them."""
    demos: Annotated[tuple[Path, ...] | None, tyro.conf.arg(metavar="SESSION...")] = None
    """Demonstrations. With them, every round's corrections and all earlier ones train the next learner, by the options
    that --learner was trained with (but for those that choose among episodes), while driving goes on; with --fast,
    driving waits for it."""
    rounds: int | None = None
    """How many rounds, with --demos; 1 by default. What is done is kept: the same command goes on after it."""
    out: Path | None = None
    """Folder of the rounds: learners, validations, what the takeover bank says; SESSION-rounds by default."""
    warm: bool = False
    """Each round's training begins with the learner that drove: ready in a third of the time. From scratch, as it is
    without, is steadier. With --demos."""
    expert: Literal["human", "simulated", "autopilot"] = "human"
    """Who watches and corrects: a person, the simulated human (imperfect, by keys), or the scripted autopilot."""
    gate: Literal["takeover", "shadow", "mixed"] = "takeover"
    """takeover: a touch takes the wheel, letting go gives it back. shadow: the learner always drives, steer along and
    that is the label. mixed: a coin decides each tick; for the autopilot."""
    beta: float | None = None
    """With --gate mixed: the expert's share of the ticks, from 0 to 1, 0.5 by default; in round N it is the Nth power
    of this."""
    headless: bool = False
    """Without a window; for the simulated human and the autopilot."""
    fast: bool = False
    """As fast as the machine can, instead of 50 Hz; with --headless."""
    episodes: int | None = None
    """How many tracks; the same one again counts once. By default until a person quits, with a stand-in one; with
    --demos, a round's: 8 by default."""
    seed: int | None = None
    """First track: SEED, SEED + 1, ...; below 900000. By default one past the highest of the session and of those that
    the learner learned from."""
    operator: str = ""
    """The name of whoever corrects, kept with every episode."""

    def check(self) -> None:
        """UsageError when the options don't go together."""
        check_drives(self)
        self._check_rounds()
        if self.beta is not None and self.gate != "mixed":
            raise UsageError(f"--beta is the expert's share with --gate mixed; got --gate {self.gate}: drop one")
        if self.beta is not None and not 0 <= self.beta <= 1:
            raise UsageError(f"--beta is a share of the ticks, from 0 to 1; got {self.beta}")
        if self.gate == "mixed" and self.expert != "autopilot":
            raise UsageError(
                "--gate mixed takes the wheel away fifty times a second, which only a script bears: add --expert "
                "autopilot, or choose takeover or shadow"
            )

    def _check_rounds(self) -> None:
        if self.demos == ():
            raise UsageError("--demos names the sessions of demonstrations; got none: add SESSION..., or drop --demos")
        if self.demos is None:
            if self.rounds is not None or self.out is not None or self.warm:
                raise UsageError(
                    "--rounds, --out and --warm are for training the next learners, from demonstrations and "
                    "corrections: add --demos SESSION..., or drop them"
                )
            if self.learner is None:
                raise UsageError("somebody has to drive: add --learner CHECKPOINT, or --demos SESSION... to train one")
        elif self.rounds is not None and self.rounds < 1:
            raise UsageError(f"--rounds is at least 1; got {self.rounds}")
