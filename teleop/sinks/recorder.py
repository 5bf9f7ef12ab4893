"""The sink that records: the loop queues copies, one thread writes them.

with Recorder("sessions/mine", env={"id": "CarRacing-v3", "kwargs": {}}) as recorder:
    run_episode(..., sinks=[recorder, hud], ...)
"""

from __future__ import annotations

import errno
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from teleop.episode_writer import EpisodeWriter, Row, frame_row, start_attrs
from teleop.frame import HZ, End, Frame, Image, Start, Tick
from teleop.session import COMMIT_ROWS, SessionError, check_recordable, later_minimum
from teleop.writer import CAR_RACING_OBSERVATION, SessionWriter

QUEUE_S = 30
"""What a slow disk may fall behind while a person drives; the screen says so long before."""


@dataclass(frozen=True, slots=True, eq=False)
class _Flush:
    """Commit now."""


_RowAndAfter = tuple[Row, Image]
"""A row, and what followed it: the final observation if it stays the last one. One message, since an interrupt can
come between any two."""
_Message = _RowAndAfter | Start | _Flush | End


class Recorder:
    """Implements `loop.Sink`. Every method but `close` returns at once; only unpaced recording ever waits.

    A failure of the writing thread is raised by the next call, as SessionError that says what is safe.
    """

    def __init__(
        self,
        path: str | Path,
        env: Mapping[str, Any],
        hz: float = HZ,
        block_when_behind: bool = False,
        observation_shape: Sequence[int] = CAR_RACING_OBSERVATION,
        unknown: Sequence[str] = (),
    ) -> None:
        """Create the session or append to it. SessionError when it is locked, damaged, or of another kind.

        `unknown`: columns that this world tells nothing about.

        `block_when_behind`: for unpaced driving, `on_frame` waits while `COMMIT_ROWS` rows are queued; otherwise the
        queue may grow to `QUEUE_S` seconds of driving, and the next frame is an error.
        """
        self._session = SessionWriter(path, env, hz, observation_shape, unknown=unknown)
        self.path = self._session.path
        """The session's folder."""
        self.rows_recorded = 0
        """Rows of this episode that were handed over."""
        self._block = block_when_behind
        self._limit = COMMIT_ROWS if block_when_behind else round(QUEUE_S * hz)
        self._queue: deque[_Message] = deque()
        self._wanted = COMMIT_ROWS
        self._urgent = False
        """Something other than a row is queued, which waits for no whole commit."""
        self._changed = threading.Condition()
        self._closing = False
        self._flushed = True
        self._failure: SessionError | None = None
        self._finished_episodes = 0
        self._unsettled = 0
        """Episodes that ended, and that the writing thread has yet to finish."""
        self._episode: EpisodeWriter | None = None
        self._steps: list[int] = []
        self._final_observation: Image | None = None
        self._start: Start | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def rows_behind(self) -> int:
        """Rows that wait for the writing thread: up to `COMMIT_ROWS` while it keeps up. For a moment it counts an
        episode's beginning, pauses and end too."""
        return len(self._queue)

    @property
    def committed(self) -> int:
        """Rows of this episode that are safe from a kill."""
        episode = self._episode
        return episode.committed if episode else 0

    def on_start(self, start: Start) -> None:
        check_recordable(start.seed)
        self.rows_recorded = 0
        self._put(start)

    def on_frame(self, frame: Frame) -> None:
        # What follows the row is no copy: only the last one is written, and nothing is stepped after it.
        row_and_after = frame_row(frame), frame.result.observation
        if self._failure or self.rows_behind >= self._limit:
            self._wait_or_refuse()
        # Without the lock, which would cost as much as the row: a deque's ends are safe. Only a whole commit wakes
        # the writer.
        self._flushed = False
        self._queue.append(row_and_after)
        if len(self._queue) >= self._wanted:
            with self._changed:
                self._changed.notify_all()
        self.rows_recorded += 1

    def on_idle(self, tick: Tick, why: str) -> None:
        """A pause is a good moment to make everything safe, once; and a disk that fails meanwhile is told at once."""
        self._raise_failure()
        if not self._flushed:
            self._put(_Flush())
            self._flushed = True

    def on_end(self, end: End) -> None:
        """Never waits: the writing thread finishes the episode while the next one begins."""
        with self._changed:
            self._unsettled += 1
        self._put(end)
        self._flushed = True

    def settle(self) -> None:
        """Wait until every episode that ended is whole on disk; SessionError if that fails."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure or not self._unsettled)
        self._raise_failure()

    def close(self) -> None:
        """Wait until everything is on disk, and let go of the session. SessionError if something was not saved."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._session.close()
        self._raise_failure()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.close()
        except SessionError:
            # The loop has already raised it, and it is on its way.
            if error is not self._failure:
                raise

    def _wait_or_refuse(self) -> None:
        """The queue is full, or nobody empties it any more."""
        with self._changed:
            if self._block:
                self._changed.wait_for(lambda: self._failure or self.rows_behind < self._limit)
        self._raise_failure()
        if self.rows_behind >= self._limit:
            raise SessionError(
                f"the disk is too slow: {self.rows_behind} rows wait to be written to {self.path}, the limit is "
                f"{self._limit}; they will still be written: close what else uses the disk, or record to another one"
            )

    def _put(self, message: _Message) -> None:
        with self._changed:
            self._raise_failure()
            self._queue.append(message)
            self._urgent = True
            self._changed.notify_all()

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            while (messages := self._next_messages()) is not None:
                for message in messages:
                    self._handle(message)
            self._commit()
        except BaseException as error:  # nothing above this thread would see it; the loop raises it instead
            with self._changed:
                self._failure = _failure(self.path, error, self._finished_episodes, self._episode)
                self._failure.__cause__ = error
                self._queue.clear()
                self._changed.notify_all()

    def _next_messages(self) -> list[_Message] | None:
        """In order, no more than the next commit takes, so that at most that many rows are neither queued nor safe.

        None when the recorder was closed and nothing is left.
        """
        episode = self._episode
        with self._changed:
            self._wanted = COMMIT_ROWS - (episode.rows - episode.committed if episode else 0)
            self._changed.wait_for(lambda: self._closing or self._urgent or len(self._queue) >= self._wanted)
            if self._closing and not self._queue:
                return None
            messages = [self._queue.popleft() for _ in range(min(len(self._queue), self._wanted))]
            # A copy, since rows are added without the lock.
            self._urgent = not all(isinstance(message, tuple) for message in self._queue.copy())
            self._changed.notify_all()
        return messages

    def _handle(self, message: _Message) -> None:
        if isinstance(message, Start):
            self._commit()
            self._start, self._episode, self._steps = message, None, []
        elif isinstance(message, End):
            self._finish(message)
        elif isinstance(message, _Flush):
            self._commit()
        else:
            self._append(*message)

    def _commit(self) -> None:
        if self._episode:
            self._episode.commit()

    def _append(self, row: Row, after: Image) -> None:
        if self._episode is None:
            # Begun by its first row: an episode that was given up at once leaves nothing behind.
            assert self._start is not None
            self._episode = self._session.begin_episode(start_attrs(self._start))
        self._episode.append(row)
        self._steps.append(int(np.asarray(row["step"])))
        self._final_observation = after
        if self._episode.rows - self._episode.committed >= COMMIT_ROWS:
            self._episode.commit()

    def _finish(self, end: End) -> None:
        if self._episode:
            assert self._final_observation is not None
            self._episode.finish(end, self._final_observation, taken_back(self._steps, end.step))
            self._finished_episodes += 1
        with self._changed:
            self._unsettled -= 1
            self._changed.notify_all()


def taken_back(steps: Sequence[int], stood_at: int) -> list[tuple[int, int]]:
    """The range of rows that a rewind took back right before the episode ended, with no row after it to tell."""
    step = np.array(steps, np.int32)
    rows = np.flatnonzero((step >= stood_at) & (step < later_minimum(step)))
    return [(int(rows[0]), len(steps))] if len(rows) else []


def _failure(path: Path, error: BaseException, episodes: int, episode: EpisodeWriter | None) -> SessionError:
    """What happened, what is safe, what to do."""
    if isinstance(error, FileNotFoundError) and not path.exists():
        return SessionError(
            f"recording to {path} stopped, its folder was moved or removed meanwhile, with what was recorded in it; "
            "leave it in place while somebody records, then record again"
        )
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = "the disk is full" if full else f"writing failed ({type(error).__name__}: {error})"
    remedy = "free some space" if full else "check the disk"
    safe = [f"{episodes} whole episode{'s' * (episodes > 1)}"] if episodes else []
    if episode and episode.committed:
        safe.append(f"the first {episode.committed} rows of episode {episode.name}")
    return SessionError(
        f"recording to {path} stopped, {reason}; safe from this run: {' and '.join(safe) or 'nothing'}; "
        f"{remedy}, then record to the same session again"
    )
