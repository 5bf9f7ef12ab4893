"""A Zarr library that is not zarr-python reads a session: npm's zarrita."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr

from teleop.editing.compacting import compact, restore
from teleop.session import open_session
from tests.archives import HERE, record
from tests.optional import need

ZARRITA = Path(__file__).parent / "zarrita"
COLUMNS = ("observation", "action", "learner_action", "hands_on", "step", "tiles_visited", "time_ns")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script, beside npm's packages."""
    need("node", "npm", packages="nodejs npm")
    folder = tmp_path_factory.mktemp("zarrita")
    shutil.copytree(ZARRITA, folder, dirs_exist_ok=True)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm can't fetch zarrita: {done.stderr.strip()}")
    return folder / "read.mjs"


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return record(tmp_path / "mine")


def read(reader: Path, session: Path, episode: str, *names: str) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(reader), str(session), episode, *names], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def rows_of(array: dict[str, Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    strides = [stride * dtype.itemsize for stride in array["stride"]]
    return np.ndarray(array["shape"], dtype, base64.b64decode(array["bytes"]), strides=strides)


def assert_read_as_zarr_python_reads(told: dict[str, Any], episode: Path) -> None:
    for name, array in told["arrays"].items():
        ours = np.asarray(zarr.open_array(episode / name, mode="r")[: told["committed"]])
        assert array["dtype"] == ours.dtype.name
        assert rows_of(array, ours.dtype).tobytes() == ours.tobytes()
        assert tuple(array["shape"]) == ours.shape


def test_what_was_recorded_is_read_alike_even_where_arrays_run_ahead_of_what_was_committed(
    reader: Path, session: Path
) -> None:
    for number, rows in (("000000", 71), ("000002", 51)):
        told = read(reader, session, number, *COLUMNS)
        assert (told["version"], told["committed"]) == (2, rows)
        assert_read_as_zarr_python_reads(told, session / "episodes" / number)
    assert zarr.open_array(session / "episodes/000002/step", mode="r").shape[0] > 51


def test_an_archive_s_rows_and_what_was_made_whole_again_are_read_alike(reader: Path, session: Path) -> None:
    recorded = open_session(session).episodes[0]
    pictures, actions = recorded.observation, recorded.action
    compact(session, HERE)
    archive = read(reader, session, "000000", "archive")
    assert archive["version"] == 3
    assert_read_as_zarr_python_reads(archive, recorded.path)
    assert rows_of(archive["arrays"]["archive"], np.dtype(np.uint8))[:, :12].tobytes() == actions.tobytes()
    restore(session, HERE)
    whole = read(reader, session, "000000", *COLUMNS)
    assert whole["version"] == 2
    assert_read_as_zarr_python_reads(whole, recorded.path)
    assert rows_of(whole["arrays"]["observation"], pictures.dtype).tobytes() == pictures.tobytes()
