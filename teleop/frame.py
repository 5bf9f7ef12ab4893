"""The vocabulary: what one tick of driving is made of, and who may have made it.

Everything here is a frozen value with shapes, units and ranges in its docstrings. Worlds, devices, drivers,
gates and sinks speak to each other in these words and in nothing else. numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from teleop.errors import ActionError

if TYPE_CHECKING:
    from teleop.road import Road

Action = npt.NDArray[np.float32]
"""float32 (3,): steering [-1 left, +1 right], gas [0, 1], brake [0, 1]; finite."""

Image = npt.NDArray[np.uint8]
"""uint8 (height, width, 3), RGB."""

ACTION_LOW = np.array([-1.0, 0.0, 0.0], np.float32)
ACTION_HIGH = np.array([1.0, 1.0, 1.0], np.float32)
COAST = np.zeros(3, np.float32)

HZ = 50
"""Ticks a second of CarRacing-v3 (its metadata's render_fps)."""

DIAGNOSIS_SEED = 800_000
"""Without a seed, recording counts up from 0 and stays below; 800000 to 800099 are for diagnosis: their failures may
be corrected and trained on."""
VALIDATION_SEED = 900_000
"""900000 to 900099 choose checkpoints and recipes; from here on nothing is ever recorded or trained on."""
EVALUATION_SEED = 1_000_000
"""1000000 to 1000099 are only reported."""

Mode = Literal["demo", "dagger", "rollout", "retake", "import"]
Why = Literal["finished", "truncated", "crashed", "stopped", "discarded", "failed"]
"""How an episode ended: the lap was finished; the frame limit; off the playfield; a person pressed finish;
a person pressed discard; an error."""


class Source(IntEnum):
    """Who proposed or drove. On disk: append only, never renumber."""

    HUMAN = 0
    """The expert, whoever stands in for the person: see the episode's `expert`."""
    LEARNER = 1
    AUTOPILOT = 2
    """The silent referee's column only; as an expert the autopilot drives as HUMAN."""


class Command(Enum):
    """What a person can tell the loop, beside how to drive."""

    PAUSE = "pause"
    FINISH = "finish"
    DISCARD = "discard"
    REWIND = "rewind"
    SLOWER = "slower"
    FASTER = "faster"
    RELEASE = "release"
    """Give the wheel back to the learner, at once."""
    RELABEL = "relabel"
    """After a rewind: let happen again what happened, while the person steers along."""


def checked_action(value: npt.ArrayLike, who: str) -> Action:
    """`value` as a float32 action, or ActionError saying who proposed what and what an action must be."""
    action = np.array(value, np.float32)
    if action.shape != (3,):
        raise ActionError(f"an action has shape (3,): steering, gas, brake; {who} proposed shape {action.shape}")
    # Written so that NaN fails it too.
    if not (action >= ACTION_LOW).all() or not (action <= ACTION_HIGH).all():
        raise ActionError(
            f"an action is steering in [-1, 1], gas in [0, 1], brake in [0, 1]; {who} proposed {action.tolist()}"
        )
    return action


def executed_action(proposal: Action, nudge: float) -> Action:
    """What is stepped and stored as `action`: the driver's proposal with the nudge on its steering, in float32."""
    action = proposal.copy()
    action[0] += np.float32(nudge)
    return np.clip(action, ACTION_LOW, ACTION_HIGH)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What the world says after a reset or a step."""

    observation: Image
    """uint8 (height, width, 3) RGB, CarRacing-v3's (96, 96, 3); a fresh array that nobody writes to again."""
    reward: float
    """What the last action earned, 0 after a reset; NaN where the world rewards nothing."""
    pose: npt.NDArray[np.float32]
    """float32 (4,): x, y in track units; heading of the nose in radians, counter-clockwise from +x;
    speed in track units a second, never negative. All but the speed are NaN where the world doesn't tell."""
    wheels_on_road: int
    """0 to 4; 255 where the world doesn't tell."""
    tiles_visited: int
    """Road tiles touched since the reset; -1 where the world doesn't tell."""
    terminated: bool = False
    """The lap is over or the car left the playfield; `lap_finished` says which."""
    truncated: bool = False
    """The frame limit was reached."""
    lap_finished: bool = False
    """Terminated by a completed lap."""

    @property
    def why_over(self) -> Why | None:
        """How the episode ended, or None while it goes on."""
        if self.terminated:
            return "finished" if self.lap_finished else "crashed"
        return "truncated" if self.truncated else None


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """What the device says now."""

    action: Action | None
    """What the person wants; None when there is no person and no stand-in."""
    hands_on: bool
    """True when `action` is an opinion: a control is held or moved."""
    commands: tuple[Command, ...] = ()
    """Pressed since the last tick, in order."""
    interruption: str = ""
    """Why driving can't go on (focus lost, device unplugged), in a person's words; empty when it can.
    While it is set, no tick is stepped."""
    device: str = ""
    """The name of what the person holds now, where several devices are within reach."""
    keeps_wheel: bool = False
    """Hands are off, but that is not letting go: a stand-in that has taken over drives on without labelling it."""


NO_CONTROLS = Controls(action=None, hands_on=False)


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """What everyone may look at when deciding."""

    step: int
    """Steps the world has taken since its reset; a rewind makes it smaller."""
    time_ns: int
    """Since the episode began; monotonic, real when paced."""
    outcome: Outcome
    driver: Source | None = None
    """Who drove the last stepped tick; None before the first."""
    proposal: Action | None = None
    """What that driver proposed, before any nudge."""
    time_scale: float = 1.0
    """Simulated seconds a real second, (0, 1]."""
    drove_here: Source | None = None
    """Who drove on from here before a rewind led back to it; None where no rewind did since the last step."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One stepped tick."""

    tick: Tick
    proposals: Mapping[Source, Action]
    """Every source that was present, whoever drove."""
    driver: Source
    action: Action
    """Executed: `executed_action(proposals[driver], nudge)`."""
    hands_on: bool
    nudge: float
    """Added to the steering, [-1, 1]; 0 almost always."""
    late_ns: int
    """How long after its deadline the tick began; 0 when unpaced."""
    result: Outcome
    """The outcome of `action`."""


def given_by_coin(gate: str) -> bool:
    """Whether nobody takes the wheel under this gate, because a coin gives it ("mixed 0.5")."""
    return gate.startswith("mixed")


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What is known when an episode begins."""

    seed: int
    """Decides the track and everything random in the world."""
    mode: Mode
    paced: bool
    """Ticks follow the wall clock; otherwise `time_ns` is simulated."""
    expert: str = "human"
    """Who labels: human, simulated or autopilot."""
    operator: str = ""
    """The person's name, if given."""
    device: str = ""
    """What the expert holds, for people."""
    gate: str = ""
    round: int | None = None
    learner: Mapping[str, str] | None = None
    """{name, sha256} of the checkpoint that proposes or drives."""
    parent: Mapping[str, int | str] | None = None
    """{session, episode, step} this episode was retaken from."""
    versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of every library that decides pixels or physics."""
    road: Road | None = None
    """Filled in by the loop once the world was reset; None where a world knows no road."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How an episode ended."""

    why: Why
    steps: int
    """Ticks stepped, abandoned branches included."""
    step: int
    """Where the world stood: steps since its reset, without what a rewind took back."""
    outcome: Outcome
    """Where the world stood: what followed the last row, unless a rewind took that back."""
    figures: Mapping[str, float | int | None]
    """The world's own: score, lap time, tiles missed..."""
    device: str = ""
    """Every device that was in hand while ticks were stepped, by name; empty where only one was within reach."""
    error: str = ""
    """What went wrong, when `why` is failed."""
