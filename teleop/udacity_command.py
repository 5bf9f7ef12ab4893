"""`teleop udacity`: what may be asked for. The driving is in `teleop.udacity_driving`, loaded once it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from teleop.errors import UsageError
from teleop.udacity import HOST, OBSERVATION_SHAPE, PORT, TOP_SPEED_MPH

if TYPE_CHECKING:
    from teleop.loop import Driver


@dataclass(frozen=True)
class UdacityCommand:
    """What may be asked for; `teleop.cli` adds the learner, which `teleop.learners` alone can load."""

    learner: Path
    """The checkpoint that drives; made of the simulator's own logs: teleop import udacity, policy train."""
    session: Path | None = None
    """Record every frame into this session's folder; an existing one is appended to. By default nothing is recorded."""
    headless: bool = False
    """Without a window: the policy drives alone, until Ctrl+C."""
    episodes: int | None = None
    """How many stretches of uninterrupted driving. By default until you quit."""
    speed_mph: float = 15.0
    """Held by a governor: policies only steer here. Up to 30, the simulator's own limit."""
    operator: str = ""
    """The driver's name, kept with every episode."""
    host: str = HOST
    """Where the simulator connects to; it looks for us on its own machine alone, unless something forwards it."""
    port: int = PORT
    """The simulator knows no other than 4567."""

    def check(self) -> None:
        """UsageError where it makes no sense, or the package that serves the simulator is missing."""
        if find_spec("websockets") is None:
            raise UsageError('the simulator is served with the package websockets: pip install "websockets>=14"')
        if not 0 < self.speed_mph <= TOP_SPEED_MPH:
            raise UsageError(f"--speed-mph is above 0 and at most {TOP_SPEED_MPH:g}; got {self.speed_mph}")
        if self.episodes is not None and self.episodes < 1:
            raise UsageError(f"--episodes is at least 1; got {self.episodes}")
        if not 0 <= self.port < 2**16:
            raise UsageError(f"--port is at most 65535, or 0 for any that is free; got {self.port}")

    def drive(self, driver: Driver, learner: Mapping[str, str], console: Console) -> int:
        """Serve the simulator with this driver, the `learner` {name, sha256}, until somebody has had enough."""
        # Only now: the window takes a while to load, and --help needs none of it.
        from teleop.udacity_driving import Wanted, drive_udacity

        drive_udacity(
            Wanted(
                driver,
                learner,
                self.host,
                self.port,
                self.session,
                self.headless,
                self.episodes,
                self.speed_mph,
                self.operator,
            ),
            console,
        )
        return 0


def check_sees_the_simulator(shape: Sequence[int], checkpoint: Path) -> None:
    """UsageError where a checkpoint drives on pictures of another shape than the simulator's."""
    if tuple(shape) != OBSERVATION_SHAPE:
        raise UsageError(
            f"the simulator's pictures are {OBSERVATION_SHAPE}; {checkpoint} drives on {tuple(shape)}: "
            "train one on the simulator's logs, with teleop import udacity and policy train"
        )
