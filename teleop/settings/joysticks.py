"""The sections [joystick.GUID] of the settings: the maps that the wizard saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from teleop.bindings import Drive, Meaning, meaning_name
from teleop.devices.joystick_map import JoystickMap, PedalAxis, SteeringAxis
from teleop.durable import replace_file
from teleop.errors import UserError
from teleop.settings.checks import Report, Table, is_number, is_whole, named
from teleop.settings.rebinding import PRESSED

GUID = re.compile("[0-9a-f]{32}")
MOST_AXES, MOST_BUTTONS = 64, 256
"""More than any joystick has."""


def joystick_maps(table: Table, report: Report) -> dict[str, JoystickMap]:
    """By GUID, as far as they make sense."""
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


def save_joysticks(maps: Mapping[str, JoystickMap], path: Path, template: str) -> None:
    """Write the maps, by GUID, into the settings file; everything else in it stays as the person wrote it.

    A file that is not there yet begins with `template`. UserError where it can't be read or written: nothing is
    half-saved.
    """
    try:
        path = path.resolve()  # a link to the real file stays one
        document = tomlkit.parse(path.read_text("utf-8-sig") if path.exists() else template)
        joysticks = document.setdefault("joystick", tomlkit.table(is_super_table=True))
        for guid, joystick in maps.items():
            _put(joysticks, guid, _plain(joystick))
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, tomlkit.dumps(document).encode())
    except (OSError, RuntimeError, ValueError, TypeError, AttributeError, TOMLKitError) as error:
        raise UserError(f"{path} can't take the new map ({error}): mend or move the file, then teach again") from error


def _joystick(where: str, table: Table, report: Report) -> JoystickMap:
    known = [one.name for one in fields(JoystickMap)]
    for name in table:
        if name not in known:
            report(f"{where} {name}: there is no such line, it is ignored; there are {named(known)}")
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
        problem = f"write {{ axis, {named(positions)} }}; got {value!r}"
    elif not is_whole(value["axis"], MOST_AXES) or not all(is_number(value[one], -1.0, 1.0) for one in positions):
        problem = f"axis is a whole number from 0, {named(positions)} are from -1 to 1; got {value!r}"
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
            problem = f"there is no such meaning; there are {named(PRESSED)}"
        elif not is_whole(button, MOST_BUTTONS):
            problem = f"a button's number from 0, see teleop devices; got {button!r}"
        elif button in buttons:
            problem = f"button {button} already means {meaning_name(buttons[button])}: a button has one meaning"
        else:
            buttons[button] = PRESSED[name]
            continue
        report(f"{where} buttons {name}: {problem}; it is ignored")
    return buttons


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
