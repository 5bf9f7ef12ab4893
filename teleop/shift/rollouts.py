"""Driving as it is measured: the states in order, and what two drivers would do in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from teleop.drivers.autopilot import Autopilot
from teleop.evaluate import TrackScore, drive_track
from teleop.frame import Action, End, Frame, Image, Source, Start, Tick
from teleop.loop import Driver
from teleop.road import Road

FEATURES_EVERY = 10
"""Frames between those whose features are kept: neighbours are nearly the same picture."""

Floats = npt.NDArray[np.float64]


@runtime_checkable
class Featured(Protocol):
    """A driver that can say what it makes of a picture (a learned one does; the autopilot looks at none)."""

    def features(self, observation: Image) -> npt.NDArray[np.float32]:
        """(F,): the network's last values before its outputs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Driving:
    """T states on one track, in order. Row t is what stood before action t."""

    policy: str
    """Whose `learner_action` and `features` these are."""
    seed: int
    """The track's."""
    step: npt.NDArray[np.int32]
    """(T,): frames since the start of the episode."""
    pose: npt.NDArray[np.float32]
    """(T, 4): x, y in track units; heading in radians; speed in track units a second."""
    departed: npt.NDArray[np.bool_]
    """(T,): all four wheels are off the road."""
    station: Floats
    """(T,): track units from the start line along the centre line."""
    lateral: Floats
    """(T,): track units from the centre line, positive to the left; the road ends at 6.67."""
    heading_error: Floats
    """(T,): how far the nose points left of the direction of travel, radians in (-pi, pi]."""
    curvature: Floats
    """(T,): of the road there, 1 / track units, positive in a left bend."""
    learner_action: npt.NDArray[np.float32]
    """(T, 3): what the policy would do."""
    referee_action: npt.NDArray[np.float32]
    """(T, 3): what the autopilot would do: it sees the road itself, drives none of this, and is never learned from."""
    features: npt.NDArray[np.float32] | None
    """(ceil(T / 10), F): what the policy makes of the picture of rows 0, 10, 20...; None for one without features."""

    @property
    def speed(self) -> npt.NDArray[np.float32]:
        """(T,): track units a second."""
        return self.pose[:, 3]

    @property
    def frames(self) -> int:
        """T."""
        return len(self.step)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rollout(Driving):
    """A track that the policy drove alone: T is at most 1000, `step` counts up from 0."""

    track: TrackScore
    """How it went: score, why it ended..."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstration(Driving):
    """An expert's episode without what was taken back or excluded, and what the policy would do in its states."""

    session: str
    """The session's folder name; empty for a lap that the autopilot drove for this comparison alone."""
    episode: str
    """Six digits."""
    digest: str
    """sha256, hex, of the recording."""


@dataclass(frozen=True)
class RollOut:
    """A job: let the policy drive a track alone."""

    policy: str
    seed: int

    def __call__(self, driver: Driver) -> Rollout:
        seen = Witness()
        track = drive_track(driver, self.seed, [seen])
        actions = [frame.proposals[Source.LEARNER] for frame in seen.frames]
        return Rollout(track=track, **columns(self.policy, self.seed, seen.ticks, seen.road, driver, actions))


@dataclass(frozen=True)
class AutopilotLap:
    """A job: ask the policy what it would do on the states of a lap that the autopilot drives, recorded nowhere."""

    policy: str
    seed: int

    def __call__(self, driver: Driver) -> Demonstration:
        seen = Witness()
        drive_track(Autopilot(), self.seed, [seen])
        actions = proposals(driver, self.seed, seen.ticks, seen.road)
        measured = columns(self.policy, self.seed, seen.ticks, seen.road, driver, actions)
        return Demonstration(session="", episode="", digest="", **measured)


class Witness:
    """The sink that keeps every frame of one episode, pictures included: 28 MB for 1000 frames."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.road: Road

    def on_start(self, start: Start) -> None:
        assert start.road is not None, "what is measured is driven on a road"
        self.road = start.road

    def on_frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def on_idle(self, tick: Tick, why: str) -> None:
        pass

    def on_end(self, end: End) -> None:
        pass

    @property
    def ticks(self) -> list[Tick]:
        """What stood before each action."""
        return [frame.tick for frame in self.frames]


def columns(
    policy: str, seed: int, ticks: Sequence[Tick], road: Road, driver: Driver, actions: Sequence[Action]
) -> dict[str, Any]:
    """The fields of a `Driving` through these ticks, in which `driver` proposes `actions`."""
    pose = np.array([tick.outcome.pose for tick in ticks], np.float32)  # (T, 4)
    station, lateral = road.locate(pose[:, :2])
    return {
        "policy": policy,
        "seed": seed,
        "step": np.array([tick.step for tick in ticks], np.int32),
        "pose": pose,
        "departed": np.array([tick.outcome.wheels_on_road == 0 for tick in ticks]),
        "station": station,
        "lateral": lateral,
        "heading_error": road.heading_error(station, pose[:, 2]),
        "curvature": road.curvature(station),
        "learner_action": np.array(actions, np.float32),
        "referee_action": np.array(proposals(Autopilot(), seed, ticks, road), np.float32),
        "features": _features(driver, ticks[::FEATURES_EVERY]),
    }


def proposals(driver: Driver, seed: int, ticks: Sequence[Tick], road: Road) -> list[Action]:
    """What a driver that does not drive would do on each tick."""
    driver.reset(Start(seed=seed, mode="rollout", paced=False, road=road))
    return [driver.act(tick) for tick in ticks]


def _features(driver: Driver, ticks: Sequence[Tick]) -> npt.NDArray[np.float32] | None:
    if not isinstance(driver, Featured):
        return None
    return np.array([driver.features(tick.outcome.observation) for tick in ticks], np.float32)
