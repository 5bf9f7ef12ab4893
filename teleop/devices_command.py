"""`teleop devices`."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from teleop.devices.joysticks import Plugged
    from teleop.settings.settings import Settings


@dataclass(frozen=True)
class Devices:
    """Show every device and its axes live, and teach teleop a wheel, pedals or any joystick."""

    list: bool = False
    """Print what is plugged in, and what is wrong with the settings file, without a window."""

    def run(self, console: Console) -> int:
        from teleop.settings.settings import load_settings

        settings = load_settings()
        if self.list:
            print_devices(console, settings)
        else:
            show_devices(settings)
        return 0


def print_devices(console: Console, settings: Settings) -> None:
    """A table of everything plugged in; then the settings file and what was ignored in it."""
    from teleop.settings.settings import settings_path

    table = Table("device", "known by", "axes", "buttons", "GUID")
    table.add_row("keyboard", "always", "", "", "")
    for row in _rows(settings):
        table.add_row(*row)
    console.print(table)
    path = settings_path()
    there = "" if path.exists() else " (not there: everything is the default)"
    console.print(f"settings: {path}{there}", highlight=False, markup=False)
    for problem in settings.problems:
        console.print("[bold yellow]ignored[/]", escape(problem), highlight=False)


def show_devices(settings: Settings) -> None:
    """The window, until the person has had enough. UsageError where there is no screen to see it on."""
    from teleop.clock import PacedMetronome
    from teleop.frame import HZ
    from teleop.settings.joysticks import save_joysticks
    from teleop.settings.settings import settings_path
    from teleop.settings.template import settings_template
    from teleop.window import Window, require_screen
    from teleop.workbench.bench import Bench
    from teleop.workbench.drawing import draw

    require_screen("to see the devices without one: teleop devices --list")
    save = partial(save_joysticks, path=settings_path(), template=settings_template())
    bench = Bench(settings.joysticks, save)
    metronome = PacedMetronome(HZ)
    with closing(Window("teleop devices")) as window:
        while not bench.left and not window.closed:
            now = metronome.wait(1.0).time_ns / 1e9
            bench.feed(window.pump(), now)
            draw(window.canvas, window.pen, bench, settings_path(), settings.problems)
            window.present()


def _rows(settings: Settings) -> list[tuple[str, ...]]:
    """Of everything plugged in; needs no screen."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    from teleop.devices.joysticks import all_plugged

    with all_plugged(settings.joysticks) as plugged:
        return [_row(device) for device in plugged]


def _row(device: Plugged) -> tuple[str, ...]:
    joystick = device.joystick
    counts = str(joystick.get_numaxes()), str(joystick.get_numbuttons())
    return escape(joystick.get_name()), device.known, *counts, joystick.get_guid()
