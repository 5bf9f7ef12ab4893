"""Lays what hands say beside a recorded drive into a layer."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from teleop.errors import SessionError
from teleop.frame import End, Frame, Source, Start, Tick
from teleop.layers import Layer
from teleop.session import COMMIT_ROWS


class Labelling:
    """Implements `loop.Sink`: rows with hands on get a label, and every second of them is committed.

    Who steers again after a rewind replaces what was there; hands that are off leave it. Discarding takes back all of
    it. A failure of the disk is raised by a later call, as SessionError.
    """

    def __init__(self, layer: Layer, rows: npt.NDArray[np.intp], check: Callable[[Frame], None]) -> None:
        """`rows` of the episode by step; `check` raises where a frame is not the recorded one."""
        self._layer, self._rows, self._check = layer, rows, check
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="labels")
        self._saving: Future[None] | None = None
        self._unsaved = 0

    @property
    def name(self) -> str:
        """Of the layer."""
        return self._layer.path.name

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """(K,): which steps have a label by now."""
        return np.asarray(np.isfinite(self._layer.labels[self._rows, 0]))

    def on_start(self, start: Start) -> None:
        pass

    def on_frame(self, frame: Frame) -> None:
        self._check(frame)
        if not frame.hands_on:
            return
        self._layer.put(int(self._rows[frame.tick.step]), frame.proposals[Source.HUMAN])
        self._unsaved += 1
        if self._unsaved >= COMMIT_ROWS:
            self._save()

    def on_idle(self, tick: Tick, why: str) -> None:
        """A pause is a good moment to make everything safe."""
        self._save()

    def on_end(self, end: End) -> None:
        if end.why == "discarded":
            self._layer.restore()
        try:
            self._save()
            self._wait()
        finally:
            self._pool.shutdown()

    def _save(self) -> None:
        """In the background: a disk may take longer than a tick."""
        self._unsaved = 0
        if files := self._layer.take():
            self._wait()
            self._saving = self._pool.submit(self._layer.write, files)

    def _wait(self) -> None:
        saving, self._saving = self._saving, None
        try:
            if saving:
                saving.result()
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason, remedy = ("the disk is full", "free some space") if full else (str(error), "check the disk")
            raise SessionError(
                f"labelling stopped, {self._layer.path} can't be written: {reason}; labels that were there a second "
                f"before are safe: {remedy}, then go on with the same command"
            ) from error
