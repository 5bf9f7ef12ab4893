"""One episode, written as it is driven: append rows, commit, finish.

Rows become part of the session when `commit` replaces the episode's attributes, after every chunk below them is on
disk. Array shapes are grown ahead by `GROW_ROWS`, so that a commit rewrites no array's metadata.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from teleop import durable
from teleop.frame import End, Frame, Image, Start
from teleop.session import FINAL_OBSERVATION, PROPOSAL_COLUMNS, Column, chunk_file

GROW_ROWS = 1000

Row = Mapping[str, npt.ArrayLike]
"""One value for each column."""


def frame_row(frame: Frame) -> Row:
    """A frame as a row of the format. Arrays are copies: a device may reuse its buffer for the next tick."""
    before = frame.tick.outcome
    row: dict[str, npt.ArrayLike] = {
        "observation": before.observation.copy(),
        "action": frame.action.copy(),
        "driver": int(frame.driver),
        "hands_on": frame.hands_on,
        "nudge": frame.nudge,
        "time_scale": frame.tick.time_scale,
        "reward": frame.result.reward,
        "pose": before.pose.copy(),
        "step": frame.tick.step,
        "wheels_on_road": before.wheels_on_road,
        "tiles_visited": before.tiles_visited,
        "time_ns": frame.tick.time_ns,
        "late_ns": frame.late_ns,
    }
    for source, name in PROPOSAL_COLUMNS.items():
        proposal = frame.proposals.get(source)
        row[name] = math.nan if proposal is None else proposal.copy()
    return row


def start_attrs(start: Start) -> dict[str, Any]:
    """What an episode's attributes say from its first row on."""
    return {
        "seed": start.seed,
        "mode": start.mode,
        "expert": start.expert,
        "operator": start.operator,
        "device": start.device,
        "gate": start.gate,
        "round": start.round,
        "learner": None if start.learner is None else dict(start.learner),
        "parent": None if start.parent is None else dict(start.parent),
        "paced": start.paced,
        "versions": dict(start.versions),
    }


class EpisodeWriter:
    """Appends rows to one new episode. Not thread-safe: one thread writes."""

    def __init__(
        self,
        path: Path,
        attrs: Mapping[str, Any],
        episode_columns: Sequence[Column],
        templates: Mapping[str, dict[str, Any]],
        pool: Executor,
    ) -> None:
        """Use `SessionWriter.begin_episode`."""
        self.path = path
        self.name = path.name
        self.rows = 0
        """Appended, committed or not."""
        self.committed = 0
        """Safe from a kill."""
        self._templates = templates
        self._pool = pool
        self._attrs = durable.plain(attrs) | {
            "committed": 0, "end": None, "figures": {}, "error": "", "discarded": False, "excluded": []
        }  # fmt: skip
        self._columns = [_ColumnWriter(path / column.name, column) for column in episode_columns]
        path.mkdir()
        # Before anything else: a folder without it that holds something is a damaged episode.
        self._write_attrs()
        durable.sync_folder(path.parent)
        for name in templates:
            (path / name).mkdir()
        self._pending = self._shapes(GROW_ROWS)
        self._pending[path / FINAL_OBSERVATION / "zarr.json"] = durable.encoded_json(templates[FINAL_OBSERVATION])

    def append(self, row: Row) -> None:
        """Take one row; it stays in memory until `commit`."""
        for column in self._columns:
            if column.full:
                self._pending |= column.encoded()
                column.next_chunk()
            column.append(row[column.name])
        self.rows += 1

    def commit(self) -> None:
        """Make every appended row safe: chunks first, on disk, then the one file that says so."""
        if self.rows == self.committed:
            return
        if self.rows > self._capacity:
            self._pending |= self._shapes(GROW_ROWS * math.ceil(self.rows / GROW_ROWS))
        self._write_pending()
        self._write_attrs(committed=self.rows)
        self.committed = self.rows

    def finish(self, end: End, final_observation: Image, excluded: Sequence[tuple[int, int]] = ()) -> None:
        """Commit what is left, say how the episode ended, and cut the arrays to their rows.

        `final_observation` followed the last row. `excluded`: [start, stop) ranges of rows not to be learned from.
        """
        self.complete(
            final_observation,
            end=end.why,
            figures=durable.plain(end.figures),
            error=end.error,
            device=end.device or self._attrs.get("device", ""),
            discarded=end.why == "discarded",
            excluded=durable.plain(excluded),
        )

    def complete(self, final_observation: Image, **attrs: Any) -> None:
        """Commit what is left, with what followed it, and cut the arrays to their rows. `attrs` say how it ended."""
        final_chunk = self.path / FINAL_OBSERVATION / chunk_file(0, final_observation.ndim)
        self._pending |= self._shapes(self.rows) | {final_chunk: durable.encoded_chunk(final_observation)}
        self._write_pending()
        self._write_attrs(committed=self.rows, **attrs)
        self.committed = self.rows

    def _shapes(self, rows: int) -> dict[Path, bytes]:
        """Every column's metadata, with so many rows."""
        self._capacity = rows
        files = {}
        for column in self._columns:
            template = self._templates[column.name]
            metadata = template | {"shape": [rows, *template["shape"][1:]]}
            files[self.path / column.name / "zarr.json"] = durable.encoded_json(metadata)
        return files

    def _write_pending(self) -> None:
        for column in self._columns:
            self._pending |= column.encoded()
        durable.replace_files(self._pending, self._pool)
        self._pending = {}

    def _write_attrs(self, **changes: Any) -> None:
        self._attrs |= changes
        durable.replace_file(self.path / "zarr.json", durable.group_metadata(self._attrs))


class _ColumnWriter:
    """One chunk of one column in memory, encoded whole every time."""

    def __init__(self, folder: Path, column: Column) -> None:
        self.name = column.name
        self._folder = folder
        self._fill = column.fill
        self._rows: npt.NDArray[Any] = np.full((column.chunk_rows, *column.shape), column.fill, column.dtype)
        self._chunk = self._count = self._encoded = 0

    @property
    def full(self) -> bool:
        return self._count == len(self._rows)

    def append(self, value: npt.ArrayLike) -> None:
        self._rows[self._count] = value
        self._count += 1

    def next_chunk(self) -> None:
        self._rows.fill(self._fill)
        self._chunk += 1
        self._count = self._encoded = 0

    def encoded(self) -> dict[Path, bytes]:
        """The chunk's file, if a row was added since the last time."""
        if self._count == self._encoded:
            return {}
        self._encoded = self._count
        return {self._folder / chunk_file(self._chunk, self._rows.ndim): durable.encoded_chunk(self._rows)}
