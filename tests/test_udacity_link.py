"""The line to the Udacity simulator, against its bytes on a socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from teleop.errors import UserError
from teleop.worlds import udacity_conversation
from teleop.worlds.udacity_conversation import BY_HAND, HUNG, SILENT
from teleop.worlds.udacity_link import GONE, LARGEST_MESSAGE, WAITING, Link, Seen
from tests.raw_simulator import PATIENCE_S, TEXT, HungUp, RawSimulator, telemetry

AT_REST = ("0.000000", "0.000000")
SOON_S = 0.3
"""In place of a second, for what takes a while."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not taken for a silent simulator."""
    monkeypatch.setattr(udacity_conversation, "SILENCE_S", PATIENCE_S)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed sooner."""
    monkeypatch.setattr(udacity_conversation, "SILENCE_S", SOON_S)


@pytest.fixture
def link() -> Iterator[Link]:
    with Link(port=0) as link:
        yield link


@pytest.fixture
def simulator(link: Link) -> Iterator[RawSimulator]:
    """Connected, and seen."""
    with RawSimulator(link.port) as simulator:
        for _ in range(2):
            simulator.say(telemetry())
        yield simulator


def look(link: Link) -> Seen:
    seen = link.look(PATIENCE_S)
    assert seen
    return seen


class Driver:
    """Answers in a thread, as it waits for what follows."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pool = ThreadPoolExecutor(1)

    def __call__(self, seen: Seen, steering: float, throttle: float) -> Future[Seen | None]:
        return self._pool.submit(self._link.answer, seen, steering, throttle)


@pytest.fixture
def answer(link: Link) -> Driver:
    return Driver(link)


def drive_on(simulator: RawSimulator, answer: Driver, seen: Seen) -> Seen:
    """One frame, which must go as it should."""
    following = answer(seen, 0.25, 0.5)
    assert simulator.hear_command() == ("0.250000", "0.500000")
    simulator.say(telemetry())
    result = following.result(PATIENCE_S)
    assert result
    return result


def test_the_doubled_first_telemetry_is_answered_once(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    seen = look(link)
    assert not link.trouble
    following = answer(seen, 0.25, 0.5)
    assert simulator.hear_command() == ("0.250000", "0.500000")
    assert simulator.hears_nothing(0.2)
    simulator.say(telemetry("11.0000"))
    result = following.result(PATIENCE_S)
    assert result
    assert result.telemetry.speed_mph == 11.0


def test_nobody_speaks_before_the_simulator_has_said_how_it_writes_numbers(link: Link) -> None:
    with RawSimulator(link.port) as simulator:
        link.coast()
        assert simulator.hears_nothing(0.2)
        assert link.trouble == WAITING


def test_a_simulator_that_writes_commas_reads_commas(link: Link, answer: Driver) -> None:
    with RawSimulator(link.port) as simulator:
        simulator.say(telemetry("12,3456"))
        seen = look(link)
        assert seen.telemetry.speed_mph == 12.3456
        answer(seen, 0.125, 0.5)
        assert simulator.hear_command() == ("0,125000", "0,500000")


def test_a_ping_is_answered_at_once(simulator: RawSimulator) -> None:
    simulator.say("2")
    assert simulator.hear() == "3"


def test_only_who_says_nothing_at_all_is_dropped(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udacity_conversation, "FORGOTTEN_S", SOON_S)
    with RawSimulator(link.port) as silent, pytest.raises(HungUp):
        silent.hear()


def test_missing_pings_are_forgiven(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    assert udacity_conversation.FORGOTTEN_S > 3 * 25
    seen = look(link)
    for _ in range(3):
        seen = drive_on(simulator, answer, seen)


def test_who_drives_by_the_simulators_keys_is_left_to_it(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    following = answer(look(link), 0.25, 0.5)
    simulator.hear_command()
    for _ in range(3):
        simulator.say('42["telemetry",null]')
        assert simulator.hear() == '42["manual",{}]'
    assert following.result(PATIENCE_S) is None
    assert link.trouble == BY_HAND
    simulator.say(telemetry())
    drive_on(simulator, answer, look(link))


@pytest.mark.usefixtures("impatient")
def test_a_car_that_nobody_drives_is_let_go(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    seen = drive_on(simulator, answer, look(link))
    assert simulator.hear_command() == AT_REST
    assert link.trouble == HUNG
    assert answer(seen, 0.25, 0.5).result(PATIENCE_S) is None
    assert simulator.hears_nothing(0.2)
    simulator.say(telemetry())
    drive_on(simulator, answer, look(link))


@pytest.mark.usefixtures("impatient")
def test_a_lost_reply_stalls_nothing(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    following = answer(look(link), 0.25, 0.5)
    assert simulator.hear_command() == ("0.250000", "0.500000")
    assert simulator.hear_command() == AT_REST
    assert following.result(PATIENCE_S) is None
    assert link.trouble == SILENT
    for _ in range(2):  # both, in the end
        simulator.say(telemetry())
    drive_on(simulator, answer, look(link))


def test_letting_go_is_said_once(simulator: RawSimulator, link: Link) -> None:
    look(link)
    for _ in range(3):
        link.coast()
    assert simulator.hear_command() == AT_REST
    assert simulator.hears_nothing(0.2)


def test_a_simulator_may_come_back(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    seen = look(link)
    simulator.close()
    assert answer(seen, 0.25, 0.5).result(PATIENCE_S) is None
    assert link.trouble == GONE
    with RawSimulator(link.port) as again:
        again.say(telemetry())
        drive_on(again, answer, look(link))


def test_the_newest_simulator_is_driven_and_the_older_let_go(
    simulator: RawSimulator, link: Link, answer: Driver
) -> None:
    seen = drive_on(simulator, answer, look(link))
    with RawSimulator(link.port) as newest:
        newest.say(telemetry())
        assert simulator.hear_command() == AT_REST
        with pytest.raises(HungUp):
            simulator.hear()
        assert answer(seen, 0.25, 0.5).result(PATIENCE_S) is None
        drive_on(newest, answer, look(link))


def test_the_end_lets_go_of_the_car(simulator: RawSimulator, link: Link, answer: Driver) -> None:
    drive_on(simulator, answer, look(link))
    link.close()
    assert simulator.hear_command() == AT_REST
    with pytest.raises(HungUp):
        simulator.hear()


def test_a_taken_port_is_told_with_the_remedy(link: Link) -> None:
    with pytest.raises(UserError, match=f"port {link.port} on 127.0.0.1 is taken"):
        Link(port=link.port)


def test_an_address_of_another_machine_is_told_too() -> None:
    with pytest.raises(UserError, match="can't be listened on"):
        Link(host="192.0.2.1", port=0)


def test_nothing_listens_beyond_this_machines_own_address(link: Link) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", link.port), timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("address", "headers", "answer"),
    [
        ("/socket.io/?EIO=4&transport=websocket", {"Origin": "https://example.org"}, "403"),
        ("/socket.io/?EIO=4&transport=websocket", {"Origin": "http://127.0.0.1:4567"}, "403"),
        ("/socket.io/?EIO=4&transport=websocket", {"Origin": "null"}, "403"),
        ("/?EIO=4&transport=websocket", {}, "404"),
        ("/socket.io/?EIO=5&transport=websocket", {}, "400"),
        ("/socket.io/?transport=websocket", {}, "400"),
        ("/socket.io/?EIO=3&transport=polling", {"Upgrade": "none", "Connection": "close"}, "426"),
    ],
)
def test_only_a_simulator_may_connect(link: Link, address: str, headers: dict[str, str], answer: str) -> None:
    with pytest.raises(HungUp, match=answer):
        RawSimulator(link.port, address, headers)


def garbage(link: Link) -> None:
    for content in (os.urandom(3000), b"GET / HTTP/1.1\r\n\r\n", b"GET /socket.io/ HTTP/1.1\r\n" + b"X: y\r\n" * 9999):
        with socket.create_connection(("127.0.0.1", link.port)) as stranger, suppress(ConnectionError):
            stranger.sendall(content)


def broken_frames(link: Link) -> None:
    for head, content in ((0xFF, b"reserved"), (0x80 | TEXT, b"\xff\xfe"), (0x80, b"nothing to continue"), (0x82, b"")):
        with RawSimulator(link.port) as stranger, suppress(ConnectionError):
            stranger.send(head, content)


def nonsense(link: Link) -> None:
    with RawSimulator(link.port) as stranger:
        for message in ("", "42", "x" * 70_000, "42" + "[" * 70_000, telemetry(image="//8="), telemetry(speed="fast")):
            stranger.send(0x80 | TEXT, message.encode())


def a_hundred_megabytes(link: Link) -> None:
    with RawSimulator(link.port) as stranger, suppress(ConnectionError):
        stranger.send(0x80 | TEXT, b"42" + bytes(LARGEST_MESSAGE), length=100 * 2**20)
        with pytest.raises(HungUp, match="1009"):
            stranger.hear()


def a_hundred_megabytes_bit_by_bit(link: Link) -> None:
    with RawSimulator(link.port) as stranger, suppress(ConnectionError):
        stranger.send(TEXT, b"42")
        for _ in range(100):
            stranger.send(0, bytes(2**20))
    assert link.trouble == ""


def too_slow_to_matter(link: Link) -> None:
    with socket.create_connection(("127.0.0.1", link.port)) as stranger:
        stranger.sendall(b"G")
    with RawSimulator(link.port) as stranger:
        stranger.socket.sendall(b"\x01")


def hands_from_elsewhere(link: Link) -> None:
    with RawSimulator(link.port) as stranger:
        stranger.say('42["telemetry",null]')
        assert stranger.hear() == '42["manual",{}]'


@pytest.mark.parametrize(
    "attack",
    [
        garbage,
        broken_frames,
        nonsense,
        a_hundred_megabytes,
        a_hundred_megabytes_bit_by_bit,
        too_slow_to_matter,
        hands_from_elsewhere,
    ],
    ids=lambda attack: attack.__name__,
)
def test_a_stranger_neither_moves_nor_stops_the_car(attack, simulator, link, answer) -> None:  # type: ignore[no-untyped-def]
    seen = drive_on(simulator, answer, look(link))
    attack(link)
    seen = drive_on(simulator, answer, seen)
    assert not link.trouble
