"""What a person marks in an episode, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from teleop.editing import marks
from teleop.replay.keys import Do, key_of
from teleop.replay.reel import Reel

NO_RANGE = f"mark a range first: {key_of(Do.MARK_IN)} where it begins, {key_of(Do.MARK_OUT)} where it ends"


class Marking:
    """A range of rows in one reel, and the marks that are made from it."""

    def __init__(self, reel: Reel) -> None:
        self._reel = reel
        self._ends: tuple[int | None, int | None] = None, None
        session, name = reel.session.path, reel.episode.name
        self._whole: Mapping[Do, Callable[[], str]] = {
            Do.DISCARD: lambda: marks.discard(session, [name]),
            Do.RESTORE: lambda: marks.restore(session, [name]),
            Do.SUCCESS: lambda: marks.label_outcome(session, name, "success"),
            Do.FAILURE: lambda: marks.label_outcome(session, name, "failure"),
            Do.NO_JUDGEMENT: lambda: marks.label_outcome(session, name, ""),
            Do.UNDO: lambda: f"taken back: {marks.undo(session)}",
        }

    @property
    def range(self) -> tuple[int, int] | None:
        """Half-open, once both ends are there."""
        first, last = self._ends
        return None if first is None or last is None else (min(first, last), max(first, last) + 1)

    def begin(self, row: int) -> None:
        """The range begins with `row`; what ends before it no longer ends."""
        last = self._ends[1]
        self._ends = row, last if last is not None and last >= row else None

    def end(self, row: int) -> None:
        """The range ends with `row`, and what begins after it no longer begins."""
        first = self._ends[0]
        self._ends = first if first is not None and first <= row else None, row

    def drag(self, start: int, row: int) -> None:
        """The range is what lies between them."""
        self._ends = start, row

    def do(self, what: Do) -> str:
        """Make a mark, and say which. SessionError where it can't be made."""
        said = self._whole[what]() if what in self._whole else self._mark_range(what)
        self._reel.read_marks()
        return said or "it is so already"

    def _mark_range(self, what: Do) -> str:
        if self.range is None:
            return NO_RANGE
        mark = marks.exclude if what is Do.EXCLUDE else marks.include
        said = mark(self._reel.session.path, self._reel.episode.name, *self.range)
        self._ends = None, None
        return said


MARKS = (
    *(Do.EXCLUDE, Do.INCLUDE, Do.DISCARD, Do.RESTORE),
    *(Do.SUCCESS, Do.FAILURE, Do.NO_JUDGEMENT, Do.UNDO),
)
"""What `Marking.do` does."""
