"""The wizard that learns a wheel in twenty seconds: turn left, turn right, press gas, press brake, a few buttons.

It is fed with what the joysticks say and with the time, and knows neither window nor hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from teleop.bindings import Flow, Meaning, Rewind, meaning_name
from teleop.devices.joystick_map import JoystickMap, PedalAxis, SteeringAxis
from teleop.frame import Command

REST_S = 1.2
"""Nothing may move that long before it begins."""
HOLD_S = 0.5
"""A position that is held this long is meant."""
MOVED = 0.2
"""Of an axis's [-1, 1]: further than any sensor trembles, less than anybody turns a wheel."""
STEADY = 0.05
"""Of an axis's [-1, 1]: a hand that holds trembles less."""
LET_GO = 0.3
"""Of the way from left to the middle: a wheel that springs back ends this near the middle."""
PLAY = 0.02
"""Of a control's way, left out at its end: full gas must not need a harder push than the one that was shown."""

Spot = tuple[str, int]
"""(GUID of a joystick, number of its axis or button)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the person is asked for."""

    name: str
    prompt: str
    meaning: Meaning | None = None
    """Of the button that is asked for."""


def _button(meaning: Meaning, what: str) -> Step:
    return Step(meaning_name(meaning), f"Press the button to {what}", meaning)


STEPS = (
    Step("rest", "Hands and feet off, the wheel straight"),
    Step("left", "Turn left, as far as you mean to turn, and hold"),
    Step("right", "Turn right and hold; or just let go"),
    Step("gas", "Press the gas all the way down, and hold"),
    Step("gas_released", "Let go of the gas"),
    Step("brake", "Press the brake all the way down, and hold"),
    Step("brake_released", "Let go of the brake"),
    _button(Command.PAUSE, "pause and go on"),
    _button(Rewind(1), "go back a second"),
    _button(Command.FINISH, "finish and keep"),
    _button(Command.DISCARD, "discard"),
    _button(Flow.NEXT, "drive the next track"),
    _button(Flow.QUIT, "quit"),
)
DONE = Step("done", "Try it: is this right?")


@dataclass(slots=True)
class _Motion:
    """What one axis has done since the step began."""

    base: float
    """Where the step found it."""
    value: float
    since: float
    """Seconds: when it came to where it is now."""
    jumped: bool = False
    """Its first word came from far away. Some drivers say 0 until an axis first moves, so perhaps nobody moved it."""
    anchor: float = field(init=False)

    def __post_init__(self) -> None:
        self.anchor = self.value

    def move(self, value: float, now: float) -> None:
        if self.value == self.base == 0.0 and abs(value) > MOVED:
            self.base, self.jumped = value, True
        if abs(value - self.anchor) > STEADY:
            self.anchor, self.since = value, now
        self.value = value

    def rest(self) -> None:
        self.base, self.jumped = self.value, False

    @property
    def travel(self) -> float:
        return abs(self.value - self.base)


class Wizard:
    """Asks one step after another; what it understood so far is in `axes` and `buttons`.

    Times are seconds of any monotonic clock.
    """

    def __init__(self, now: float) -> None:
        self.axes: dict[str, tuple[str, SteeringAxis | PedalAxis]] = {}
        """"steering", "gas", "brake" to (GUID, axis)."""
        self.buttons: dict[Spot, Meaning] = {}
        self.complaint = ""
        """Why the last answer was none; empty when there is nothing to say."""
        self.held = 0.0
        """How much of the time that a position must be held it was held, [0, 1]."""
        self._motions: dict[Spot, _Motion] = {}
        self._index, self._began = 0, now
        self._spot: Spot = ("", 0)
        """The axis of the control that is being learned..."""
        self._end = self._base = 0.0
        """...its far end, and where it was before."""

    @property
    def step(self) -> Step:
        return STEPS[self._index] if self._index < len(STEPS) else DONE

    @property
    def progress(self) -> tuple[int, int]:
        """(step, of how many), from 1."""
        return min(self._index + 1, len(STEPS)), len(STEPS)

    @property
    def done(self) -> bool:
        return self.step is DONE

    @property
    def guids(self) -> list[str]:
        """Of every joystick that took part, each once."""
        return list(dict.fromkeys([*(guid for guid, _ in self.axes.values()), *(guid for guid, _ in self.buttons)]))

    def axis(self, guid: str, axis: int, value: float, now: float) -> None:
        """An axis is at `value`, [-1, 1]. To be told of every axis at the beginning, then of every move."""
        if (guid, axis) not in self._motions:
            self._motions[guid, axis] = _Motion(value, value, now)
        self._motions[guid, axis].move(value, now)

    def button(self, guid: str, number: int, now: float) -> None:
        """A button went down."""
        if self.step.meaning is None:
            return
        if taken := self.buttons.get((guid, number)):
            self.complaint = f"That button is for {meaning_name(taken)}: press another one, or skip"
            return
        self.buttons[guid, number] = self.step.meaning
        self._go_on(now)

    def look(self, now: float) -> None:
        """See whether the step's answer is there by now."""
        self.held = 0.0
        name = self.step.name
        if name == "rest":
            self._wait_for_rest(now)
        elif name in ("left", "gas", "brake"):
            self._look_for_the_end(now)
        elif name == "right":
            self._look_for_the_other_side(now)
        elif name.endswith("_released"):
            self._look_for_the_release(now)

    def skip(self, now: float) -> None:
        """The person has no such control, or wants none; without a right turn, right mirrors left."""
        name = self.step.name
        if name == "right":
            self._take_steering(2 * self._base - self._end, now)
        else:
            self._go_on(now, steps=2 if name in ("left", "gas", "brake") else 1)

    def position(self, control: str) -> float | None:
        """Where "steering", "gas" or "brake" is now, by what was understood; None before that."""
        if control not in self.axes:
            return None
        guid, axis = self.axes[control]
        return axis.position(self._motions[guid, axis.axis].value)

    def maps(self, names: Mapping[str, str], before: Mapping[str, JoystickMap]) -> dict[str, JoystickMap]:
        """What is to be saved, by GUID: what was learned over what each joystick's map said `before`."""
        return {guid: self._map(guid, names[guid], before.get(guid, JoystickMap(names[guid]))) for guid in self.guids}

    def _map(self, guid: str, name: str, before: JoystickMap) -> JoystickMap:
        learned = {control: axis for control, (of, axis) in self.axes.items() if of == guid}
        buttons = {number: meaning for (of, number), meaning in self.buttons.items() if of == guid}
        kept = {number: meaning for number, meaning in before.buttons.items() if meaning not in buttons.values()}
        return JoystickMap(name, **{**before.axes, **learned}, buttons={**kept, **buttons})  # type: ignore[arg-type]

    def _wait_for_rest(self, now: float) -> None:
        if any(motion.travel > MOVED for motion in self._motions.values()):
            self._rest(now)
        self.held = min((now - self._began) / REST_S, 1.0)
        if self.held == 1.0:
            self._go_on(now)

    def _look_for_the_end(self, now: float) -> None:
        """Of a wheel to the left, or of a pedal."""
        found = self._found(now)
        if found is None:
            return
        motion = self._motions[found]
        if self._is_the_gas_again(found, motion.value):
            self.complaint = "That is the gas again: press the brake, or skip"
            return
        self._spot, self._end = found, motion.value
        self._base = 0.0 if motion.jumped else motion.base
        self._go_on(now)

    def _found(self, now: float) -> Spot | None:
        """The axis that moved furthest, once it is held; one whose first word came from far away only if none moved."""
        taken = {(guid, axis.axis) for control, (guid, axis) in self.axes.items() if control == "steering"}
        free = {spot: motion for spot, motion in self._motions.items() if spot not in taken}
        moved = [spot for spot, motion in free.items() if motion.travel > MOVED]
        if moved:
            furthest = max(moved, key=lambda spot: free[spot].travel)
            return furthest if self._is_held(free[furthest], HOLD_S, now) else None
        jumped = [spot for spot, motion in free.items() if motion.jumped and self._is_held(motion, 2 * HOLD_S, now)]
        return jumped[0] if jumped else None

    def _is_held(self, motion: _Motion, seconds: float, now: float) -> bool:
        self.held = min((now - max(motion.since, self._began)) / seconds, 1.0)
        return self.held == 1.0

    def _is_the_gas_again(self, spot: Spot, value: float) -> bool:
        """The same way, that is: gas and brake may be the two ends of one axis."""
        if self.step.name != "brake" or "gas" not in self.axes:
            return False
        guid, gas = self.axes["gas"]
        return spot == (guid, gas.axis) and gas.position(value) > 0.5

    def _look_for_the_other_side(self, now: float) -> None:
        motion = self._motions[self._spot]
        if abs(motion.value - self._end) < MOVED or not self._is_held(motion, HOLD_S, now):
            return
        over = (motion.value - self._base) / (self._base - self._end)
        if over > LET_GO:
            self._take_steering(motion.value, now)
        elif over > -LET_GO:
            self._base = motion.value  # where it springs back to
            self._take_steering(2 * motion.value - self._end, now)

    def _take_steering(self, right: float, now: float) -> None:
        centre, right = self._base, min(max(right, -1.0), 1.0)
        try:
            axis = SteeringAxis(self._spot[1], _short_of(self._end, centre), centre, _short_of(right, centre))
        except ValueError:
            self.complaint = "That was too little: turn further to the right"
            self._rest(now)
            return
        self.axes["steering"] = (self._spot[0], axis)
        self._go_on(now)

    def _look_for_the_release(self, now: float) -> None:
        motion = self._motions[self._spot]
        if abs(motion.value - self._end) < MOVED or not self._is_held(motion, HOLD_S, now):
            return
        pressed = _short_of(self._end, motion.value)
        self.axes[self.step.name.removesuffix("_released")] = (
            self._spot[0],
            PedalAxis(self._spot[1], motion.value, pressed),
        )
        self._go_on(now)

    def _go_on(self, now: float, steps: int = 1) -> None:
        self._index += steps
        self.complaint, self.held = "", 0.0
        self._rest(now)

    def _rest(self, now: float) -> None:
        """From here on, what moves is the answer."""
        self._began = now
        for motion in self._motions.values():
            motion.rest()


def _short_of(end: float, origin: float) -> float:
    return end - PLAY * (end - origin)
