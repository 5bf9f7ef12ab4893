"""A driver behind the device interface: the expert at the wheel when no person is, or beside a learner."""

from __future__ import annotations

import math
from dataclasses import dataclass

from teleop.devices.foresight import Foresight
from teleop.devices.hindsight import Hindsight
from teleop.devices.standstill import Standstill
from teleop.frame import Command, Controls, Start, Tick
from teleop.loop import Driver
from teleop.road import Road

OWN_EPISODES = ("demo", "retake")
"""Modes in which it drives from the start; in any other it watches a learner."""


@dataclass(frozen=True, slots=True)
class Care:
    """When a learner is corrected, in track units, radians and steps of driving.

    What is labelled decides what is learned: from the same two laps and the same learner, taking over at 4.5 units,
    keeping the wheel to 1.5 and labelling every spin brought 165 points; careful rules, much like these, brought 843.
    """

    ahead_s: float = 0.28
    """So far it foresees where a car goes, in seconds, and so far the ghost is near enough to the truth: that of the
    autopilot's own driving stayed within 5.7 units of the middle in ten laps; at 0.4 s it was out to 9.3."""
    wrong_lateral: float = 6.0
    """A learner that is further from the middle than this, or about to be, is taken over from: its outer wheels are
    over the edge. The autopilot itself was out to 5.8 in twenty laps, beyond 5.2 several times in each..."""
    wrong_heading: float = 0.9
    """...or pointing further off the road's direction than this."""
    back_s: int = 0
    """So many seconds it goes back before it drives, where the learner drove by itself for so long."""
    calm_lateral: float = 4.0
    """Within this, and..."""
    calm_heading: float = 0.4
    """...this, the wheel is given back..."""
    shortest_steps: int = 25
    """...but not sooner."""
    hopeless_heading: float = 1.5
    """Pointing further off than this it labels nothing, though it drives: what would be right depends on what no
    picture shows."""
    lost_lateral: float = 14.0
    """Further out than this the episode is finished..."""
    lost_speed: float = 10.0
    """...or hopeless, and slower than this, units/s."""


EVERYWHERE = Care(wrong_lateral=-1.0, calm_lateral=-1.0)
"""Labels every state a learner visits but the hopeless ones: for gates that leave it the wheel."""


class Scripted:
    """Drives as the expert, hands always on; a learner it watches, and corrects with `care`.

    Hands on are a label, and ask for the wheel. A car that stands still is corrected too, wherever it stands.
    """

    person = False

    def __init__(self, driver: Driver, name: str, care: Care | None = None) -> None:
        self._driver, self._care = driver, care or Care()
        self.name = name

    def reset(self, start: Start) -> None:
        """ValueError where it has to watch and the world knows no road."""
        self._driver.reset(start)
        self._road = None if start.mode in OWN_EPISODES else watched_road(start)
        self._foresight, self._standstill = Foresight(self._care.ahead_s), Standstill()
        self._hindsight = Hindsight(self._care.back_s, start)
        self._since: int | None = None
        """The step at which it began to correct; None while the learner may drive."""

    def read(self, tick: Tick) -> Controls:
        """What it would do, and whether it means it."""
        action = self._driver.act(tick)
        if self._road is None:
            return Controls(action, hands_on=True)
        lateral, heading = off_course(self._road, tick)
        self._since = self._correcting_since(tick, self._road, lateral, heading)
        hopeless = heading > self._care.hopeless_heading
        slow = float(tick.outcome.pose[3]) < self._care.lost_speed
        lost = lateral > self._care.lost_lateral or (hopeless and slow)
        correcting = self._since is not None
        commands = (Command.FINISH,) if lost else ()
        controls = Controls(action, correcting and not hopeless, commands, keeps_wheel=correcting)
        return self._hindsight.revised(tick, controls)

    def _correcting_since(self, tick: Tick, road: Road, lateral: float, heading: float) -> int | None:
        care, step, learner_drives = self._care, tick.step, self._since is None
        stuck = self._standstill.noticed(step, float(tick.outcome.pose[3]), learner_drives)
        furthest = self._foresight.furthest(road, tick)
        if self._hindsight.insists(step):
            return step if self._since is None else min(step, self._since)
        if self._since is None or step < self._since:  # a rewind takes a correction back
            wrong = stuck or furthest > care.wrong_lateral or heading > care.wrong_heading
            return step if wrong else None
        calm = lateral <= care.calm_lateral and heading <= care.calm_heading
        return None if calm and step - self._since >= care.shortest_steps else self._since


def watched_road(start: Start) -> Road:
    """The road a learner is watched on."""
    if start.road is None:
        raise ValueError("a learner is watched where the road is known; this world has none: watch it yourself")
    return start.road


def off_course(road: Road, tick: Tick) -> tuple[float, float]:
    """How far the car is from the middle of the road and off its direction; neither is negative."""
    x, y, nose, _ = (float(value) for value in tick.outcome.pose)
    station, lateral = road.locate((x, y))
    return math.fabs(lateral), math.fabs(road.heading_error(station, nose))
