"""Which recorded rows teach, and what: rules read over what was recorded. Nothing recorded is ever changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policy.kinds import KINDS, LAYER, Kind, check_rule
from teleop.frame import HZ, Source, given_by_coin
from teleop.session import Episode

ZOOM_STEPS = HZ
"""CarRacing's camera zooms in during the first second: pictures unlike any later one."""
PAUSE_S = 0.1
"""A tick that came this much later than the one before allows: a pause, or a stall that felt like one."""
DEMONSTRATIONS = ("demo", "import", "retake")
"""Modes in which all that the expert drives is a demonstration."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Labels:
    """What the T committed rows of an episode teach."""

    action: Floats
    """float32 (T, 3): what a policy should do; only meant where `labelled`."""
    kind: npt.NDArray[np.uint8]
    """uint8 (T,): of `Kind`."""

    @property
    def labelled(self) -> Mask:
        """bool (T,)."""
        return np.asarray(self.kind != Kind.NONE)


@dataclass(frozen=True)
class LabelRule:
    """Chooses and labels the rows of an episode."""

    name: str = "labelled"
    """demos, corrections, labelled or layer:NAME."""
    lead: int = 0
    """A row's label is the action the expert took this many ticks later: people act on what they saw a moment ago."""
    before_takeover_s: float = 0.5
    """Seconds before a takeover in which hands that were already on label nothing: they answer what they saw earlier.
    A layer labels there too; its author had the time to look."""
    zoom_in: bool = False
    """Label the second in which the camera zooms in."""
    hz: float = HZ
    """Ticks a second of what is labelled."""

    def __post_init__(self) -> None:
        check_rule(self.name)
        if type(self.lead) is not int or self.lead < 0:
            raise ValueError(f"a label's lead is a whole number from 0 up; got {self.lead!r}")
        if not isinstance(self.before_takeover_s, int | float) or not 0 <= self.before_takeover_s < np.inf:
            raise ValueError(f"the time before a takeover is a number from 0 up; got {self.before_takeover_s!r}")

    @property
    def layer(self) -> str:
        """The name of the layer laid over; empty for none."""
        return self.name.removeprefix(LAYER) if self.name.startswith(LAYER) else ""

    def read(self, episode: Episode) -> Labels:
        """The labels of an episode; SessionError when its columns are damaged."""
        kind = np.full(episode.committed, Kind.NONE, np.uint8)
        if episode.discarded:
            return Labels(np.full((episode.committed, 3), np.nan, np.float32), kind)
        teaching = _teaching(episode, self.zoom_in)
        opinion = _opinions(episode, self.before_takeover_s * self.hz)
        chosen = teaching & np.isin(opinion, KINDS["labelled" if self.layer else self.name])
        kind[chosen] = opinion[chosen]
        labels = _led(episode, Labels(episode.human_action, kind), self.lead)
        if self.layer in episode.layers:
            _lay_over(labels, episode.layer(self.layer), teaching)
        return labels


def _teaching(episode: Episode, zoom_in: bool) -> Mask:
    """Rows that may teach at all: kept, not excluded, and driven here, not in the episode this was retaken from."""
    step = episode.step
    first = 0 if zoom_in else ZOOM_STEPS
    parent = episode.attrs.get("parent")
    if episode.attrs.get("mode") == "retake" and parent:
        first = max(first, int(parent["step"]))
    return np.asarray((step >= first) & episode.kept & ~episode.excluded)


def _opinions(episode: Episode, before_takeover: float) -> npt.NDArray[np.uint8]:
    """How each row would come by the expert's label, (T,) of `Kind`."""
    human, hands_on = episode.driver == Source.HUMAN, episode.hands_on
    kind = np.full(episode.committed, Kind.NONE, np.uint8)
    late = _before_takeover(episode, human, before_takeover) & ~_driven_again(episode)
    if given_by_coin(episode.attrs.get("gate", "")):
        late[:] = False  # a coin surprises nobody
    kind[hands_on & ~human & ~late] = Kind.SHADOW
    kind[hands_on & human] = Kind.TAKEOVER
    if episode.attrs.get("mode") in DEMONSTRATIONS:
        kind[human] = Kind.DEMO
    return kind


def _before_takeover(episode: Episode, human: Mask, within: float) -> Mask:
    """Rows that a learner drove, with a takeover after them within so many of the person's ticks."""
    ticks = human_ticks(episode)
    takeovers = ticks[1:][human[1:] & ~human[:-1]]
    next_one = np.append(takeovers, np.inf)[np.searchsorted(takeovers, ticks, side="right")]
    return np.asarray(~human & (next_one - ticks <= within))


def _driven_again(episode: Episode) -> Mask:
    """Rows of moments that were driven before and taken back: there nobody is surprised, and no answer comes late."""
    furthest = np.maximum.accumulate(episode.step)
    return np.append(False, episode.step[1:] <= furthest[:-1])


def human_ticks(episode: Episode) -> npt.NDArray[np.float64]:
    """(T,): when each row was driven by the person's own clock, in ticks of full speed; pauses take no time.

    In slow motion at a quarter of the speed a row lasts four of them.
    """
    return np.cumsum(1 / episode.time_scale.astype(np.float64))


def _led(episode: Episode, labels: Labels, lead: int) -> Labels:
    """Each row with the label of the row `lead` of the person's ticks later in the same run; without one, none."""
    if not lead:
        return labels
    ticks = human_ticks(episode)
    halfway = (ticks[1:] + ticks[:-1]) / 2
    later = np.searchsorted(halfway, ticks + lead)  # the row that was driven nearest to that time
    run = _runs(episode, labels.labelled)
    reached = labels.labelled & (run[later] == run) & (ticks + lead <= ticks[-1] + 0.5)
    kind = np.where(reached, labels.kind, Kind.NONE).astype(np.uint8)
    return Labels(labels.action[later], kind)


def _runs(episode: Episode, labelled: Mask) -> npt.NDArray[np.int64]:
    """(T,): the number of the run each row belongs to. A run ends at an unlabelled row, takeover, rewind or pause."""
    step, driver = episode.step, episode.driver
    tick_ns = np.diff(episode.time_ns) * episode.time_scale[1:]
    usual_ns = np.median(tick_ns) if len(tick_ns) else 0
    paused = (tick_ns - usual_ns) / episode.time_scale[1:] > PAUSE_S * 1e9
    cut = (np.diff(step) != 1) | (driver[1:] != driver[:-1]) | paused | (labelled[1:] != labelled[:-1])
    return np.append(0, np.cumsum(cut))


def _lay_over(labels: Labels, layer: Floats, teaching: Mask) -> None:
    """Put a layer's labels over the others, in place."""
    covered = teaching & np.isfinite(layer).all(axis=1)
    labels.action[covered] = layer[covered]
    labels.kind[covered] = Kind.LAYER
