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
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs
import pygame
import tomlkit
from tomlkit.exceptions import TOMLKitError

from teleop.bindings import (
    BINDINGS,
    BUTTON_NAMES,
    KEY_NAMES,
    STICKS,
    TRIGGERS,
    Binding,
    Bindings,
    Drive,
    Meaning,
    meaning_name,
)
from teleop.devices.feel import Feel
from teleop.devices.joystick_map import JoystickMap, PedalAxis, SteeringAxis
from teleop.durable import replace_file
from teleop.errors import UserError

PATH_VARIABLE = "TELEOP_SETTINGS"
HEADER = "Settings of teleop: what may stand here is told in the README.\n"
MEANINGS: dict[str, Meaning] = {meaning_name(binding.meaning): binding.meaning for binding in BINDINGS}
PRESSED: dict[str, Meaning] = {name: meaning for name, meaning in MEANINGS.items() if not isinstance(meaning, Drive)}
"""What a button can mean: driving is for axes."""
BUTTONS = {name.lower(): button for button, name in BUTTON_NAMES.items()}
RANGES = {
    "dead_zone": (0.0, 0.5),
    "wheel_dead_zone": (0.0, 0.5),
    "trigger_dead_zone": (0.0, 0.5),
    "curve": (1.0, 5.0),
    "steering_scale": (0.1, 4.0),
}
MOST_AXES, MOST_BUTTONS = 64, 256
"""More than any joystick has."""
GUID = re.compile("[0-9a-f]{32}")

Table = Mapping[str, Any]
Report = Callable[[str], None]


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
    joysticks = _joysticks(table["joystick"], problems.append)
    bound = _bound(table["keyboard"], table["gamepad"], problems.append)
    cues = _cues(table["cues"], problems.append)
    return Settings(
        Bindings(bound, joystick_words(joysticks)),
        _feel(table["feel"], problems.append),
        cues["sound"],
        cues["rumble"],
        joysticks,
        tuple(f"{path}: {problem}" for problem in problems),
    )


def save_joysticks(maps: Mapping[str, JoystickMap], path: Path | None = None) -> None:
    """Write the maps, by GUID, into the settings file; everything else in it stays as the person wrote it.

    UserError where the file can't be read or written: nothing is half-saved.
    """
    path = (path or settings_path()).resolve()  # a link to the real file stays one
    try:
        document = tomlkit.parse(path.read_text("utf-8-sig")) if path.exists() else _new_document()
        joysticks = document.setdefault("joystick", tomlkit.table(is_super_table=True))
        for guid, joystick in maps.items():
            _put(joysticks, guid, _plain(joystick))
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, tomlkit.dumps(document).encode())
    except (OSError, ValueError, TypeError, AttributeError, TOMLKitError) as error:
        raise UserError(f"{path} can't take the new map ({error}): mend or move the file, then teach again") from error


def joystick_words(joysticks: Mapping[str, JoystickMap]) -> dict[Meaning, str]:
    """How the taught joysticks say each meaning, for the help; the first one speaks."""
    words: dict[Meaning, str] = {}
    for joystick in joysticks.values():
        if joystick.steering:
            words |= {Drive.LEFT: "wheel", Drive.RIGHT: "wheel"}
        pedals = {Drive.GAS: joystick.gas, Drive.BRAKE: joystick.brake}
        words |= {drive: "pedal" for drive, axis in pedals.items() if axis}
        for button, meaning in joystick.buttons.items():
            words.setdefault(meaning, f"button {button}")
    return words


def _read(path: Path, report: Report) -> Table:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        report(f"can't be read ({error.strerror}): the defaults are used; mend or move it")
    except (ValueError, RecursionError) as error:
        report(
            f"a settings file is TOML in UTF-8; got {error}: the defaults are used until that is mended"
        )
    return {}


def _sections(table: Table, report: Report) -> dict[str, Table]:
    """Every section that there can be, empty where the file has none or something else in its place."""
    sections: dict[str, Table] = {name: {} for name in ("keyboard", "gamepad", "feel", "cues", "joystick")}
    for name, value in table.items():
        if name not in sections:
            report(f"there is no section [{name}], it is ignored; there are {_named(sections)}")
        elif not isinstance(value, dict):
            report(f"[{name}] is a section of its own, got {name} = {value!r}: write [{name}] and its lines below it")
        else:
            sections[name] = value
    return sections


def _bound(keyboard: Table, gamepad: Table, report: Report) -> list[Binding]:
    """The table of bindings as the person wants it."""
    axes = _pad_axes({name: value for name, value in gamepad.items() if name in ("steering", "gas", "brake")}, report)
    buttons = {name: value for name, value in gamepad.items() if name not in ("steering", "gas", "brake")}
    key_of = _wanted("keyboard", "key", keyboard, MEANINGS, key_codes(), report)
    button_of = _wanted("gamepad", "button", buttons, PRESSED, BUTTONS, report)
    keys = _settled("keyboard", key_of, {binding.meaning: binding.keys for binding in BINDINGS}, report)
    pads = _settled("gamepad", button_of, {binding.meaning: binding.buttons for binding in BINDINGS}, report)
    return [
        replace(
            binding,
            keys=keys[binding.meaning],
            buttons=pads[binding.meaning],
            axis=axes.get(binding.meaning, binding.axis),
        )
        for binding in BINDINGS
    ]


def _wanted(
    section: str, noun: str, table: Table, meanings: Mapping[str, Meaning], codes: Mapping[str, int], report: Report
) -> dict[Meaning, tuple[int, ...]]:
    """What the section says, as far as it makes sense."""
    wanted: dict[Meaning, tuple[int, ...]] = {}
    taken: dict[int, str] = {}
    for name, value in table.items():
        names = [value] if isinstance(value, str) else value
        problem = _entry_problem(noun, name, names, meanings, codes)
        found = () if problem else tuple(dict.fromkeys(codes[one.lower()] for one in names))
        if twice := [code for code in found if code in taken]:
            problem = f"{_code_name(codes, twice[0])} already means {taken[twice[0]]}: a {noun} has one meaning"
        if problem:
            report(f"[{section}] {name}: {problem}; the default stays")
            continue
        wanted[meanings[name]] = found
        taken.update(dict.fromkeys(found, name))
    return wanted


def _entry_problem(noun: str, name: str, names: Any, meanings: Mapping[str, Meaning], codes: Mapping[str, int]) -> str:
    """Why an entry makes no sense; empty where it does."""
    if name not in meanings:
        return f"there is no such meaning; there are {_named(meanings)}"
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        return f"write {noun} names, like {name} = {_example(noun)}; got {names!r}"
    if not names:
        return f"at least one {noun}, like {name} = {_example(noun)}; got none"
    if unknown := [one for one in names if one.lower() not in codes]:
        return f"there is no {noun} {unknown[0]!r}; {_choices(noun, codes)}"
    return ""


def _settled(
    section: str,
    wanted: dict[Meaning, tuple[int, ...]],
    defaults: Mapping[Meaning, tuple[int, ...]],
    report: Report,
) -> dict[Meaning, tuple[int, ...]]:
    """Wanted before default: a key that is asked for leaves its old meaning, unless that has no other one."""
    while True:
        taken = {code: meaning for meaning, codes in wanted.items() for code in codes}
        settled = {
            meaning: wanted.get(meaning) or tuple(code for code in codes if code not in taken)
            for meaning, codes in defaults.items()
        }
        bare = next((meaning for meaning, codes in defaults.items() if codes and not settled[meaning]), None)
        if bare is None:
            return settled
        thief = taken[defaults[bare][0]]
        report(
            f"[{section}] {meaning_name(thief)}: that would leave {meaning_name(bare)} with nothing; "
            f"the default stays until {meaning_name(bare)} gets another one too"
        )
        del wanted[thief]


def _pad_axes(table: Table, report: Report) -> dict[Meaning, str]:
    axes: dict[Meaning, str] = {}
    for name, value in table.items():
        known = STICKS if name == "steering" else TRIGGERS
        if not isinstance(value, str) or value.lower() not in known:
            report(f"[gamepad] {name}: one of {_named(known)}; got {value!r}; the default stays")
        elif name == "steering":
            axes |= {Drive.LEFT: value.lower(), Drive.RIGHT: value.lower()}
        else:
            axes[MEANINGS[name]] = value.lower()
    default = {binding.meaning: binding.axis for binding in BINDINGS}
    pedals = [axes.get(pedal, default[pedal]) for pedal in (Drive.GAS, Drive.BRAKE)]
    if pedals[0] == pedals[1]:
        report(f"[gamepad] gas and brake are two axes; both are {pedals[0]!r}; the defaults stay")
        return {drive: axis for drive, axis in axes.items() if drive not in (Drive.GAS, Drive.BRAKE)}
    return axes


def _feel(table: Table, report: Report) -> Feel:
    good: dict[str, float] = {}
    for name, value in table.items():
        if name not in RANGES:
            report(f"[feel] {name}: there is no such setting, it is ignored; there are {_named(RANGES)}")
        elif not _is_number(value, *RANGES[name]):
            low, high = RANGES[name]
            report(f"[feel] {name}: a number from {low:g} to {high:g}; got {value!r}; the default stays")
        else:
            good[name] = float(value)
    return Feel(**good)


def _cues(table: Table, report: Report) -> dict[str, bool]:
    cues = {"sound": True, "rumble": True}
    for name, value in table.items():
        if name not in cues:
            report(f"[cues] {name}: there is no such setting, it is ignored; there are {_named(cues)}")
        elif not isinstance(value, bool):
            report(f"[cues] {name}: true or false; got {value!r}; the default stays")
        else:
            cues[name] = value
    return cues


def _joysticks(table: Table, report: Report) -> dict[str, JoystickMap]:
    joysticks: dict[str, JoystickMap] = {}
    for guid, value in table.items():
        where = f"[joystick.{guid}]"
        if not GUID.fullmatch(guid):
            report(f"{where}: a GUID has 32 of the characters 0-9a-f, see teleop devices --list; it is ignored")
        elif not isinstance(value, dict):
            report(f"{where}: a section of its own, got {value!r}; it is ignored: run teleop devices to write one")
        elif (joystick := _joystick(where, value, report)).axes or joystick.buttons:
            joysticks[guid] = joystick
        else:
            report(f"{where}: neither axes nor buttons; it is ignored: run teleop devices to teach it")
    return joysticks


def _joystick(where: str, table: Table, report: Report) -> JoystickMap:
    known = [one.name for one in fields(JoystickMap)]
    for name in table:
        if name not in known:
            report(f"{where} {name}: there is no such line, it is ignored; there are {_named(known)}")
    name = table.get("name", "joystick")
    if not isinstance(name, str) or not name.isprintable() or not name:
        report(f"{where} name: a text that can be shown; got {name!r}; it is called joystick")
        name = "joystick"
    return JoystickMap(
        name,
        _axis(where, "steering", SteeringAxis, table, report),
        _axis(where, "gas", PedalAxis, table, report),
        _axis(where, "brake", PedalAxis, table, report),
        _joystick_buttons(where, table.get("buttons", {}), report),
    )


def _axis(where: str, name: str, kind: Callable[..., Any], table: Table, report: Report) -> Any:
    """That axis of a map; None where it is missing or makes no sense."""
    if name not in table:
        return None
    value = table[name]
    positions = ("left", "centre", "right") if kind is SteeringAxis else ("released", "pressed")
    if not isinstance(value, dict) or set(value) != {"axis", *positions}:
        problem = f"write {{ axis, {_named(positions)} }}; got {value!r}"
    elif not _is_whole(value["axis"], MOST_AXES) or not all(_is_number(value[one], -1.0, 1.0) for one in positions):
        problem = f"axis is a whole number from 0, {_named(positions)} are from -1 to 1; got {value!r}"
    else:
        try:
            return kind(value["axis"], *(float(value[one]) for one in positions))
        except ValueError as error:
            problem = str(error)
    report(f"{where} {name}: {problem}; it is ignored: run teleop devices to teach it again")
    return None


def _joystick_buttons(where: str, value: Any, report: Report) -> dict[int, Meaning]:
    buttons: dict[int, Meaning] = {}
    if not isinstance(value, dict):
        report(f"{where} buttons: write {{ pause = 9 }}; got {value!r}; they are ignored")
        return buttons
    for name, button in value.items():
        if name not in PRESSED:
            problem = f"there is no such meaning; there are {_named(PRESSED)}"
        elif not _is_whole(button, MOST_BUTTONS):
            problem = f"a button's number from 0, see teleop devices; got {button!r}"
        elif button in buttons:
            problem = f"button {button} already means {meaning_name(buttons[button])}: a button has one meaning"
        else:
            buttons[button] = PRESSED[name]
            continue
        report(f"{where} buttons {name}: {problem}; it is ignored")
    return buttons


def key_codes() -> dict[str, int]:
    """Every way to write a key, in small letters: pygame's names, its constants' and the help's."""
    constants = {name[2:].lower(): code for name, code in vars(pygame).items() if name.startswith("K_")}
    named = {pygame.key.name(code).lower(): code for code in constants.values()}
    shown = {name.lower(): code for code, name in KEY_NAMES.items()}
    return {name: code for name, code in (constants | named | shown).items() if name and code != pygame.K_UNKNOWN}


def _plain(joystick: JoystickMap) -> dict[str, Any]:
    """As the file holds it."""
    axes = {
        control: {one.name: getattr(axis, one.name) for one in fields(axis)} for control, axis in joystick.axes.items()
    }
    buttons = {meaning_name(meaning): button for button, meaning in joystick.buttons.items()}
    return {"name": joystick.name, **axes, **({"buttons": buttons} if buttons else {})}


def _put(joysticks: Any, guid: str, values: Mapping[str, Any]) -> None:
    """In place: what the person wrote beside a line stays."""
    table = joysticks.setdefault(guid, tomlkit.table())
    for name in [name for name in table if name not in values]:
        del table[name]
    for name, value in values.items():
        table[name] = _inline(value) if isinstance(value, Mapping) else value


def _inline(values: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update({name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()})
    return table


def _new_document() -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment(HEADER.strip()))
    document.add(tomlkit.nl())
    return document


def _is_number(value: Any, low: float, high: float) -> bool:
    """Not NaN, and not a bool, which Python counts as one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_whole(value: Any, below: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below


def _example(noun: str) -> str:
    return '["space", "p"]' if noun == "key" else '["start", "a"]'


def _choices(noun: str, codes: Mapping[str, int]) -> str:
    return 'keys are named like "space", "left", "f1", "comma"' if noun == "key" else f"there are {_named(codes)}"


def _code_name(codes: Mapping[str, int], code: int) -> str:
    return repr(next(name for name, one in codes.items() if one == code))


def _named(names: Any) -> str:
    return ", ".join(names)
