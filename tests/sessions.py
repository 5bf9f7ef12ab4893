"""Small sessions for tests, written row by row, and the errors that they cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr

from teleop.episode_writer import EpisodeWriter, frame_row, start_attrs
from teleop.frame import End, Frame, Source, Start, Tick
from teleop.session import SessionError
from teleop.writer import SessionWriter
from tests.fakes import TOY_ENV, ToyWorld

START = Start(seed=3, mode="demo", paced=False, expert="autopilot", operator="Ada", versions={"machine": "any"})


def append_rows(episode: EpisodeWriter, rows: int, world: ToyWorld) -> Frame:
    """Drive an episode and return the last frame."""
    outcome = world.reset(START.seed)
    for step in range(rows):
        action = np.array([np.sin(step / 9), 0.5, 0], np.float32)
        result = world.step(action)
        tick = Tick(step, step * 20_000_000, outcome)
        frame = Frame(tick, {Source.HUMAN: action}, Source.HUMAN, action, True, 0.0, 0, result)
        episode.append(frame_row(frame))
        outcome = result
    return frame


def record(path: Path, *rows: int) -> Path:
    """A session of whole episodes with these numbers of rows."""
    with SessionWriter(path, TOY_ENV) as session:
        for count in rows:
            episode, world = session.begin_episode(start_attrs(START)), ToyWorld()
            last = append_rows(episode, count, world)
            episode.finish(End("finished", count, count, last.result, world.figures()), last.result.observation)
    return session.path


def message_of(call: Callable[[], object]) -> str:
    with pytest.raises(SessionError) as raised:
        call()
    return str(raised.value)


def change_json(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    metadata = json.loads(file.read_text())
    change(metadata)
    file.write_text(json.dumps(metadata))


ADAS = {"author": "Ada", "created_utc": "2026-01-02T03:04:05+00:00", "rule": "by hand"}
"""What a layer says of itself."""


def add_layer(
    episode: Path,
    name: str,
    action: npt.NDArray[np.float32],
    committed: int | None = None,
    told: Mapping[str, str] = ADAS,
) -> None:
    """Lay labels (T, 3) beside a recorded episode, as relabelling does."""
    group = zarr.create_group(str(episode / "labels" / name), zarr_format=3)
    group.attrs.update({**told, "committed": len(action) if committed is None else committed})
    array = group.create_array(
        "action",
        shape=action.shape,
        chunks=(1000, 3),
        dtype="float32",
        fill_value=np.nan,
        config={"write_empty_chunks": True},
        chunk_key_encoding={"name": "default", "separator": "."},
    )
    array[:] = action
