"""The simulator's autonomous mode: it connects to the server at port 4567 and drives as that tells it.

It speaks as Udacity's program does: Engine.IO 3 announced as 4, no Socket.IO CONNECT, numbers as text, telemetry twice
at first and then once an answer, messages cut into frames of 1016 bytes, and silence after a command it can't read.
What it adds is a referee: more than a metre off the middle, somebody has to intervene and puts the car back.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.udacity_sim.cameras import Cameras
from tests.udacity_sim.car import Car
from tests.udacity_sim.driver import clipped
from tests.udacity_sim.driving_log import jpeg
from tests.udacity_sim.ground import Scenery
from tests.udacity_sim.road import Road

PATH = "/socket.io/?EIO=4&transport=websocket"
FRAGMENT_BYTES = 1016
FRAME_S = 0.05
"""Of the car's time, between two telemetry messages: what the simulator's own C# was seen to reach."""
OFF_M = 1.0
"""From the middle: the published definition of an intervention."""
DEGREES = 25.0
"""Of the front wheels at steering 1."""
PATIENCE_S = 30.0
"""For the server to be there, and for each of its answers."""


@dataclass
class Drive:
    """One road driven by the server's policy, in the car's time."""

    frames: int = 0
    elapsed_s: float = 0.0
    distance_m: float = 0.0
    interventions: int = 0
    offsets_m: list[float] = field(default_factory=list)
    """From the middle, one a frame."""

    def figures(self) -> dict[str, float]:
        """What is worth keeping."""
        off = np.abs(self.offsets_m)
        return {
            "frames": self.frames,
            "elapsed_s": self.elapsed_s,
            "distance_m": self.distance_m,
            "interventions": self.interventions,
            "mean_offset_m": float(off.mean()),
            "largest_offset_m": float(off.max()),
        }


class Simulator:
    """A car on the road of a seed, driven from the other end of a socket."""

    def __init__(self, seed: int, radius_m: float = 90.0) -> None:
        self.road = Road.of_seed(seed, radius_m)
        self.car = Car.at(self.road)
        self._cameras = Cameras(Scenery.of(self.road, seed))
        self._steering, self._throttle = 0.0, 0.0

    def drive(self, port: int, seconds: float) -> Drive:
        """Connect, be driven for so long of the car's time, and quit; TimeoutError when no answer comes."""
        drive = Drive()
        with connected(port) as socket:
            self._send_telemetry(socket)  # once because the socket is open,
            for packet in packets(socket):
                if packet == "2":
                    socket.send("3")
                elif packet.startswith("0"):
                    socket.send("2")
                    self._send_telemetry(socket)  # and once because Engine.IO is
                elif packet.startswith("42"):
                    self._obey(json.loads(packet[2:]), drive)
                    if drive.elapsed_s >= seconds:
                        break
                    self._send_telemetry(socket)
            with suppress(ConnectionClosed):  # who hears the first may hang up before the second
                for goodbye in ("41", "1"):
                    socket.send(goodbye)
        return drive

    def _obey(self, event: Sequence[Any], drive: Drive) -> None:
        """A frame goes by under the last command while this one is on its way."""
        self._advance(drive)
        name, told = event
        if name == "steer":
            self._steering, self._throttle = number(told["steering_angle"]), number(told["throttle"])

    def _advance(self, drive: Drive) -> None:
        self.car.drive(self._steering, self._throttle, FRAME_S)
        place = self.road.place(self.car.x, self.car.y)
        drive.frames += 1
        drive.elapsed_s = drive.frames * FRAME_S
        drive.distance_m += abs(self.car.speed_m_s) * FRAME_S
        drive.offsets_m.append(place.offset_m)
        if abs(place.offset_m) > OFF_M:
            drive.interventions += 1
            self.car = Car.at(self.road, place.along, self.car.speed_m_s)

    def _send_telemetry(self, socket: ClientConnection) -> None:
        telemetry = {
            "steering_angle": f"{self._steering * DEGREES:,.4f}",
            "throttle": f"{max(self._throttle, 0.0):,.4f}",
            "speed": f"{self.car.speed_mph:,.4f}",
            "image": base64.b64encode(jpeg(self._cameras.picture(self.car))).decode(),
        }
        message = "42" + json.dumps(["telemetry", telemetry])
        socket.send(message[start : start + FRAGMENT_BYTES] for start in range(0, len(message), FRAGMENT_BYTES))


def connected(port: int) -> ClientConnection:
    """The socket, as soon as the server is there: the simulator tries again and again, too."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return connect(
                f"ws://127.0.0.1:{port}{PATH}",
                compression=None,
                user_agent_header="websocket-sharp/1.0",
                ping_interval=None,
                proxy=None,
            )
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def packets(socket: ClientConnection) -> Iterator[str]:
    """What the server says, until the socket closes."""
    while True:
        yield str(socket.recv(PATIENCE_S))


def number(text: Any) -> float:
    """A command as the simulator reads it: it wants text, and where it can't be read, no telemetry ever comes again."""
    if not isinstance(text, str):
        raise TypeError(f"the simulator would stall: commands are numbers as text; got {text!r}")
    return clipped(float(text))
