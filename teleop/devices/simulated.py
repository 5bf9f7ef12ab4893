"""An imperfect stand-in for a person: it sees late and not quite right, lapses now and then, and has only keys.

Results obtained with a perfect script in a person's place prove little. This one has a person's limits:

- *Late*: it acts on what it saw a reaction time ago, carried on to now by what its own hands did since, as people do
  (R. Miall et al., "Is the cerebellum a Smith predictor?", J. Motor Behavior 25, 1993). Of a slide, a push or a
  learner's deeds it learns only when it sees them.
- *Not quite right*: place, heading and speed are misjudged, and so is how fast a bend can be driven; the errors drift
  smoothly. The road is known only as far ahead as the window shows it.
- *Steering* by a near and a far point of the road, as people do (D. Salvucci and R. Gray, "A two-point visual control
  model of steering", Perception 33, 2004), without their integral: a keyboard's wheel centres itself.
- *Pedals* by the sharpest bend in sight, at its own pace; off the gas while it turns.
- *Keys*: it holds and taps those of a real `Keyboard`, whose ramps make the action.
- *Lapses*: for a moment nothing is seen, and the keys stay as they are.

While a learner drives it watches, takes over when what it sees looks wrong, and lets go when that is calm again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pygame

from teleop.bindings import Bindings, Drive
from teleop.devices.keyboard import Keyboard
from teleop.devices.perception import Eyes, Impression
from teleop.frame import HZ, Command, Controls, Source, Start, Tick
from teleop.road import Road, wrapped

OWN_EPISODES = ("demo", "retake")
"""Modes in which it drives from the start; in any other it watches a learner."""
KEYS = {meaning: key for key, meaning in Bindings().keys.items() if isinstance(meaning, Drive)}
"""A key for each; its keyboard is its own, whatever the settings say."""


@dataclass(frozen=True)
class SimulatedHumanConfig:
    """What kind of person, in track units, seconds and radians. Frozen: results are told with this person's score.

    How the values were found, and what they score: tests/experiments/simulated_human.py.
    """

    reaction_s: float = 0.25
    """From picture to key: 250 to 300 ms in Atari games (Zhang et al. 2019, Atari-HEAD)."""
    shortest_press_s: float = 0.06
    """A key stays down, or up, at least this long: a quick tap."""
    glance_s: float = 0.1
    """How long a car is watched to see where it goes and how fast it turns."""

    turn_lag_s: float = 0.06
    """Its feeling for the car: how long the turn takes to follow the wheel..."""
    grip_felt: float = 130.0
    """...the acceleration across its way at which the car slides, units/s^2..."""
    gas_felt: float = 43.8
    """...the acceleration by full gas, units/s^2..."""
    brake_felt: float = 275.0
    """...and the deceleration for each unit of brake, units/s^2."""

    sight: float = 37.0
    """How far ahead the road is seen: three quarters of the window's 800 pixels, at 16.2 pixels a unit."""
    near_s: float = 0.15
    """Seconds of driving to the near point..."""
    near: float = 5.0
    """...which is never nearer than this."""
    far_s: float = 0.5
    """Seconds of driving to the far point..."""
    far: float = 16.0
    """...which is never nearer than this."""
    near_gain: float = 0.1
    """Steering for each radian from the nose to the near point: back to the middle."""
    far_gain: float = 0.6
    """And to the far point: what the road is going to do."""
    steering_slack: float = 0.15
    """A key is pressed when this much steering is missing, and lifted when none is."""

    lateral: float = 120.0
    """Pace: the acceleration across the road that bends are driven with, units/s^2."""
    braking: float = 100.0
    """The deceleration counted on before bends, units/s^2."""
    top_speed: float = 68.0
    """units/s."""
    shaken_speed: float = 40.0
    """And no faster than this while off the road or pointing wrong (`wrong_heading`)."""
    gas_slack: float = 1.0
    """The gas is pressed when this much speed is missing, units/s, and lifted when none is."""
    brake_slack: float = 6.0
    """The brake is pressed when this much too fast, units/s, until a third of it is left."""
    turning: float = 0.2
    """No gas while the wheel is turned further than this..."""
    crawl: float = 8.0
    """...once the car moves this fast, units/s: it would spin."""

    error_s: float = 1.0
    """How long a misjudgement of the car lasts."""
    lateral_error: float = 0.3
    """Standard deviation of the place across the road, units."""
    heading_error: float = 0.0175
    """Of the heading: one degree, as people tell directions (Warren, Morris and Kalish 1988)."""
    speed_error: float = 0.05
    """Of the speed, relative: about the smallest difference people notice (McKee 1981)."""
    habit_s: float = 4.0
    """How long an inclination lasts."""
    aim_error: float = 0.5
    """Standard deviation of where on the road it drives, units; the road is 13.3 wide."""
    bend_error: float = 0.1
    """Of how fast it drives, relative to what it meant."""

    lapses_per_s: float = 0.02
    """How often the mind begins to wander."""
    shortest_lapse_s: float = 0.3
    longest_lapse_s: float = 1.0

    wrong_lateral: float = 5.2
    """A learner seen further from the middle than this is taken over from: its outer wheels are at the edge."""
    wrong_heading: float = 0.9
    """Or pointing further off the road's direction than this."""
    calm_lateral: float = 4.0
    """Within this, and..."""
    calm_heading: float = 0.4
    """...this, the wheel is given back..."""
    shortest_takeover_s: float = 0.5
    """...but not sooner."""
    lost_lateral: float = 14.0
    """Further out than this a car is lost; what would bring it back is nothing worth learning."""
    lost_heading: float = 2.0
    """Or pointing backwards like this..."""
    lost_speed: float = 10.0
    """...and slower than this, units/s. A learner's episode is then finished at once."""
    patience_s: float = 5.0
    """Its own only after this long: until then it tries to come back."""


class SimulatedHuman:
    """Drives, or watches a learner, as its config says (a `NamedDevice`). Depends on the episode's seed alone.

    Its time is the steps it lives through: a pause stops it. After a rewind it knows only what it sees from there on,
    but does not err just as before, or it would repeat a mistake for ever.

    In its own episodes hands are on as a keyboard's are, while a key is held: every row is a label there, rolling
    included. A takeover is meant as a whole: hands are on from its first key until it lets go, because rolling in
    between is an opinion too, and only what is done with hands on becomes a label while a learner is about.
    """

    person = False
    name = "simulated"

    def __init__(self, config: SimulatedHumanConfig | None = None) -> None:
        self._config = config or SimulatedHumanConfig()

    def reset(self, start: Start) -> None:
        """Look at `start.road`; ValueError where the world knows none."""
        if start.road is None:
            raise ValueError("the simulated human drives where the road is known; this world has none: drive yourself")
        self._road = start.road
        self._own_episode = start.mode in OWN_EPISODES
        self._pace = Pace(start.road, self._config)
        self._eyes = Eyes(start.road, self._config, start.seed)
        self._fingers = Fingers(self._config, start)
        self._step = -1
        self._begin()

    def _begin(self) -> None:
        """At the start, and where a rewind led."""
        self._driving = self._own_episode
        self._hands_on = False
        self._driven_steps = self._lost_steps = 0

    def read(self, tick: Tick) -> Controls:
        """What its keys make; a step that is read again (a pause) changes nothing."""
        commands = self._live(tick) if tick.step != self._step else ()
        controls = self._fingers.keyboard.read(tick)
        taking_over = self._hands_on and not self._own_episode
        self._hands_on = self._driving and (controls.hands_on or taking_over)
        return Controls(controls.action, self._hands_on, commands)

    def _live(self, tick: Tick) -> tuple[Command, ...]:
        """One step: look, and act unless the mind is elsewhere. The first look at a place decides nothing."""
        follows = tick.step == self._step + 1 and tick.step > 0
        self._step = tick.step
        self._eyes.look(tick.outcome.pose, tick.proposal if tick.driver is Source.HUMAN else None, follows)
        if not follows:
            self._begin()
        if self._eyes.elsewhere or not follows:
            return ()
        seen = self._eyes.seen()
        self._driving = self._own_episode or self._wants_to_drive(seen)
        self._fingers.hold(self._wanted_keys(tick, self._eyes.now(seen)) if self._driving else set())
        return (Command.FINISH,) if self._gives_up(seen) else ()

    def _wants_to_drive(self, seen: Impression) -> bool:
        """To take over when a learner looks wrong, and then until it is calm."""
        config = self._config
        lateral, heading = self._off_course(seen)
        if not self._driving:
            self._driven_steps = 0
            return lateral > config.wrong_lateral or heading > config.wrong_heading
        self._driven_steps += self._hands_on
        calm = lateral <= config.calm_lateral and heading <= config.calm_heading
        return not calm or self._driven_steps < config.shortest_takeover_s * HZ

    def _gives_up(self, seen: Impression) -> bool:
        config = self._config
        lateral, heading = self._off_course(seen)
        backwards = heading > config.lost_heading and seen.speed < config.lost_speed
        self._lost_steps = self._lost_steps + 1 if lateral > config.lost_lateral or backwards else 0
        return self._lost_steps > (config.patience_s * HZ if self._own_episode else 0)

    def _off_course(self, at: Impression) -> tuple[float, float]:
        """How far from the middle of the road, and off its direction; neither is negative."""
        station, lateral = self._road.locate((at.x, at.y))
        return abs(float(lateral)), abs(float(self._road.heading_error(station, at.heading)))

    def _wanted_keys(self, tick: Tick, now: Impression) -> set[Drive]:
        wheel = 0.0 if tick.proposal is None else float(tick.proposal[0])
        station = float(self._road.locate((now.x, now.y)).station)
        missing = self._wanted_speed(now, station) - now.speed
        turning = abs(wheel) > self._config.turning and now.speed > self._config.crawl
        return self._steering_keys(self._wanted_steering(now, station), wheel) | self._pedal_keys(missing, turning)

    def _wanted_steering(self, now: Impression, station: float) -> float:
        """By the angles to two points of the road; as an action, but of any size."""
        config = self._config
        near = self._angle(now, station + max(config.near, config.near_s * now.speed))
        far = self._angle(now, station + max(config.far, config.far_s * now.speed))
        return -(config.near_gain * near + config.far_gain * far)

    def _angle(self, now: Impression, station: float) -> float:
        """From the nose to a point of the road, positive to the left."""
        x, y = self._road.point(station, self._eyes.aim)
        return float(wrapped(math.atan2(y - now.y, x - now.x) - now.heading))

    def _wanted_speed(self, now: Impression, station: float) -> float:
        lateral, heading = self._off_course(now)
        shaken = lateral > self._road.half_width or heading > self._config.wrong_heading
        speed = self._pace.speed(station) * self._eyes.boldness
        return min(speed, self._config.shaken_speed) if shaken else speed

    def _steering_keys(self, wanted: float, wheel: float) -> set[Drive]:
        """Further, while the wheel is not there; back it springs by itself."""
        for key, side in ((Drive.LEFT, -1), (Drive.RIGHT, 1)):
            slack = 0.0 if key in self._fingers.held else self._config.steering_slack
            if side * wanted - max(side * wheel, 0.0) > slack:
                return {key}
        return set()

    def _pedal_keys(self, missing: float, turning: bool) -> set[Drive]:
        """For the speed that is missing, or too much."""
        config, held = self._config, self._fingers.held
        if -missing > (config.brake_slack / 3 if Drive.BRAKE in held else config.brake_slack):
            return {Drive.BRAKE}
        if missing > (0.0 if Drive.GAS in held else config.gas_slack) and not turning:
            return {Drive.GAS}
        return set()


class Pace:
    """How fast a road is meant to be driven."""

    def __init__(self, road: Road, config: SimulatedHumanConfig) -> None:
        bend = np.abs(road.curvature(road.stations))
        bend = (np.roll(bend, 1) + bend + np.roll(bend, -1)) / 3
        squared = np.minimum(config.lateral / np.maximum(bend, 1e-6), config.top_speed**2)
        self._squared = np.append(squared, squared[0])
        self._knots, self._length = np.append(road.stations, road.length), road.length
        self._ahead = np.arange(0.0, config.sight, road.length / len(road.centre))
        self._braked = 2 * config.braking * self._ahead

    def speed(self, station: float) -> float:
        """Which leaves the way to brake for every bend in sight, units/s."""
        squared = np.interp((station + self._ahead) % self._length, self._knots, self._squared)
        return math.sqrt(float((squared + self._braked).min()))


class Fingers:
    """On a keyboard, and no quicker than fingers are."""

    def __init__(self, config: SimulatedHumanConfig, start: Start) -> None:
        self._shortest_steps = round(config.shortest_press_s * HZ)
        self._steps = dict.fromkeys(Drive, self._shortest_steps)
        self.held: set[Drive] = set()
        self.keyboard = Keyboard()
        self.keyboard.reset(start)

    def hold(self, wanted: set[Drive]) -> None:
        """One step on: press and lift what can be by now."""
        for key in Drive:
            self._steps[key] += 1
            if (key in wanted) != (key in self.held) and self._steps[key] >= self._shortest_steps:
                self._steps[key] = 0
                self.held ^= {key}
                self.keyboard.feed(pygame.Event(pygame.KEYDOWN if key in wanted else pygame.KEYUP, key=KEYS[key]))
