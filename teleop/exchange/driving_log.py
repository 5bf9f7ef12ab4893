"""driving_log.csv, line by line: what Udacity's simulator writes while somebody drives in its training mode.

A line names three pictures and gives four numbers: center, left, right, steering, throttle, brake, speed. Some versions
write ", " between them and some ",", a header is there or not, and a computer whose language has decimal commas writes
those too. There is no time but in the pictures' names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from teleop.errors import UserError

PICTURE = r"(.+?\.jpe?g)\s*,\s*"
LINE = re.compile(PICTURE * 3 + "(.*)", re.IGNORECASE)
STAMP = re.compile(r"(\d{4})_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d{3})\.jpe?g", re.IGNORECASE)
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(E[-+]?\d+)?", re.IGNORECASE)
PRINTED = re.compile(r"-?((0|[1-9]\d*)(\.\d*[1-9])?|[1-9](\.\d*[1-9])?E[-+]\d+)")
"""A number as the simulator prints it: a fraction never ends in 0, nothing groups the thousands, and before an exponent
stands one digit."""
LOWEST, HIGHEST = (-1.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, float("inf"))
"""Of steering, throttle, brake and speed."""
ROUNDING = 1e-3

Numbers = tuple[float, float, float, float]


class LogError(UserError):
    """A log can't be read: the rule, what was got, the remedy."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line that could be read."""

    line: int
    """Its number in the file, from 1."""
    pictures: tuple[str, str, str]
    """Paths as the recording computer wrote them: center, left, right."""
    time_ns: int
    """Of its clock, to the millisecond, from any beginning."""
    steering: float
    """[-1 left, +1 right]; 1 is 25 degrees of the wheels."""
    throttle: float
    """[0, 1]."""
    brake: float
    """[0, 1]."""
    speed_mph: float
    """Miles an hour, never negative."""


def read_log(file: Path) -> list[LogRow]:
    """Every line of a log but its header; a last line that was cut short is left out. LogError where one can't be read.

    Of the bytes only the numbers and the pictures' names count, so that a folder's name may be in any encoding.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LogError(
            f"a recording of Udacity's simulator is a folder with {file.name} and IMG; there is no {file}: give the "
            "folder that was chosen in the simulator"
        ) from error
    numbered = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    return list(_rows(numbered[1:] if numbered and _is_header(numbered[0][1]) else numbered, file.name))


def _is_header(line: str) -> bool:
    return line.lower().startswith("center") and not LINE.fullmatch(line)


def _rows(lines: Sequence[tuple[int, str]], name: str) -> Iterator[LogRow]:
    for number, line in lines:
        try:
            yield read_row(number, line)
        except ValueError as error:
            if number == lines[-1][0]:
                return  # the simulator was ended while it wrote
            raise LogError(f"line {number} of {name}: {error}") from error


def read_row(number: int, line: str) -> LogRow:
    """One line of a log; ValueError with the rule, what was got, and the remedy."""
    parts = LINE.fullmatch(line)
    if not parts:
        raise ValueError(
            f"a line names three .jpg pictures and gives four numbers; got {line[:200]!r}: mend or delete it"
        )
    center, left, right, numbers = parts.groups()
    return LogRow(number, (center, left, right), _time_ns(center), *read_numbers(numbers))


def _time_ns(picture: str) -> int:
    stamp = STAMP.search(picture)
    if not stamp:
        raise ValueError(
            "only a picture's name tells when it was taken, as in center_2016_12_01_13_30_48_287.jpg; got "
            f"{picture[-100:]!r}: give the pictures their names back"
        )
    *date_and_time, millisecond = (int(part) for part in stamp.groups())
    elapsed = datetime(*date_and_time) - datetime(1970, 1, 1)  # type: ignore[arg-type]
    return (int(elapsed.total_seconds()) * 1000 + millisecond) * 1_000_000


def read_numbers(text: str) -> Numbers:
    """Steering, throttle, brake and speed of the end of a line; ValueError where they can't be told with certainty.

    Between commas and spaces a number may have a decimal comma. Between bare commas it is looked for where exactly one
    way to read the line fits what the simulator prints.
    """
    parts = re.split(r",\s+", text) if re.search(r",\s", text) else text.split(",")
    if len(parts) > 4 and all(re.fullmatch(r"[-+\dE]+", part) for part in parts):
        return _told_apart(parts)
    values = [part.strip().replace(",", ".") for part in parts]
    if len(values) != 4 or not all(NUMBER.fullmatch(value) for value in values):
        raise ValueError(
            f"after the pictures come four numbers: steering, throttle, brake, speed; got {text[:100]!r}: mend or "
            "delete this line"
        )
    return _in_range(values)


def _in_range(values: Sequence[str]) -> Numbers:
    steering, throttle, brake, speed = numbers = tuple(float(value) for value in values)
    if not _fits(numbers):
        raise ValueError(
            "steering is in [-1, 1], throttle and brake in [0, 1], speed from 0 up; got "
            f"{', '.join(values)}: mend or delete this line"
        )
    return steering, throttle, brake, speed


def _fits(numbers: Sequence[float]) -> bool:
    return all(
        low - ROUNDING <= number <= high + ROUNDING for low, number, high in zip(LOWEST, numbers, HIGHEST, strict=True)
    )


def _told_apart(parts: Sequence[str]) -> Numbers:
    """Four numbers with decimal commas between commas, where only one way to put them together is possible."""
    readings = [values for values in _joined(parts, 4) if _as_printed(values)]
    if len(readings) != 1:
        raise ValueError(
            f"decimal commas between bare commas must leave one way to read four numbers; {','.join(parts)!r} leaves "
            f"{len(readings)}: record again with the computer set to English (on Linux start the simulator with "
            'LC_ALL=C), or write points, or ", " between the numbers'
        )
    return _in_range(readings[0])


def _joined(parts: Sequence[str], count: int) -> Iterator[tuple[str, ...]]:
    """Every way to make `count` numbers of these parts, each of one or of two with the decimal point between."""
    if not count:
        if not parts:
            yield ()
        return
    for width in (1, 2):
        if len(parts) >= width:
            yield from ((".".join(parts[:width]), *rest) for rest in _joined(parts[width:], count - 1))


def _as_printed(values: Sequence[str]) -> bool:
    """A speed that physics computed is never a whole number, but 0."""
    if not all(PRINTED.fullmatch(value) for value in values):
        return False
    *_, speed = numbers = [float(value) for value in values]
    return _fits(numbers) and (speed == 0 or not speed.is_integer())
