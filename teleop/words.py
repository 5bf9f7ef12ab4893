"""Sentences for people."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """ "1 lap", "1,200 laps"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
