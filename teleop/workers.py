"""Worker processes that each keep one tool (a policy) and are handed one job after another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

Tool = TypeVar("Tool")
Job = TypeVar("Job")
Result = TypeVar("Result")


@contextmanager
def working(
    make: Callable[[], Tool], work: Callable[[Tool, Job], Result], workers: int
) -> Iterator[Callable[[Sequence[Job]], Iterator[Result]]]:
    """Something that does jobs, here or in `workers` processes, and yields their results in the order of the jobs.

    `make` builds the tool once a process; `make`, `work`, jobs and results must be picklable when `workers` > 1.
    """
    if workers <= 1:
        tool = make()
        yield lambda jobs: (work(tool, job) for job in jobs)
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, spawn, initializer=_Worker.start, initargs=(make,))

    def do_all(jobs: Sequence[Job]) -> Iterator[Result]:
        with _interrupts_ignored():  # by the workers, which are started here and inherit it: the parent ends them
            return pool.map(partial(_Worker.do, work), jobs)

    try:
        yield do_all
    except BaseException:
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ctrl+C does nothing meanwhile; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Worker:
    """A worker process holds the one tool it was started with."""

    tool: Any

    @classmethod
    def start(cls, make: Callable[[], Any]) -> None:
        threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
        cls.tool = make()

    @classmethod
    def do(cls, work: Callable[[Any, Job], Result], job: Job) -> Result:
        return work(cls.tool, job)


def _end_with_parent() -> None:
    """A parent that was killed ends nobody: its workers would do all jobs that are left, for no one."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker was started by somebody"
    parent.join()
    os._exit(1)
