"""The Udacity simulator as bytes on a socket: what its own client sends, fragments of 1016 bytes included."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

ADDRESS = "/socket.io/?EIO=4&transport=websocket"
FRAGMENT = 1016
TEXT, CONTINUATION, CLOSE = 1, 0, 8
PATIENCE_S = 60.0
"""For a busy machine; nothing here is timed."""


@cache
def jpeg(shade: int = 0, size: tuple[int, int] = (320, 160), kind: str = "JPEG") -> bytes:
    """A picture whose middle is as bright as `shade`."""
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    pixels[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4] = shade
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def telemetry(speed: str = "10.0000", shade: int = 0, **changed: object) -> str:
    """A message; `changed` replaces its fields."""
    zero = "0,0000" if "," in speed else "0.0000"
    said = {"steering_angle": zero, "throttle": zero, "speed": speed, "image": base64.b64encode(jpeg(shade)).decode()}
    return "42" + json.dumps(["telemetry", said | changed])


class HungUp(Exception):  # noqa: N818
    """The server closed the connection; its argument is the code, or the HTTP answer's first line."""


class RawSimulator:
    """Speaks when the test says so."""

    def __init__(self, port: int, address: str = ADDRESS, headers: Mapping[str, str] | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._bytes = self.socket.makefile("rb")
        lines = {
            "User-Agent": "websocket-sharp/1.0",
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        request = f"GET {address} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(request.encode() + b"\r\n")
        answer = self._bytes.readline().decode().strip()
        while self._bytes.readline().strip():
            pass
        if "101" not in answer:
            self.close()
            raise HungUp(answer)
        assert self.hear().startswith('0{"sid":')
        assert self.hear() == "40"

    def say(self, message: str) -> None:
        """In fragments, as websocket-sharp does."""
        content = message.encode()
        pieces = [content[start : start + FRAGMENT] for start in range(0, len(content), FRAGMENT)]
        for number, piece in enumerate(pieces):
            last = 0x80 * (number == len(pieces) - 1)
            self.send((CONTINUATION if number else TEXT) | last, piece)

    def send(self, head: int, content: bytes, length: int | None = None) -> None:
        """One masked frame; it may lie about its length."""
        length = len(content) if length is None else length
        size = bytes([0x80 | length]) if length < 126 else b"\xff" + struct.pack(">Q", length)
        # A mask of zeros is a mask too.
        self.socket.sendall(bytes([head]) + size + bytes(4) + content)

    def hear(self) -> str:
        """The next message; HungUp when there is none any more."""
        head, size = self._read(2)
        length = size if size < 126 else struct.unpack(">H", self._read(2))[0]
        content = self._read(length)
        if head & 15 == CLOSE:
            raise HungUp(struct.unpack(">H", content[:2])[0])
        return content.decode()

    def hear_command(self) -> tuple[str, str]:
        """(steering, throttle) of the next message."""
        name, said = json.loads(self.hear()[2:])
        assert name == "steer"
        return said["steering_angle"], said["throttle"]

    def hears_nothing(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)
        return False

    def _read(self, count: int) -> bytes:
        content = self._bytes.read(count)
        if len(content) < count:
            raise HungUp("without a word")
        return content

    def close(self) -> None:
        self._bytes.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


Reply = Callable[[int], str | None]
"""From how many commands there were to the next message; None to hang up."""


class DrivenSimulator:
    """Replies to every command in a thread of its own, as the simulator does, and keeps what it was told."""

    def __init__(self, port: int, reply: Reply) -> None:
        self._reply = reply
        self.commands: list[tuple[float, float]] = []
        """(steering, throttle), in order."""
        self._simulator = RawSimulator(port)
        self._thread = threading.Thread(target=self._drive, daemon=True)
        self._thread.start()

    def _drive(self) -> None:
        with self._simulator as simulator:
            for _ in range(2):
                simulator.say(telemetry())
            try:
                while (message := self._answered(simulator)) is not None:
                    simulator.say(message)
            except (HungUp, ConnectionError):
                return

    def _answered(self, simulator: RawSimulator) -> str | None:
        name, said = json.loads(simulator.hear()[2:])
        if name == "steer":
            self.commands.append((float(said["steering_angle"]), float(said["throttle"])))
        return self._reply(len(self.commands))

    def over(self) -> list[tuple[float, float]]:
        """Every command, once either side has hung up."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.commands
