"""What the Udacity simulator says and reads, in every culture."""

from __future__ import annotations

import base64
import json
import math

import pytest

from teleop.worlds.udacity_protocol import (
    DrivenByHand,
    Goodbye,
    Ping,
    Telemetry,
    decimal_mark,
    number,
    opening,
    packet,
    steer,
)
from tests.raw_simulator import jpeg, telemetry


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.3456", 12.3456),
        ("12,3456", 12.3456),
        ("-0.0871", -0.0871),
        ("\u22120,0871", -0.0871),
        ("1,234.5678", 1234.5678),
        ("1.234,5678", 1234.5678),
        ("1\u00a0234,5678", 1234.5678),
        ("1\u202f234,5678", 1234.5678),
        ("1\u2019234.5678", 1234.5678),
    ],
)
def test_a_number_is_read_in_any_culture(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "12", "NaN", "abc,1", "\u221e", "Infinity.0000", "1e400.0", "0x1.0"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        number(text)


def test_a_command_is_two_strings_as_the_simulators_machine_writes_numbers() -> None:
    assert steer(0.125, -0.3, ".") == '42["steer",{"steering_angle":"0.125000","throttle":"-0.300000"}]'
    assert steer(0.125, 1e-9, ",") == '42["steer",{"steering_angle":"0,125000","throttle":"0,000000"}]'


def test_a_command_is_clipped_and_never_anything_but_a_number() -> None:
    assert steer(7.0, -7.0, ".") == '42["steer",{"steering_angle":"1.000000","throttle":"-1.000000"}]'
    for wrong in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="finite"):
            steer(wrong, 0.0, ".")


def test_telemetry_is_a_picture_and_three_numbers() -> None:
    said = packet(telemetry("12,3456", shade=200, steering_angle="-25,0000", throttle="0,5000"))
    assert isinstance(said, Telemetry)
    assert said.observation.shape == (160, 320, 3)
    assert abs(float(said.observation[60:100, 100:220].mean()) - 200) < 2
    assert (said.steering_deg, said.throttle, said.speed_mph) == (-25.0, 0.5, 12.3456)
    assert said.decimal_mark == decimal_mark("12,3456") == ","


@pytest.mark.parametrize("nothing", ["null", "{}", "[]"])
def test_telemetry_without_anything_in_it_says_that_somebody_drives_by_hand(nothing: str) -> None:
    assert packet(f'42["telemetry",{nothing}]') == DrivenByHand()
    assert packet('42["telemetry"]') == DrivenByHand()


def test_pings_are_answered_and_goodbyes_heard() -> None:
    assert packet("2") == Ping("3")
    assert packet("2probe") == Ping("3probe")
    assert packet("41") == packet("1") == Goodbye()
    assert json.loads(opening("abc")[1:])["sid"] == "abc"


def encoded(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


@pytest.mark.parametrize(
    "message",
    [
        "",
        "3",
        "40",
        "42",
        "42[]",
        "42{}",
        "42[1",
        "42" + "[" * 200_000,
        '42["telemetry",7]',
        '42["telemetry",[1]]',
        '42["boom",{}]',
        '42["telemetry",{"speed":' + "9" * 10_000 + "}]",
        b"42",
        telemetry(speed="fast0.000"),
        telemetry(speed="NaN.0000"),
        telemetry(throttle=0.5),
        telemetry(image=None),
        telemetry(image="%%%"),
        telemetry(image=encoded(b"no picture at all")),
        telemetry(image=encoded(jpeg()[:500])),
        telemetry(image=encoded(jpeg(size=(64, 64)))),
        telemetry(image=encoded(jpeg(kind="PNG"))),
        telemetry(image=encoded(jpeg().replace(b"\x00\xa0\x01\x40", b"\xff\xff\xff\xff", 1))),
    ],
    ids=lambda message: str(message[:30]),
)
def test_anything_else_is_ignored(message: str | bytes) -> None:
    assert packet(message) is None
