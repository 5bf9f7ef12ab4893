"""A simulator that nobody here wrote: npm's socket.io-client 2.5.0. `python -m tests.npm_simulator [FRAMES]`.

It connects twice, announcing Engine.IO 3 and then 4, sends so many telemetries (1000), and what was driven is recorded.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console

from teleop.frame import Action, Start, Tick
from teleop.session import open_session
from teleop.udacity_driving import Wanted, drive_udacity
from tests.raw_simulator import jpeg

CLIENT = "socket.io-client@2.5.0"
REVISIONS = (3, 4)


class Weaves:
    """A policy whose every steering is another."""

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        return np.array([np.sin(tick.step / 7), 0.0, 0.0], np.float32)


class UnreachableError(Exception):
    """Npm could not fetch the client, and what it said."""


def install(folder: Path) -> Path:
    """Npm's packages, and where they are; UnreachableError without a network."""
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), CLIENT],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UnreachableError(done.stderr.strip())
    return folder / "node_modules"


def drive(modules: Path, session: Path, revision: int, frames: int) -> list[dict[str, str]]:
    """Serve one such simulator until it has sent its telemetries; returns every command that it was given."""
    port = free_port()
    with ThreadPoolExecutor(1) as pool:
        client = pool.submit(_simulate, modules, port, revision, frames)
        identity = {"name": "weaves", "sha256": ""}
        wanted = Wanted(Weaves(), identity, "127.0.0.1", port, session, headless=True, episodes=1)
        drive_udacity(wanted, Console(quiet=True))
        return client.result()


def _simulate(modules: Path, port: int, revision: int, frames: int) -> list[dict[str, str]]:
    done = subprocess.run(
        ["node", str(Path(__file__).with_suffix(".js")), str(port), str(revision), str(frames)],
        input=jpeg(),
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        timeout=60 + frames / 10,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def check(session: Path, commands: list[dict[str, str]], frames: int) -> None:
    """What was recorded last is what the simulator was told, to the last digit."""
    *_, episode = open_session(session).episodes
    assert commands[0] == {"steering_angle": "0.000000", "throttle": "0.000000"}  # to begin with a fresh picture
    assert len(commands) == frames
    assert episode.attrs["end"] == "truncated"
    assert episode.observation.shape == (frames - 1, 160, 320, 3)
    for action, command in zip(episode.action, commands[1:], strict=True):
        assert command == {"steering_angle": f"{action[0]:.6f}", "throttle": f"{action[1] - action[2]:.6f}"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        modules = install(Path(folder))
        for revision in REVISIONS:
            began = time.monotonic()
            session = Path(folder) / "session.zarr"
            check(session, drive(modules, session, revision, frames), frames)
            seconds = time.monotonic() - began
            print(f"{CLIENT} announcing EIO={revision}: {frames} telemetries in {seconds:.1f} s, recorded as told")


if __name__ == "__main__":
    main()
