"""The line to the Udacity simulator: a server on this machine that it connects to, in a thread of its own.

What breaks the driving (another connection, silence, somebody at the simulator's own keys) begins a new spell; no
answer to what was seen in an older one is ever sent.
"""

from __future__ import annotations

import asyncio
import errno
import http
import logging
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from teleop.errors import UserError
from teleop.udacity import HOST, PORT
from teleop.worlds.udacity_conversation import FAREWELL_S, Conversation
from teleop.worlds.udacity_protocol import Telemetry

PATH = "/socket.io/"
LARGEST_MESSAGE = 2**20
"""Bytes; telemetry has about 20,000."""
HANDSHAKE_S = 5.0
WAITING = "No simulator has connected yet"
REPLACED = "Another simulator has connected"
GONE = "The simulator is gone"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A telemetry, and the spell in which it may be answered."""

    telemetry: Telemetry
    spell: int


class Link:
    """Serves one simulator: the connection that last began to send telemetry.

    UserError when the address can't be listened on.
    """

    def __init__(self, host: str = HOST, port: int = PORT) -> None:
        self._changed = threading.Condition()
        self._spell = 0
        self._trouble = WAITING
        self._seen: Seen | None = None
        """The newest; None while there is nothing to drive."""
        self._taken: Seen | None = None
        """The last one that was given away."""
        self._speaker: Conversation | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._events = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._events.run_forever, name="udacity", daemon=True)
        self._thread.start()
        try:
            self._server = self._call(self._listen(host, port))
        except OSError as error:
            self._stop()
            raise _unusable(host, port, error) from error
        self.port: int = next(iter(self._server.sockets)).getsockname()[1]
        """Where it listens."""

    @property
    def spell(self) -> int:
        """Of uninterrupted driving, counted."""
        return self._spell

    @property
    def trouble(self) -> str:
        """Why there is nothing to drive, in a person's words; empty while there is."""
        return self._trouble

    def look(self, seconds: float) -> Seen | None:
        """The newest telemetry, once; None when none comes within `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._seen not in (None, self._taken), seconds)
            return self._take() if self._seen is not self._taken else None

    def answer(self, seen: Seen, steering: float, throttle: float) -> Seen | None:
        """Drive on from what was seen; returns what follows, or None where the driving broke off.

        `steering` in [-1, 1]; `throttle` in [-1, 1], negative is brake, and reverse below 5 mph.
        """
        with self._changed:
            before = self._seen
            self._events.call_soon_threadsafe(self._pass_on, seen.spell, steering, throttle)
            # Without a limit: the conversation's watchdog ends the spell when nothing follows.
            self._changed.wait_for(lambda: self._seen is not before or self._spell != seen.spell)
            return self._take() if self._spell == seen.spell else None

    def coast(self) -> None:
        """Let go of the car: neither gas nor steering. A new telemetry follows."""
        if speaker := self._speaker:
            self._events.call_soon_threadsafe(speaker.let_go)

    def close(self) -> None:
        """Let go of the car, and stop listening."""
        if self._thread.is_alive():
            self._call(self._leave())
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> Seen | None:
        self._taken = self._seen
        return self._seen

    # What follows runs in the thread of the events.

    async def _listen(self, host: str, port: int) -> Server:
        return await serve(
            self._talk,
            host,
            port,
            origins=[None],  # a web page always says where it comes from; the simulator never does
            process_request=_refusal,
            compression=None,
            ping_interval=None,
            open_timeout=HANDSHAKE_S,
            close_timeout=FAREWELL_S,
            max_size=LARGEST_MESSAGE,
            logger=_nobody_reads(),
        )

    async def _talk(self, socket: ServerConnection) -> None:
        await Conversation(socket, self).run()

    def saw(self, conversation: Conversation, telemetry: Telemetry) -> None:
        """Whoever last began to show what it sees is driven: an older one may be what a scene that was left forgot."""
        before, self._speaker = self._speaker, conversation
        if before not in (None, conversation):
            self._break_off(REPLACED)
            farewell = self._events.create_task(before.leave())
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)
        with self._changed:
            self._seen, self._trouble = Seen(telemetry, self._spell), ""
            self._changed.notify_all()

    def lost(self, conversation: Conversation, why: str) -> None:
        self._speaker = self._speaker or conversation
        if conversation is self._speaker:
            self._break_off(why)

    def gone(self, conversation: Conversation) -> None:
        if conversation is self._speaker:
            self._speaker = None
            self._break_off(GONE)

    def _break_off(self, why: str) -> None:
        with self._changed:
            self._spell, self._seen, self._trouble = self._spell + 1, None, why
            self._changed.notify_all()

    def _pass_on(self, spell: int, steering: float, throttle: float) -> None:
        if self._speaker and spell == self._spell:
            self._speaker.answer(steering, throttle)

    async def _leave(self) -> None:
        if self._speaker:
            await self._speaker.leave()
        self._server.close()
        await self._server.wait_closed()

    def _call(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._events).result()

    def _stop(self) -> None:
        self._events.call_soon_threadsafe(self._events.stop)
        self._thread.join()
        self._events.close()


def _refusal(connection: ServerConnection, request: Request) -> Response | None:
    """For whoever is no Udacity simulator, nor what speaks like one."""
    address = urlsplit(request.path)
    if address.path != PATH:
        return connection.respond(http.HTTPStatus.NOT_FOUND, f"the Udacity simulator connects to {PATH}\n")
    if parse_qs(address.query).get("EIO") not in (["3"], ["4"]):
        return connection.respond(http.HTTPStatus.BAD_REQUEST, "this speaks Engine.IO 3, also where 4 is announced\n")
    return None


def _nobody_reads() -> logging.Logger:
    """What the server says of those who come with garbage is no business of the driver's console."""
    logger = logging.Logger("udacity")
    logger.addHandler(logging.NullHandler())
    return logger


def _unusable(host: str, port: int, error: OSError) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(
            f"port {port} on {host} is taken, and the simulator knows no other than {PORT}: end the other server "
            "(another `teleop udacity`, or a drive.py), then try again"
        )
    return UserError(f"{host}:{port} can't be listened on ({error.strerror}): choose another --host or --port")
