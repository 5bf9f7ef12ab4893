"""`teleop devices`: from an unknown wheel on the desk to a drive by the map that its wizard saved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import StringIO
from pathlib import Path

import pygame
import pytest
from rich.console import Console

from teleop.bindings import Flow
from teleop.devices.joystick_map import JoystickMap, PedalAxis, SteeringAxis
from teleop.devices.seat import Seat
from teleop.devices_command import Devices
from teleop.errors import UsageError, UserError
from teleop.frame import Command, Tick
from teleop.hands import every_hand_device
from teleop.settings.joysticks import save_joysticks
from teleop.settings.settings import load_settings
from teleop.window import Window
from teleop.workbench.bench import Bench
from teleop.workbench.drawing import draw
from tests.fakes import ToyWorld
from tests.virtual_joystick import VirtualPad, VirtualWheel

TICK = Tick(0, 0, ToyWorld().reset(1))
TICK_S = 0.02


class Workshop:
    """A person before the bench; its time passes tick by tick."""

    def __init__(self, window: Window, path: Path) -> None:
        self._window, self._now = window, 0.0
        self.bench = Bench(load_settings(path).joysticks, partial(save_joysticks, path=path, template=""))
        self.wait(TICK_S)

    def wait(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / TICK_S))):
            self._now += TICK_S
            self.bench.feed(self._window.pump(), self._now)

    def key(self, key: int, times: int = 1) -> None:
        for _ in range(times):
            pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))
        self.wait(TICK_S)

    def press(self, wheel: VirtualWheel | VirtualPad, button: int) -> None:
        wheel.press(button)
        self.wait(TICK_S)
        wheel.release(button)
        self.wait(TICK_S)

    def hold(self, wheel: VirtualWheel, axis: int, *to: float) -> None:
        """Go there over these positions, and stay at the last."""
        for position in to:
            wheel.turn(axis, position)
            self.wait(TICK_S)
        self.wait(0.6)

    def teach_axes(self, wheel: VirtualWheel) -> None:
        """Rest; the wheel is axis 0, the gas rests at +1 on axis 2, the brake at -1 on axis 1."""
        self.wait(1.3)
        self.hold(wheel, 0, -0.2, -0.5)
        self.hold(wheel, 0, 0.0, 0.5)
        self.hold(wheel, 0, 0.0)
        self.hold(wheel, 2, 0.9, 0.0, -1.0)
        self.hold(wheel, 2, 0.0, 1.0)
        self.hold(wheel, 1, -0.9, 0.0, 1.0)
        self.hold(wheel, 1, 0.0, -1.0)

    @property
    def step(self) -> str:
        assert self.bench.wizard is not None
        return self.bench.wizard.step.name


def test_an_unknown_wheel_is_taught_saved_and_driven(window: Window, wheel: VirtualWheel, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    workshop = Workshop(window, path)
    workshop.press(wheel, 7)
    assert workshop.step == "rest"
    workshop.teach_axes(wheel)
    assert workshop.step == "pause"
    workshop.press(wheel, 9)
    workshop.key(pygame.K_RETURN, times=5)  # no other button is wanted
    workshop.key(pygame.K_RETURN)
    assert "Virtual Wheel" in workshop.bench.said.text
    assert [device.known for device in workshop.bench.devices.values()] == ["your saved map"]

    settings = load_settings(path)
    assert settings.problems == ()
    wheel.unplug()
    window.pump()
    again = VirtualWheel()
    seat = Seat(window, every_hand_device(settings), settings.bindings)
    seat.listen()
    assert seat.plugged == ["keyboard", "Virtual Wheel"]
    again.turn(0, -0.25)
    again.turn(2, -1.0)
    assert seat.read(TICK).action == pytest.approx([-0.5, 1.0, 0.0], abs=0.03)
    again.turn(0, 0.6)
    again.turn(2, 1.0)
    again.turn(1, 1.0)
    again.press(9)
    controls = seat.read(TICK)
    assert controls.action == pytest.approx([1.0, 0.0, 1.0])
    assert controls.commands == (Command.PAUSE,)
    again.unplug()


def test_pedals_apart_are_taught_in_the_same_go(window: Window, wheel: VirtualWheel, tmp_path: Path) -> None:
    pedals = VirtualWheel("Virtual Pedals", product=0xC24E)
    workshop = Workshop(window, tmp_path / "settings.toml")
    workshop.press(wheel, 0)
    workshop.wait(1.3)
    workshop.hold(wheel, 0, -0.2, -0.5)
    workshop.hold(wheel, 0, 0.0)  # lets go
    workshop.hold(pedals, 1, -0.9, 1.0)
    workshop.hold(pedals, 1, -1.0)
    workshop.key(pygame.K_RETURN, times=8)
    saved = load_settings(tmp_path / "settings.toml").joysticks
    assert {saved[guid].name: list(saved[guid].axes) for guid in saved} == {
        "Virtual Wheel": ["steering"],
        "Virtual Pedals": ["gas"],
    }
    pedals.unplug()


def test_giving_up_saves_nothing_and_a_second_escape_leaves(
    window: Window, wheel: VirtualWheel, tmp_path: Path
) -> None:
    workshop = Workshop(window, tmp_path / "settings.toml")
    workshop.press(wheel, 7)
    workshop.teach_axes(wheel)
    workshop.key(pygame.K_ESCAPE)
    assert workshop.bench.wizard is None
    assert "nothing was saved" in workshop.bench.said.text
    assert not workshop.bench.left
    workshop.key(pygame.K_ESCAPE)
    assert workshop.bench.left
    assert list(tmp_path.iterdir()) == []


def test_a_known_pad_is_taught_only_when_it_is_chosen(window: Window, pad: VirtualPad, tmp_path: Path) -> None:
    workshop = Workshop(window, tmp_path / "settings.toml")
    workshop.press(pad, 0)
    assert workshop.bench.wizard is None
    workshop.key(pygame.K_RETURN)
    assert workshop.step == "rest"


def test_without_any_device_there_is_nothing_to_teach(window: Window, tmp_path: Path) -> None:
    workshop = Workshop(window, tmp_path / "settings.toml")
    workshop.key(pygame.K_DOWN)
    workshop.key(pygame.K_RETURN)
    assert workshop.bench.wizard is None
    assert workshop.bench.chosen == 0


def test_devices_come_and_go_and_the_choice_stays_on_one(
    window: Window, wheel: VirtualWheel, pad: VirtualPad, tmp_path: Path
) -> None:
    workshop = Workshop(window, tmp_path / "settings.toml")
    assert workshop.bench.names()[pad.guid] == "Virtual Pad"
    workshop.key(pygame.K_DOWN, times=3)
    assert workshop.bench.chosen == 1
    wheel.unplug()
    workshop.wait(TICK_S)
    assert [device.known for device in workshop.bench.devices.values()] == ["SDL's gamepad mapping"]
    assert workshop.bench.chosen == 0


def test_a_wheel_unplugged_while_it_is_taught_goes_on_where_it_was(
    window: Window, wheel: VirtualWheel, tmp_path: Path
) -> None:
    workshop = Workshop(window, tmp_path / "settings.toml")
    workshop.press(wheel, 7)
    workshop.wait(1.3)
    workshop.hold(wheel, 0, -0.2, -0.5)
    wheel.unplug()
    workshop.wait(1.0)
    assert workshop.step == "right"
    again = VirtualWheel()
    workshop.wait(TICK_S)
    workshop.hold(again, 0, 0.2, 0.5)
    assert workshop.step == "gas"
    again.unplug()


def test_what_cannot_be_saved_is_told_and_the_bench_goes_on(window: Window, wheel: VirtualWheel) -> None:
    def full(_: Mapping[str, JoystickMap]) -> None:
        raise UserError("the disk is full")

    bench = Bench({}, full)
    bench.feed(window.pump(), 0.0)
    wheel.press(7)
    bench.feed(window.pump(), 0.0)
    for _ in range(7):  # rest, left, gas, brake, and three buttons
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN))
    bench.feed(window.pump(), 0.0)
    wheel.press(3)
    bench.feed(window.pump(), 0.0)
    for _ in range(3):
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN))
    bench.feed(window.pump(), 0.0)
    assert bench.said.text == "the disk is full"
    assert not bench.left


@pytest.mark.parametrize("size", [(1000, 800), (640, 480)])
def test_everything_is_drawn_inside_the_window_at_any_size(size: tuple[int, int], wheel: VirtualWheel) -> None:
    window = Window("test", size)
    taught = JoystickMap("Taught", SteeringAxis(0, -1, 0, 1), PedalAxis(1, 1, -1))
    bench = Bench({wheel.guid: taught}, lambda _: None)
    pictures = []
    for turn in (0.0, 0.9):
        wheel.turn(0, turn)
        bench.feed(window.pump(), 0.0)
        draw(window.canvas, window.pen, bench, Path("settings.toml"), ["a line of no sense " * 20] * 2)
        pictures.append(window.canvas.copy())
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_RETURN))
    bench.feed(window.pump(), 0.0)
    draw(window.canvas, window.pen, bench, Path("settings.toml"), [])
    pictures.append(window.canvas.copy())
    dark = pictures[0].get_at((0, 0))
    for picture in pictures:
        edge = [picture.get_at((x, y)) for x in (0, size[0] - 1) for y in range(0, size[1], 3)]
        assert set(map(tuple, edge)) == {tuple(dark)}
    assert len({picture.get_buffer().raw for picture in pictures}) == 3


@pytest.mark.usefixtures("window")
def test_the_list_names_every_device_the_file_and_what_was_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("TELEOP_SETTINGS", str(path))
    path.write_text("[feel]\ncurve = 0\n")
    wheel, pad = VirtualWheel(), VirtualPad()
    save_joysticks({pad.guid: JoystickMap("mine", buttons={1: Flow.QUIT})}, path, "")
    console = Console(record=True, width=160, file=StringIO())
    assert Devices(list=True).run(console) == 0
    printed = console.export_text()
    assert "Virtual Wheel" in printed
    assert "unknown: run teleop devices" in printed
    assert "your saved map" in printed
    assert wheel.guid in printed
    assert str(path) in printed
    assert "curve: a number from 1 to 5; got 0" in printed
    wheel.unplug()
    pad.unplug()


def test_without_a_screen_the_list_is_named_as_the_way() -> None:
    with pytest.raises(UsageError, match="--list"):
        Devices().run(Console())
