"""The wizard understands what a hand and a foot do, whatever the hardware says meanwhile."""

from __future__ import annotations

import pytest

from teleop.bindings import Flow, Meaning, Rewind
from teleop.devices.joystick_map import JoystickMap, SteeringAxis
from teleop.frame import Command
from teleop.workbench.wizard import STEPS, Wizard

WHEEL, PEDALS = "a" * 32, "b" * 32
NAMES = {WHEEL: "Wheel", PEDALS: "Pedals"}
TICK_S = 0.02


class Person:
    """Someone who does as they are asked; time passes as they do."""

    def __init__(self, axes: dict[tuple[str, int], float]) -> None:
        self.now = 0.0
        self.at = dict(axes)
        self.wizard = Wizard(self.now)
        for (guid, axis), value in axes.items():
            self.wizard.axis(guid, axis, value, self.now)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            self.wizard.look(self.now)

    def move(self, spot: tuple[str, int], to: float, hold_s: float = 0.6, ticks: int = 10) -> None:
        begin = self.at.get(spot, 0.0)
        for tick in range(1, ticks + 1):
            self.wizard.axis(*spot, begin + (to - begin) * tick / ticks, self.now)
            self.wait(TICK_S)
        self.at[spot] = to
        self.wait(hold_s)

    def jump(self, spot: tuple[str, int], to: float, hold_s: float = 0.6) -> None:
        self.move(spot, to, hold_s, ticks=1)

    def press(self, guid: str, number: int) -> None:
        self.wizard.button(guid, number, self.now)

    def skip(self, *names: str) -> None:
        for name in names:
            assert self.wizard.step.name == name
            self.wizard.skip(self.now)

    def steer(self) -> None:
        """Rest, left, right on the wheel's axis 0."""
        self.wait(1.3)
        self.move((WHEEL, 0), -0.8)
        self.move((WHEEL, 0), 0.8)

    def pedal(self, spot: tuple[str, int], pressed: float) -> None:
        released = self.at[spot]
        self.move(spot, pressed)
        self.move(spot, released)

    @property
    def maps(self) -> dict[str, JoystickMap]:
        return self.wizard.maps(NAMES, {})


def at_rest() -> Person:
    return Person({(WHEEL, 0): 0.0, (WHEEL, 1): 1.0, (WHEEL, 2): 1.0, (WHEEL, 3): 0.3})


def after_steering(person: Person) -> Person:
    person.steer()
    assert person.wizard.step.name == "gas"
    return person


def test_a_wheel_with_its_pedals_is_learned_in_twenty_seconds() -> None:
    person = at_rest()
    person.steer()
    person.pedal((WHEEL, 1), -1.0)
    person.pedal((WHEEL, 2), -0.6)
    for number in (9, 5, 6, 7, 8, 4):
        person.press(WHEEL, number)
        person.wait(1.0)
    assert person.wizard.done
    assert person.now < 20
    (guid, learned), *others = person.maps.items()
    assert (guid, others) == (WHEEL, [])
    assert learned.name == "Wheel"
    assert learned.steering is not None
    assert learned.gas is not None
    assert learned.brake is not None
    assert (learned.steering.axis, learned.gas.axis, learned.brake.axis) == (0, 1, 2)
    assert [learned.steering.position(raw) for raw in (-0.8, 0.0, 0.8)] == pytest.approx([-1.0, 0.0, 1.0], abs=0.02)
    assert [learned.gas.position(raw) for raw in (1.0, 0.0, -1.0)] == pytest.approx([0.0, 0.5, 1.0], abs=0.02)
    assert learned.brake.position(-0.6) == 1.0
    assert learned.buttons == {
        9: Command.PAUSE, 5: Rewind(1), 6: Command.FINISH, 7: Command.DISCARD, 8: Flow.NEXT, 4: Flow.QUIT,
    }  # fmt: skip


def test_what_it_understood_is_shown_live() -> None:
    person = at_rest()
    assert person.wizard.position("steering") is None
    after_steering(person)
    person.move((WHEEL, 0), -0.4, hold_s=0.0)
    assert person.wizard.position("steering") == pytest.approx(-0.5, abs=0.02)
    assert person.wizard.position("gas") is None


def test_a_wheel_that_is_let_go_mirrors_left_to_right() -> None:
    person = at_rest()
    person.wait(1.3)
    person.move((WHEEL, 0), -0.8)
    person.move((WHEEL, 0), 0.04)
    _, steering = person.wizard.axes["steering"]
    assert isinstance(steering, SteeringAxis)
    assert steering.centre == pytest.approx(0.04)
    assert steering.position(0.88) == 1.0


def test_without_a_right_turn_left_is_mirrored_too() -> None:
    person = at_rest()
    person.wait(1.3)
    person.move((WHEEL, 0), -0.8)
    person.skip("right")
    assert person.wizard.axes["steering"][1].position(0.8) == 1.0


def test_a_wheel_may_be_wired_the_other_way_round() -> None:
    person = at_rest()
    person.wait(1.3)
    person.move((WHEEL, 0), 0.7)
    person.move((WHEEL, 0), -0.7)
    assert person.wizard.axes["steering"][1].position(0.7) == -1.0


def test_a_right_turn_that_is_none_is_asked_for_again() -> None:
    person = at_rest()
    person.wait(1.3)
    person.move((WHEEL, 0), -0.25)
    person.move((WHEEL, 0), 0.09)
    assert "turn further" in person.wizard.complaint
    person.move((WHEEL, 0), 0.3)
    assert person.wizard.step.name == "gas"


def test_pedals_may_be_a_device_of_their_own() -> None:
    person = after_steering(Person({(WHEEL, 0): 0.0, (PEDALS, 0): -1.0, (PEDALS, 1): -1.0}))
    person.pedal((PEDALS, 0), 1.0)
    person.pedal((PEDALS, 1), 1.0)
    assert set(person.maps) == {WHEEL, PEDALS}
    assert set(person.maps[WHEEL].axes) == {"steering"}
    assert set(person.maps[PEDALS].axes) == {"gas", "brake"}


def test_gas_and_brake_may_be_two_ends_of_one_axis() -> None:
    person = after_steering(Person({(WHEEL, 0): 0.0, (WHEEL, 1): 0.0}))
    person.pedal((WHEEL, 1), -1.0)
    person.pedal((WHEEL, 1), 1.0)
    assert [person.wizard.axes[control][1].position(-1.0) for control in ("gas", "brake")] == [1.0, 0.0]
    assert [person.wizard.axes[control][1].position(1.0) for control in ("gas", "brake")] == [0.0, 1.0]


def test_the_gas_is_no_brake() -> None:
    person = after_steering(at_rest())
    person.pedal((WHEEL, 1), -1.0)
    person.move((WHEEL, 1), -1.0)
    assert "gas again" in person.wizard.complaint
    person.move((WHEEL, 1), 1.0)
    assert person.wizard.step.name == "brake"
    person.pedal((WHEEL, 2), -1.0)
    assert person.wizard.axes["brake"][1].axis == 2


def test_a_pedal_that_said_nothing_until_it_moved_is_learned_by_where_it_goes() -> None:
    person = after_steering(Person({(WHEEL, 0): 0.0, (WHEEL, 1): 0.0}))
    person.jump((WHEEL, 1), -0.95, hold_s=0.0)  # its first word; the foot goes on
    person.move((WHEEL, 1), 1.0)
    person.move((WHEEL, 1), -1.0)
    gas = person.wizard.axes["gas"][1]
    assert [gas.position(raw) for raw in (-1.0, 0.0, 1.0)] == pytest.approx([0.0, 0.5, 1.0], abs=0.02)


def test_pedals_that_speak_up_while_the_wheel_turns_are_not_the_wheel() -> None:
    person = Person({(WHEEL, 0): 0.0, (WHEEL, 1): 0.0, (WHEEL, 2): 0.0})
    person.wait(1.3)
    person.jump((WHEEL, 1), -1.0, hold_s=0.0)
    person.jump((WHEEL, 2), -1.0, hold_s=0.0)
    person.move((WHEEL, 0), -0.4)
    person.move((WHEEL, 0), 0.4)
    assert person.wizard.axes["steering"][1].axis == 0


def test_a_stick_that_knows_only_left_middle_and_right_is_learned_too() -> None:
    person = Person({(WHEEL, 0): 0.0})
    person.wait(1.3)
    person.jump((WHEEL, 0), -1.0, hold_s=1.1)
    person.jump((WHEEL, 0), 0.0)
    _, steering = person.wizard.axes["steering"]
    assert [steering.position(raw) for raw in (-1.0, 0.0, 1.0)] == [-1.0, 0.0, 1.0]


def test_trembling_is_no_answer_and_a_turned_wheel_is_no_pedal() -> None:
    person = after_steering(at_rest())
    for tick in range(100):
        person.wizard.axis(WHEEL, 1, 1.0 - 0.1 * (tick % 2), person.now)
        person.wait(TICK_S)
    person.move((WHEEL, 0), -0.8, hold_s=2.0)
    assert person.wizard.step.name == "gas"


def test_it_waits_until_everything_is_at_rest() -> None:
    person = at_rest()
    for _ in range(3):
        person.move((WHEEL, 1), -1.0, hold_s=0.5)
        person.move((WHEEL, 1), 1.0, hold_s=0.5)
    assert person.wizard.step.name == "rest"


def test_a_position_must_be_held_and_one_sees_for_how_long() -> None:
    person = at_rest()
    person.wait(1.3)
    person.move((WHEEL, 0), -0.8, hold_s=0.24)
    assert person.wizard.step.name == "left"
    assert 0.2 < person.wizard.held < 0.8


def test_every_step_may_be_skipped_and_nothing_is_learned_then() -> None:
    person = at_rest()
    person.skip("rest", "left", "gas", "brake", *(step.name for step in STEPS if step.meaning))
    assert person.wizard.done
    assert person.maps == {}
    person.wait(1.0)
    person.press(WHEEL, 3)
    assert person.maps == {}


def test_a_pedal_that_never_comes_back_can_be_given_up() -> None:
    person = after_steering(at_rest())
    person.move((WHEEL, 1), -1.0)
    person.skip("gas_released", "brake")
    assert set(person.maps[WHEEL].axes) == {"steering"}


def test_one_button_means_one_thing() -> None:
    person = at_rest()
    person.skip("rest", "left", "gas", "brake")
    person.press(WHEEL, 9)
    person.press(WHEEL, 9)
    assert "for pause" in person.wizard.complaint
    person.press(WHEEL, 8)
    assert person.maps[WHEEL].buttons == {9: Command.PAUSE, 8: Rewind(1)}


def test_what_is_not_taught_again_stays_as_it_was() -> None:
    buttons: dict[int, Meaning] = {9: Command.PAUSE, 7: Flow.QUIT, 8: Command.FINISH}
    before = JoystickMap("Old", SteeringAxis(5, -1, 0, 1), buttons=buttons)
    person = at_rest()
    person.skip("rest", "left")
    person.pedal((WHEEL, 1), -1.0)
    person.skip("brake")
    person.press(WHEEL, 8)
    after = person.wizard.maps(NAMES, {WHEEL: before})[WHEEL]
    assert set(after.axes) == {"steering", "gas"}
    assert after.buttons == {8: Command.PAUSE, 7: Flow.QUIT}
