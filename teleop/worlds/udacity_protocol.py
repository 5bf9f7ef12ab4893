"""What the Udacity simulator says, and how it is answered: Engine.IO 3 and Socket.IO 2, as text messages.

The simulator announces Engine.IO 4 and speaks 3: it never sends the CONNECT that Socket.IO 3 and later wait for, so
that current Socket.IO servers say "connected" and nothing ever moves. The few packets there are:

    >  0{"sid":...}  then  40                                    we open
    <  42["telemetry",{"steering_angle":"0.0000",...}]           numbers are strings; null while it is driven by hand
    >  42["steer",{"steering_angle":"0.125000","throttle":"0.300000"}]
    >  42["manual",{}]                                           asks for the next telemetry, no more
    <  2      >  3                                               ping, pong
"""

from __future__ import annotations

import io
import json
import math
from base64 import b64decode
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pictures

from teleop.frame import Image
from teleop.udacity import OBSERVATION_SHAPE

CONNECTED = "40"
MANUAL = '42["manual",{}]'
EVENT = "42"
PING_INTERVAL_MS = 25_000
PING_TIMEOUT_MS = 60_000
GROUP_MARKS = str.maketrans("", "", " '\u00a0\u202f\u2019")
"""What cultures write between thousands, beside comma and full stop."""
NOT_A_PICTURE = (OSError, ValueError, SyntaxError, Pictures.DecompressionBombError, Pictures.DecompressionBombWarning)
"""What pillow raises for bytes that are no JPEG, or one of too many pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Telemetry:
    """What the car does and sees."""

    observation: Image
    """uint8 (160, 320, 3) RGB: the camera in the middle."""
    steering_deg: float
    """Of the wheels, -25 (left) to 25. Commands are normalised to [-1, 1] instead."""
    throttle: float
    """0 to 1; braking does not show."""
    speed_mph: float
    """At least 0."""
    decimal_mark: str
    """"." or ",": how the simulator's machine writes numbers, and so how it reads them."""


@dataclass(frozen=True, slots=True)
class DrivenByHand:
    """A telemetry without anything in it: somebody drives by the simulator's own keys."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Wants `pong`."""

    pong: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The simulator leaves."""


Packet = Telemetry | DrivenByHand | Ping | Goodbye


def opening(session: str) -> str:
    """The first packet of a connection, with its name."""
    offer = {"sid": session, "upgrades": [], "pingInterval": PING_INTERVAL_MS, "pingTimeout": PING_TIMEOUT_MS}
    return "0" + json.dumps(offer, separators=(",", ":"))


def is_event(message: str | bytes) -> bool:
    """It is a telemetry, or pretends to be: nothing else is long."""
    return isinstance(message, str) and message.startswith(EVENT)


def packet(message: str | bytes) -> Packet | None:
    """What a message says; None for all that is to be ignored, which is everything malformed too."""
    if isinstance(message, bytes):
        return None
    if message.startswith(EVENT):
        return _event(message[len(EVENT) :])
    if message.startswith("2"):
        return Ping("3" + message[1:]) if message in ("2", "2probe") else None
    return Goodbye() if message in ("1", "41") else None


def steer(steering: float, throttle: float, decimal_mark: str) -> str:
    """The command: `steering` in [-1 left, 1 right], `throttle` in [-1, 1], negative is brake, and reverse below 5 mph.

    Both as strings, written as the simulator's machine reads them: with a full stop a German one takes 0.125 for 125,
    full lock, and a French one stalls for ever, as every simulator does over a number that is no string or not finite.
    """
    numbers = {"steering_angle": steering, "throttle": throttle}
    if not all(math.isfinite(number) for number in numbers.values()):
        raise ValueError(f"a command is finite; got steering {steering}, throttle {throttle}")
    written = {
        name: f"{min(max(number, -1.0), 1.0):.6f}".replace(".", decimal_mark) for name, number in numbers.items()
    }
    return EVENT + json.dumps(["steer", written], separators=(",", ":"))


def number(text: str) -> float:
    """A number with four decimals in any culture: the last comma or full stop is its decimal mark. ValueError if it
    is not a finite one."""
    mark = decimal_mark(text)
    whole, _, decimals = text.translate(GROUP_MARKS).rpartition(mark)
    value = float(f"{whole.replace(',', '').replace('.', '')}.{decimals}".replace("\u2212", "-"))
    if not math.isfinite(value):
        raise ValueError(f"a number is finite; got {text!r}")
    return value


def decimal_mark(text: str) -> str:
    """The last comma or full stop. ValueError where there is none: the simulator always writes four decimals."""
    marks = [character for character in text if character in ",."]
    if not marks:
        raise ValueError(f"the simulator writes numbers with four decimals; got {text!r}")
    return marks[-1]


def _event(text: str) -> Packet | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, list) or not event or event[0] != "telemetry":
        return None
    said = event[1] if len(event) > 1 else None
    if not said:
        return DrivenByHand()
    return _telemetry(said) if isinstance(said, dict) else None


def _telemetry(said: dict[str, object]) -> Telemetry | None:
    try:
        speed = _text(said, "speed")
        return Telemetry(
            observation=picture(b64decode(_text(said, "image"), validate=True)),
            steering_deg=number(_text(said, "steering_angle")),
            throttle=number(_text(said, "throttle")),
            speed_mph=max(0.0, number(speed)),
            decimal_mark=decimal_mark(speed),
        )
    except NOT_A_PICTURE:  # nor a number, nor base64
        return None


def _text(said: dict[str, object], name: str) -> str:
    text = said.get(name)
    if not isinstance(text, str):
        raise ValueError(f"telemetry has the text {name}; got {type(text).__name__}")
    return text


def picture(jpeg: bytes) -> Image:
    """uint8 (160, 320, 3) RGB. ValueError or OSError for anything but such a JPEG; its size is known before it is
    decoded, so that no picture takes more memory than that."""
    height, width, _ = OBSERVATION_SHAPE
    with Pictures.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        if image.size != (width, height) or image.mode != "RGB":
            raise ValueError(f"the camera's picture is {width} x {height} RGB; got {image.size} {image.mode}")
        return np.array(image, np.uint8)
