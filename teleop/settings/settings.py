"""A person's own settings: one TOML file, read with a clear word about whatever in it makes no sense.

[keyboard]
gas = ["up", "w"]
[gamepad]
steering = "right stick"
pause = ["start"]
[feel]
dead_zone = 0.12
[cues]
rumble = false
[joystick.030000006d0400004fc2000011010000]    # written by `teleop devices`
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import platformdirs

from teleop.bindings import Bindings
from teleop.devices.feel import Feel
from teleop.devices.joystick_map import JoystickMap
from teleop.settings.checks import Report, Table, is_number, named
from teleop.settings.joysticks import joystick_maps, joystick_words
from teleop.settings.rebinding import bound

PATH_VARIABLE = "TELEOP_SETTINGS"
MOST_PROBLEMS = 20
SECTIONS = ("keyboard", "gamepad", "feel", "cues", "joystick")
RANGES = {
    "dead_zone": (0.0, 0.5),
    "wheel_dead_zone": (0.0, 0.5),
    "trigger_dead_zone": (0.0, 0.5),
    "curve": (1.0, 5.0),
    "steering_scale": (0.1, 4.0),
}


class Rule(NamedTuple):
    """What a line may hold."""

    holds: Callable[[Any], bool]
    says: str
    """For people."""


@dataclass(frozen=True)
class Settings:
    """What the file says, with defaults for all it does not."""

    bindings: Bindings = field(default_factory=Bindings)
    feel: Feel = field(default_factory=Feel)
    sound: bool = True
    """Tones; without an audio device there are none."""
    rumble: bool = True
    joysticks: Mapping[str, JoystickMap] = field(default_factory=lambda: MappingProxyType({}))
    """What the person has taught, by the joysticks' GUIDs."""
    problems: tuple[str, ...] = ()
    """What was ignored in the file and why, a line each, for people."""


def settings_path() -> Path:
    """Where the settings are: the user's configuration folder, unless TELEOP_SETTINGS says another file."""
    chosen = os.environ.get(PATH_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_config_path("teleop", False) / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """The person's settings, from `path` or the usual place. Never raises: `problems` says what was ignored."""
    path = path or settings_path()
    problems: list[str] = []
    table = _sections(_read(path, problems.append), problems.append)
    joysticks = joystick_maps(table["joystick"], problems.append)
    bindings = Bindings(bound(table["keyboard"], table["gamepad"], problems.append), joystick_words(joysticks))
    cues = _cues(table["cues"], problems.append)
    return Settings(
        bindings,
        _feel(table["feel"], problems.append),
        cues["sound"],
        cues["rumble"],
        joysticks,
        tuple(_printable(f"{path}: {problem}") for problem in shortened(problems)),
    )


def shortened(problems: Sequence[str]) -> list[str]:
    """No more than a person reads."""
    more = len(problems) - MOST_PROBLEMS
    return [*problems[:MOST_PROBLEMS], *([f"and {more:,} more of the kind"] if more > 0 else [])]


def _read(path: Path, report: Report) -> Table:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        report(f"can't be read ({error.strerror}): the defaults are used; mend or move it")
    except (ValueError, RecursionError) as error:
        report(f"a settings file is TOML in UTF-8; got {error}: the defaults are used until that is mended")
    return {}


def _sections(table: Table, report: Report) -> dict[str, Table]:
    """Every section that there can be, empty where the file has none or something else in its place."""
    sections: dict[str, Table] = {name: {} for name in SECTIONS}
    for name, value in table.items():
        if name not in sections:
            report(f"there is no section [{name}], it is ignored; there are {named(sections)}")
        elif not isinstance(value, dict):
            report(f"[{name}] is a section of its own, got {name} = {value!r}: write [{name}] and its lines below it")
        else:
            sections[name] = value
    return sections


def _feel(table: Table, report: Report) -> Feel:
    rules = {
        name: Rule(partial(is_number, low=low, high=high), f"a number from {low:g} to {high:g}")
        for name, (low, high) in RANGES.items()
    }
    return Feel(**{name: float(value) for name, value in _understood("feel", table, rules, report).items()})


def _cues(table: Table, report: Report) -> dict[str, bool]:
    switch = Rule(lambda value: isinstance(value, bool), "true or false")
    cues = {"sound": True, "rumble": True}
    return cues | _understood("cues", table, dict.fromkeys(cues, switch), report)


def _understood(section: str, table: Table, rules: Mapping[str, Rule], report: Report) -> dict[str, Any]:
    """The lines of a section that there are and that hold what they should."""
    good: dict[str, Any] = {}
    for name, value in table.items():
        if name not in rules:
            report(f"[{section}] {name}: there is no such setting, it is ignored; there are {named(rules)}")
        elif not rules[name].holds(value):
            report(f"[{section}] {name}: {rules[name].says}; got {value!r}; the default stays")
        else:
            good[name] = value
    return good


def _printable(line: str) -> str:
    """What stands in the file may hold characters that no screen can show."""
    return "".join(character if character.isprintable() else "?" for character in line)
