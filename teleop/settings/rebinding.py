"""The sections [keyboard] and [gamepad] of the settings: which key, button or axis means what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pygame

from teleop.bindings import (
    BINDINGS,
    BUTTON_NAMES,
    KEY_NAMES,
    STICKS,
    TRIGGERS,
    Binding,
    Drive,
    Meaning,
    meaning_name,
)
from teleop.settings.checks import Report, Table, named

MEANINGS: dict[str, Meaning] = {meaning_name(binding.meaning): binding.meaning for binding in BINDINGS}
PRESSED: dict[str, Meaning] = {name: meaning for name, meaning in MEANINGS.items() if not isinstance(meaning, Drive)}
"""What a button can mean: driving is for axes."""
BUTTONS = {name.lower(): button for button, name in BUTTON_NAMES.items()}
AXES = ("steering", "gas", "brake")


def bound(keyboard: Table, gamepad: Table, report: Report) -> list[Binding]:
    """The table of bindings as the person wants it."""
    axes = _pad_axes({name: value for name, value in gamepad.items() if name in AXES}, report)
    buttons = {name: value for name, value in gamepad.items() if name not in AXES}
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
        return f"there is no such meaning; there are {named(meanings)}"
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
            report(f"[gamepad] {name}: one of {named(known)}; got {value!r}; the default stays")
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


def key_codes() -> dict[str, int]:
    """Every way to write a key, in small letters: pygame's names, its constants' and the help's."""
    constants = {name[2:].lower(): code for name, code in vars(pygame).items() if name.startswith("K_")}
    named = {pygame.key.name(code).lower(): code for code in constants.values()}
    shown = {name.lower(): code for code, name in KEY_NAMES.items()}
    return {name: code for name, code in (constants | named | shown).items() if name and code != pygame.K_UNKNOWN}


def _example(noun: str) -> str:
    return '["space", "p"]' if noun == "key" else '["start", "a"]'


def _choices(noun: str, codes: Mapping[str, int]) -> str:
    return 'keys are named like "space", "left", "f1", "comma"' if noun == "key" else f"there are {named(codes)}"


def _code_name(codes: Mapping[str, int], code: int) -> str:
    return repr(next(name for name, one in codes.items() if one == code))
