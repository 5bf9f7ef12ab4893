"""What can be asked of training. Loads no torch, so that --help answers at once."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from policy.filters import LastRound
from policy.kinds import check_rule
from policy.weights import Weights
from teleop.frame import Why
from teleop.results import session_around

CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class TrainConfig:
    """Learn a policy from recorded sessions, by behavioral cloning."""

    sessions: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SESSION...", help_behavior_hint="")
    ]
    """Sessions to learn from; `.zarr` is added if missing."""
    out: Path
    """The checkpoint's file, written exactly here, replacing what is there. The folder OUT.run keeps its training:
    metrics, candidates, and what --resume needs."""
    arch: Literal["bc", "pilotnet"] = "bc"
    """The network: bc is small and fast; pilotnet is the published one, 66x200 YUV. Where sessions are of Udacity's
    simulator, it is pilotnet, and answers steering alone."""
    native: bool = False
    """See the view's own 84x96 pixels instead of the architecture's size."""
    dashboard: bool = False
    """See the dashboard too, rows 84-95: it shows the steering, and so teaches to repeat it instead of to look."""
    speed: bool = True
    """Tell the network the car's speed. The published PilotNet was told none, but it only steered, and so it is in
    Udacity's world; who works pedals without knowing the speed does not know when to brake."""
    steps: int = 4000
    """Gradient steps."""
    seed: int = 0
    """Of everything random: same seed, sessions, machine and threads give the same weights."""
    loss: Literal["mse", "smooth_l1", "bins"] = "mse"
    """mse is the textbook's; smooth_l1 counts large errors less; bins choose among 21 values of each action by
    cross-entropy, for drivers who press keys: where they went left or right, it takes a side."""
    batch_size: int = 64
    """Rows a step."""
    learning_rate: float = 1e-3
    """At its peak: it rises over the first tenth of the steps, then falls along a cosine."""
    weight_decay: float = 1e-2
    """AdamW's."""
    average_decay: float = 0.999
    """Of the running average of the weights, which is what the checkpoint holds."""
    labels: Annotated[str, tyro.conf.arg(metavar="{demos,corrections,labelled,layer:NAME}")] = "labelled"
    """What is learned from:
    demos: all that the expert drove in demonstrations, imports and retakes;
    corrections: that, and what was driven with hands on after taking over;
    labelled: that, and wherever hands were on while a learner drove;
    layer:NAME: that, with the labels of a layer over it."""
    label_lead: int = 0
    """Ticks by which a label comes before the expert's action: people act on what they saw this much earlier."""
    hold_out: bool = True
    """Of ten episodes or more, keep a tenth for the validation loss; --no-hold-out learns from all of them."""
    before_takeover_s: float = 0.5
    """Seconds before a takeover in which hands on, while the learner drove, label nothing."""
    zoom_in: bool = False
    """Learn from the first second of an episode too, in which CarRacing's camera zooms in."""
    weights: str = "uniform"
    """How often each row comes: uniform; half-corrections; or by kind, as in demo=1,takeover=3,shadow=1,layer=1."""
    operator: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """Only episodes driven by this person; may be given several times."""
    min_score: float | None = None
    """Only episodes that scored at least this."""
    outcome: Annotated[tuple[Why, ...], tyro.conf.UseAppendAction] = ()
    """Only episodes that ended like this; may be given several times."""
    until_round: Annotated[str | None, tyro.conf.arg(metavar="SESSION=N")] = None
    """Of this one of the sessions, only corrections of rounds up to N: while they are learned from, somebody may drive
    for the next."""
    shift: float | None = None
    """Augmentation: move views aside and steer back; standard deviation, in track units (half a road is 6.67), in
    Udacity's world in metres. None: 1 on CarRacing's tracks, nothing in Udacity's world, which has side cameras."""
    turn_deg: float | None = None
    """Augmentation: turn views and steer back; standard deviation, in degrees. None: 4, and nothing."""
    setting_off: float = 0.0
    """Augmentation: share of rows shown with the car nearly at rest, and the pedals by which the expert set off; for
    policies that come to rest and stay there. Needs --zoom-in, where the setting off is."""
    side_offset: float = 0.2
    """Steering that Udacity's side cameras ask for, back to the middle; 1 is full lock, 25 degrees."""
    threads: int = 1
    """Of torch. More pay only while cores are idle."""
    start_from: Path | None = None
    """Begin with this checkpoint's weights instead of random ones; of the same architecture, loss and way of seeing.
    A quarter of the --steps then does much, but not all: learned from scratch is steadier."""
    resume: bool = False
    """Go on where a training with the same options was interrupted or crashed, to the same weights."""

    def __post_init__(self) -> None:
        if not self.sessions:
            raise ValueError("training needs at least one SESSION; got none: name those to learn from")
        rules = {
            "steps": (self.steps >= 1, "at least 1"),
            "seed": (0 <= self.seed < 2**63, "from 0 to 2^63 - 1"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (0 < self.learning_rate < math.inf, "a positive number"),
            "weight_decay": (0 <= self.weight_decay < math.inf, "a number from 0 up"),
            "average_decay": (0 <= self.average_decay <= 1, "from 0 to 1"),
            "label_lead": (self.label_lead >= 0, "at least 0"),
            "before_takeover_s": (0 <= self.before_takeover_s < math.inf, "a number from 0 up"),
            "shift": (self.shift is None or 0 <= self.shift < math.inf, "a number from 0 up"),
            "turn_deg": (self.turn_deg is None or 0 <= self.turn_deg < math.inf, "a number from 0 up"),
            "side_offset": (0 <= self.side_offset <= 1, "from 0 to 1"),
            "setting_off": (0 <= self.setting_off <= 1, "from 0 to 1"),
            "threads": (1 <= self.threads <= CORES, f"from 1 to {CORES}, the cores of this machine"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise ValueError(f"--{name.replace('_', '-')} is {rule}; got {getattr(self, name)}")
        if (last := self.last_round) and not any(map(last.is_of, self.sessions)):
            raise ValueError(f"--until-round is of one of the sessions; got {last.session}: add it to them, or drop it")
        check_rule(self.labels)
        Weights(self.weights)
        if self.out.is_dir():
            raise ValueError(f"--out is the checkpoint's file; {self.out} is a directory: add a file name")
        if session := session_around(self.out):
            raise ValueError(f"--out is in {session}, which holds what was recorded: choose a place outside of it")

    @property
    def last_round(self) -> LastRound | None:
        """What --until-round says; ValueError where that makes no sense."""
        return None if self.until_round is None else LastRound.read(self.until_round)
