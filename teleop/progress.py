"""Progress bars on a terminal; a plain line every few seconds where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_LINE_EVERY_S = 10.0

Update = Callable[[int, str], None]
"""(done so far, a short note)."""


@contextmanager
def progress(console: Console, label: str, total: int) -> Iterator[Update]:
    """Show how far a task of `total` units is."""
    yield from _bar(console, label, total) if console.is_terminal else _lines(console, label, total)


@contextmanager
def waiting(console: Console, label: str) -> Iterator[None]:
    """Show that something of unknown length is at work, and for how long."""
    if not console.is_terminal:
        with progress(console, label, 1):
            yield
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as spinner:
        spinner.add_task(label, total=None)
        yield


def _bar(console: Console, label: str, total: int) -> Iterator[Update]:
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(label, total=total, note="")
        yield lambda done, note: bars.update(task, completed=done, note=note)


def _lines(console: Console, label: str, total: int) -> Iterator[Update]:
    began = said = time.monotonic()
    console.print(f"{label} ...")

    def update(done: int, note: str) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said > PLAIN_LINE_EVERY_S and done < total:
            said = now
            console.print(f"  {done}/{total} after {now - began:.0f} s {note}".rstrip())

    yield update
    console.print(f"  done in {time.monotonic() - began:.0f} s")
