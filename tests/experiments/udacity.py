"""Whether PilotNet drives in its own world: `python -m tests.experiments.udacity`.

The simulator is our stand-in, `tests.udacity_sim`; the rest are the commands that a user has. Eight roads are driven
along and recorded as the simulator's log, which is imported; PilotNet learns from it, and then steers, through the
simulator's own protocol, on five roads nobody recorded. Whoever gets more than a metre off the middle is put back
there: an intervention. A checkpoint that never steers drives the same roads, to show that they have to be steered.

The cell in .github/results/udacity/ keeps data, recipe and figures; it is skipped where it is there, unless the code
has changed and `--again` is asked for. The README's table is drawn from it between its `udacity` markers.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from policy.checkpoint import load_checkpoint, save_checkpoint
from policy.saliency import overlaid, saliency
from policy.vision import Vision
from teleop.autonomy import Autonomy
from teleop.frame import COAST
from teleop.session import open_session
from tests.experiments.cells import (
    MEDIA,
    RESULTS,
    WORK,
    Cell,
    code_digest,
    command,
    cpu_of_children_s,
    due,
    load,
    rounded,
    save,
    write_table,
)
from tests.lessons import constant_checkpoint
from tests.npm_simulator import free_port
from tests.udacity_sim.cameras import Cameras
from tests.udacity_sim.car import Car
from tests.udacity_sim.driving_log import DrivingLog
from tests.udacity_sim.ground import Scenery
from tests.udacity_sim.road import Road
from tests.udacity_sim.simulator import Simulator

CELL = RESULTS / "udacity" / "closed_loop.json"
PICTURE = MEDIA / "udacity.png"
UDACITY = WORK / "udacity"
CODE = (
    "policy/*.py",
    "teleop/drivers/governor.py",
    "teleop/exchange/*.py",
    "teleop/loop.py",
    "teleop/worlds/udacity*.py",
    "tests/udacity_sim/*.py",
)
RECORDED, RECORDED_S = range(8), 45.0
"""Roads, and how long each is driven along."""
UNSEEN, DRIVEN_S = range(1000, 1005), 120.0
"""Roads, and how long each is driven: ten minutes in all, as in the paper's example."""
RECIPE = ("--arch", "pilotnet", "--steps", "800", "--seed", "0")
STRAIGHT_S = 20.0
"""On every road, by a checkpoint that never steers ..."""
STRAIGHT = Vision(66, 66, rows=75, speed=False, world="Udacity")
"""... whatever it sees."""
GAP = 8
"""Pixels between pictures."""
SHOWN, SHOWN_AT = 1003, 150
"""An unseen road, and the place along it that is pictured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--again", action="store_true", help="measure anew, the code has changed")
    if due(CELL, CODE, parser.parse_args().again):
        measure()
    write_table("udacity", table_lines(load(CELL)))


def measure() -> None:
    """Record, import, train, drive."""
    shutil.rmtree(UDACITY, ignore_errors=True)
    UDACITY.mkdir(parents=True)
    log, session, checkpoint = UDACITY / "log", UDACITY / "recorded.zarr", UDACITY / "pilotnet.safetensors"
    code, told = code_digest(CODE), recorded(log)
    command("teleop", "import", "udacity", str(log), str(session))
    before = cpu_of_children_s()
    command("policy", "train", *RECIPE, "--out", str(checkpoint), str(session))
    train_cpu_s = cpu_of_children_s() - before
    straight = UDACITY / "straight.safetensors"
    save_checkpoint(constant_checkpoint(COAST, STRAIGHT), straight)
    cell = {
        "code": code,
        "data": told | {"episodes": len(open_session(session).episodes)},
        "recipe": " ".join(RECIPE),
        "train_cpu_s": train_cpu_s,
        "pilotnet": driven(checkpoint, DRIVEN_S),
        "straight_on": driven(straight, STRAIGHT_S),
    }
    save(CELL, rounded(cell))
    draw_picture(checkpoint)


def recorded(folder: Path) -> Cell:
    """Drive along the roads that are learned from, and say what became of it."""
    log = DrivingLog(folder)
    for seed in RECORDED:
        log.record(seed, RECORDED_S)
    rows = (folder / "driving_log.csv").read_text().splitlines()
    steering = [row.split(",")[3] for row in rows]
    return {
        "roads": list(RECORDED),
        "seconds": RECORDED_S * len(RECORDED),
        "rows": len(rows),
        "pictures": 3 * len(rows),
        "steering_sha256": hashlib.sha256("\n".join(steering).encode()).hexdigest(),
    }


def driven(checkpoint: Path, seconds: float) -> list[Cell]:
    """Every unseen road, by the command that a user has; what it recorded is verified."""
    session, port = UDACITY / f"{checkpoint.stem}-driven.zarr", free_port()
    options = ("--headless", "--port", str(port), "--session", str(session))
    teleop = Path(sys.executable).with_name("teleop")
    with subprocess.Popen([teleop, "udacity", "--learner", checkpoint, *options]) as server:
        try:
            roads = [road_driven(seed, port, seconds) for seed in UNSEEN]
        finally:
            server.terminate()
    command("teleop", "verify", str(session))
    rows = sum(episode.committed for episode in open_session(session).episodes)
    print(f"{rows} of {sum(road['frames'] for road in roads)} frames recorded", flush=True)
    return roads


def road_driven(seed: int, port: int, seconds: float) -> Cell:
    """One unseen road."""
    figures = Simulator(seed).drive(port, seconds).figures()
    print(f"road {seed}: {figures}", flush=True)
    return {"road": seed, **figures}


def table_lines(cell: Cell) -> Iterator[str]:
    yield "| driven by | road | distance | time | interventions | from the middle, mean | at most | autonomy |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for road in cell["pilotnet"]:
        yield table_row("PilotNet", str(road["road"]), [road])
    yield table_row("PilotNet", "all", cell["pilotnet"])
    yield table_row("nobody: straight on", "all", cell["straight_on"])


def table_row(who: str, which: str, roads: Sequence[Cell]) -> str:
    elapsed_s = sum(road["elapsed_s"] for road in roads)
    interventions = sum(road["interventions"] for road in roads)
    mean_m = sum(road["mean_offset_m"] * road["frames"] for road in roads) / sum(road["frames"] for road in roads)
    figures = (
        f"{sum(road['distance_m'] for road in roads) / 1000:.2f} km",
        f"{elapsed_s:.0f} s",
        f"{interventions}",
        f"{mean_m:.2f} m",
        f"{max(road['largest_offset_m'] for road in roads):.2f} m",
        f"**{Autonomy(elapsed_s, interventions).autonomy:.1%}**",
    )
    return "| " + " | ".join((who, which, *figures)) + " |"


def draw_picture(checkpoint: Path) -> None:
    """What the three cameras see of an unseen road, and what of the middle one's picture counts for the steering."""
    learned = load_checkpoint(checkpoint)
    road = Road.of_seed(SHOWN)
    cameras, car = Cameras(Scenery.of(road, SHOWN)), Car.at(road, SHOWN_AT)
    left, center, right = (cameras.picture(car, name) for name in ("left", "center", "right"))
    looked_at = overlaid(center, saliency(learned.build(), learned.vision, center))
    beside, above = np.full((len(center), GAP, 3), 255, np.uint8), np.full((GAP, 640 + GAP, 3), 255, np.uint8)
    sheet = np.vstack([np.hstack([left, beside, right]), above, np.hstack([center, beside, looked_at])])
    Pillow.fromarray(sheet).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
