"""What is said about a settings file that makes no sense, and how its values are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Table = Mapping[str, Any]
Report = Callable[[str], None]
"""Takes one sentence for the person: the rule, what was got, the remedy."""


def is_number(value: Any, low: float, high: float) -> bool:
    """Not NaN, and not a bool, which Python counts as one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_whole(value: Any, below: int) -> bool:
    """0, 1, ... `below` - 1."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below


def named(names: Iterable[str]) -> str:
    """ "gas, brake"."""
    return ", ".join(names)
