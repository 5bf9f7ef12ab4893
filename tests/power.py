"""A kill at any change of the disk, without a process for each: from then on nothing changes any more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHANGES = ((Path, "replace"), (Path, "rename"), (Path, "unlink"), (shutil, "rmtree"))
"""What gives a file or folder its name, or takes it."""


class KilledError(BaseException):
    """No code has a chance to handle a kill."""


class Power:
    """Goes out before one of the changes that need it, and does not come back."""

    def __init__(self, changes: int | None) -> None:
        """How many are made before it; None for all."""
        self._most = changes
        self.made = 0
        self.out = False

    def needed_by(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def powered(*arguments: Any, **options: Any) -> Any:
            self.out = self.out or self.made == self._most
            if self.out:
                raise KilledError
            self.made += 1
            return change(*arguments, **options)

        return powered


@contextmanager
def power_for(changes: int | None) -> Iterator[Power]:
    """What is done in here is killed after so many changes of the disk."""
    power = Power(changes)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in CHANGES:
            patch.setattr(owner, name, power.needed_by(getattr(owner, name)))
        try:
            yield power
        except KilledError:
            assert power.out
