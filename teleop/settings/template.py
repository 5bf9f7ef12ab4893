"""A settings file to begin with: every line that can stand in it, commented out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields

import pygame

from teleop.bindings import BINDINGS, BUTTON_NAMES, Drive, meaning_name
from teleop.devices.feel import Feel

HEADER = """\
# Settings of teleop. These are the defaults: take away a # and change what follows it.
# `teleop devices --list` says what was not understood.
"""


def settings_template() -> str:
    """TOML that changes nothing."""
    default = {binding.meaning: binding.axis for binding in BINDINGS}
    axes = {"steering": default[Drive.LEFT], "gas": default[Drive.GAS], "brake": default[Drive.BRAKE]}
    keys = {meaning_name(one.meaning): [pygame.key.name(key) for key in one.keys] for one in BINDINGS}
    buttons = {meaning_name(one.meaning): [BUTTON_NAMES[button] for button in one.buttons] for one in BINDINGS}
    feel = {one.name: getattr(Feel(), one.name) for one in fields(Feel)}
    sections: dict[str, Mapping[str, object]] = {
        "keyboard": keys,
        "gamepad": axes | {name: names for name, names in buttons.items() if names},
        "feel": feel,
        "cues": {"sound": True, "rumble": True},
    }
    return HEADER + "".join(_section(name, lines) for name, lines in sections.items())


def _section(name: str, lines: Mapping[str, object]) -> str:
    # Of these values JSON and TOML are written alike.
    return f"\n[{name}]\n" + "".join(f"# {key} = {json.dumps(value)}\n" for key, value in lines.items())
