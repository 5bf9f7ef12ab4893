"""The bench on the screen: every device with its axes live, and the wizard's questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pygame

from teleop.bindings import meaning_name
from teleop.devices.joysticks import Plugged
from teleop.pen import ACCENT, DARK, DIM, INK, TRACK, WARNING, Pen
from teleop.workbench.bench import Bench
from teleop.workbench.wizard import Wizard

AXES_SHOWN = 8
"""Four a row; hardly anything has more."""
FULL_LOCK_DEGREES = 120
"""How far the drawn wheel turns; a real one's own degrees are not known."""


def draw(canvas: pygame.Surface, pen: Pen, bench: Bench, settings: Path, problems: Sequence[str]) -> None:
    """Everything, from the bench as it is now."""
    canvas.fill(DARK)
    if bench.wizard:
        _draw_wizard(canvas, pen, bench.wizard)
    else:
        _draw_devices(canvas, pen, bench, settings, problems)


def _draw_devices(canvas: pygame.Surface, pen: Pen, bench: Bench, settings: Path, problems: Sequence[str]) -> None:
    room = canvas.get_rect().inflate(-pen.px(64), -pen.px(48))
    pen.text(canvas, "Devices", room.topleft, 48)
    right = room.right, room.top + pen.px(22)
    pen.text(canvas, pen.elided(str(settings), 20, room.width * 2 // 3), right, 20, DIM, "midright")
    _draw_said(canvas, pen, bench, room, [problem.removeprefix(f"{settings}: ") for problem in problems])
    hints = "Up, Down: look through      Enter: teach what you turn and press      Esc: leave"
    pen.text(canvas, hints if bench.devices else "Esc: leave", room.midbottom, 22, ACCENT, "midbottom")
    cards = pygame.Rect(room.left, room.top + pen.px(110), room.width, room.height - pen.px(160))
    if bench.devices:
        _draw_cards(canvas, pen, bench, cards)
    else:
        _draw_nothing(canvas, pen, cards)


def _draw_said(canvas: pygame.Surface, pen: Pen, bench: Bench, room: pygame.Rect, problems: Sequence[str]) -> None:
    """What just happened, or what is wrong with the settings, or what to do here."""
    text, colour = "Everything that is known here drives, and so does the keyboard.", DIM
    if bench.said.text:
        text, colour = bench.said.text, WARNING if bench.said.warns else INK
    elif problems:
        count = f"{len(problems)} lines ignored, see teleop devices --list. " if len(problems) > 1 else ""
        text, colour = count + problems[0], WARNING
    for row, line in enumerate(_wrapped(pen, text.split(), " ", 22, room.width, lines=2)):
        pen.text(canvas, line, (room.left, room.top + pen.px(48 + 26 * row)), 22, colour)


def _draw_nothing(canvas: pygame.Surface, pen: Pen, room: pygame.Rect) -> None:
    pen.text(canvas, "Nothing is plugged in but the keyboard", room.center, 36, INK, "center")
    below = room.centerx, room.centery + pen.px(44)
    pen.text(canvas, "Gamepads, wheels, pedals and flight sticks appear here as they come", below, 24, DIM, "center")


def _draw_cards(canvas: pygame.Surface, pen: Pen, bench: Bench, room: pygame.Rect) -> None:
    """As many as there is room for, the chosen one among them."""
    pitch = pen.px(132)
    fitting = max(1, room.height // pitch)
    first = max(0, min(bench.chosen - fitting // 2, len(bench.devices) - fitting))
    shown = list(bench.devices.values())[first : first + fitting]
    for row, device in enumerate(shown):
        card = pygame.Rect(room.left, room.top + pitch * row, room.width, pitch - pen.px(12))
        _draw_card(canvas, pen, card, device, bench, chosen=first + row == bench.chosen)
    if len(shown) < len(bench.devices):
        text = f"{first + 1} to {first + len(shown)} of {len(bench.devices)}"
        pen.text(canvas, text, (room.right, room.top - pen.px(8)), 20, DIM, "midright")


def _draw_card(
    canvas: pygame.Surface, pen: Pen, card: pygame.Rect, device: Plugged, bench: Bench, chosen: bool
) -> None:
    pygame.draw.rect(canvas, ACCENT if chosen else TRACK, card, 2, border_radius=pen.px(10))
    inner = card.inflate(-pen.px(32), -pen.px(20))
    text = device.known if device.drives else "unknown: press its buttons to teach it"
    known = pen.text(canvas, text, inner.topright, 22, DIM if device.drives else WARNING, "topright")
    name = pen.elided(device.joystick.get_name(), 26, known.left - inner.left - pen.px(16))
    pen.text(canvas, name, inner.topleft, 26)
    _draw_axes(canvas, pen, inner, device, bench)
    pressed = [number for number in range(device.joystick.get_numbuttons()) if device.joystick.get_button(number)]
    buttons = "  ".join(str(number) for number in pressed) or "none"
    text = pen.elided(f"buttons down: {buttons}", 20, inner.width)
    pen.text(canvas, text, (inner.left, inner.bottom - pen.px(8)), 20, ACCENT if pressed else DIM, "midleft")


def _draw_axes(canvas: pygame.Surface, pen: Pen, room: pygame.Rect, device: Plugged, bench: Bench) -> None:
    joystick = device.joystick
    taught = bench.maps[joystick.get_guid()].axes if joystick.get_guid() in bench.maps else {}
    names = {axis.axis: control for control, axis in taught.items()}
    width, label_width = room.width // 4, pen.width("0 steering", 20) + pen.px(10)
    for axis in range(min(joystick.get_numaxes(), AXES_SHOWN)):
        left, y = room.left + width * (axis % 4), room.top + pen.px(42 + 22 * (axis // 4))
        label = f"{axis} {names.get(axis, '')}".strip()
        pen.text(canvas, label, (left, y), 20, INK if axis in names else DIM, "midleft")
        bar = pygame.Rect(left + label_width, y - pen.px(5), width - label_width - pen.px(20), pen.px(10))
        _draw_bar(canvas, bar, joystick.get_axis(axis))


def _draw_bar(canvas: pygame.Surface, bar: pygame.Rect, value: float, signed: bool = True) -> None:
    """From its middle where `value` is in [-1, 1], from its left end where that is in [0, 1]."""
    pygame.draw.rect(canvas, TRACK, bar, border_radius=bar.height // 3)
    origin = bar.centerx if signed else bar.left
    length = round(value * (bar.width / 2 if signed else bar.width))
    pygame.draw.rect(canvas, ACCENT, (min(origin, origin + length), bar.top, abs(length), bar.height))
    if signed:
        pygame.draw.line(canvas, INK, (bar.centerx, bar.top - 2), (bar.centerx, bar.bottom + 1))


def _draw_wizard(canvas: pygame.Surface, pen: Pen, wizard: Wizard) -> None:
    room = canvas.get_rect().inflate(-pen.px(64), -pen.px(48))
    x = room.centerx
    _draw_progress(canvas, pen, wizard, (x, room.top + pen.px(30)))
    pen.text(canvas, wizard.step.prompt, (x, room.top + pen.px(100)), 42, INK, "center")
    bar = pygame.Rect(0, 0, pen.px(360), pen.px(10))
    bar.center = x, room.top + pen.px(145)
    if wizard.held:
        _draw_bar(canvas, bar, wizard.held, signed=False)
    pen.text(canvas, wizard.complaint, (x, room.top + pen.px(180)), 26, WARNING, "center")
    top, bottom = room.top + pen.px(200), room.bottom - pen.px(110)
    _draw_understood(canvas, pen, wizard, pygame.Rect(room.left, top, room.width, bottom - top))
    _draw_buttons(canvas, pen, wizard, pygame.Rect(room.left, room.bottom - pen.px(80), room.width, 0))
    enter = "save it" if wizard.done else "skip this"
    hints = f"Enter: {enter}      Esc: give up, nothing is saved"
    pen.text(canvas, hints, room.midbottom, 24, ACCENT, "midbottom")


def _draw_progress(canvas: pygame.Surface, pen: Pen, wizard: Wizard, xy: tuple[int, int]) -> None:
    at, of = wizard.progress
    for step in range(of):
        past = wizard.done or step + 1 < at
        centre = xy[0] + pen.px(26) * (step - (of - 1) / 2), xy[1]
        colour = DIM if past else INK if step + 1 == at else TRACK
        pygame.draw.circle(canvas, colour, centre, pen.px(8 if step + 1 == at and not wizard.done else 5))


def _draw_understood(canvas: pygame.Surface, pen: Pen, wizard: Wizard, room: pygame.Rect) -> None:
    """A wheel that turns with theirs, and their pedals."""
    steering = wizard.position("steering")
    radius = min(room.height // 2 - pen.px(20), pen.px(140))
    _draw_steering(canvas, (room.left + room.width * 3 // 10, room.centery), radius, pen.px(14), steering)
    for column, control in enumerate(("brake", "gas")):
        pedal = pygame.Rect(0, 0, pen.px(70), radius * 2)
        pedal.center = room.left + room.width * (62 + 16 * column) // 100, room.centery
        _draw_pedal(canvas, pen, pedal, control, wizard.position(control))


def _draw_steering(
    canvas: pygame.Surface, centre: tuple[int, int], radius: int, width: int, position: float | None
) -> None:
    colour = TRACK if position is None else ACCENT
    pygame.draw.circle(canvas, colour, centre, radius, width)
    for spoke in (0, 90, 180):
        pygame.draw.line(canvas, colour, centre, _on_rim(centre, radius - width, spoke, position), width)
    top = _on_rim(centre, radius - width / 2, 270, position)
    pygame.draw.circle(canvas, colour if position is None else INK, top, width * 0.7)


def _on_rim(centre: tuple[int, int], radius: float, degrees: float, position: float | None) -> tuple[float, float]:
    """The point at so many degrees, clockwise from the right, of a wheel that is turned to `position`."""
    angle = math.radians(degrees + FULL_LOCK_DEGREES * (position or 0.0))
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def _draw_pedal(canvas: pygame.Surface, pen: Pen, pedal: pygame.Rect, name: str, position: float | None) -> None:
    pygame.draw.rect(canvas, TRACK, pedal, 0 if position is not None else 2, border_radius=pen.px(8))
    height = round(pedal.height * (position or 0.0))
    colour = WARNING if name == "brake" else ACCENT
    pygame.draw.rect(canvas, colour, (pedal.left, pedal.bottom - height, pedal.width, height), border_radius=pen.px(8))
    below = pedal.centerx, pedal.bottom + pen.px(18)
    pen.text(canvas, name, below, 22, DIM if position is None else INK, "center")


def _draw_buttons(canvas: pygame.Surface, pen: Pen, wizard: Wizard, room: pygame.Rect) -> None:
    learned = [f"{meaning_name(meaning)}: button {number}" for (_, number), meaning in wizard.buttons.items()]
    for row, line in enumerate(_wrapped(pen, learned, "     ", 22, room.width, lines=2)):
        pen.text(canvas, line, (room.centerx, room.top + pen.px(26) * row), 22, DIM, "center")


def _wrapped(pen: Pen, words: Sequence[str], space: str, size: int, width: int, lines: int) -> list[str]:
    """At most so many lines of at most `width` pixels, broken between words; the last one is cut where it must be."""
    wrapped: list[str] = []
    for word in words:
        longer = wrapped[-1] + space + word if wrapped else word
        if wrapped and (len(wrapped) == lines or pen.width(longer, size) <= width):
            wrapped[-1] = longer
        else:
            wrapped.append(word)
    return [pen.elided(line, size, width) for line in wrapped]
