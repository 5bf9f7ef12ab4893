"""One connection of the Udacity simulator: who spoke last, whose turn it is, and when the car must be let go.

The simulator has no clock. Every answer makes it send one telemetry, and in between its physics hold the last command,
for ever if nobody speaks. So one answer at a time is under way, what nobody asked for is dropped, and whenever a second
passes without a word the car is let go.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from teleop.worlds.udacity_protocol import (
    CONNECTED,
    MANUAL,
    DrivenByHand,
    Goodbye,
    Ping,
    Telemetry,
    is_event,
    opening,
    packet,
    steer,
)

SILENCE_S = 1.0
"""Longer than any frame takes: an answer was lost, or whoever drives hangs."""
DOUBLE_S = 0.1
"""The simulator begins by sending its telemetry twice within a millisecond; after a silence it sends one for every
answer it missed."""
FORGOTTEN_S = 90.0
"""Without a word. Its first ping after a reconnect takes 25 s."""

FAREWELL_S = 1.0

SILENT = "The simulator does not answer"
BY_HAND = "Somebody drives by the simulator's own keys"
HUNG = "The car was let go: nobody drove for a second"


class Listener(Protocol):
    """Who is told, by the thread that the conversation runs in."""

    def saw(self, conversation: Conversation, telemetry: Telemetry) -> None:
        """This may be answered."""

    def lost(self, conversation: Conversation, why: str) -> None:
        """What was seen may no longer be answered."""

    def gone(self, conversation: Conversation) -> None:
        """It is over."""


class Conversation:
    """Talks to one simulator, on the event loop that its socket lives in."""

    def __init__(self, socket: ServerConnection, listener: Listener) -> None:
        self._socket, self._listener = socket, listener
        self._events = asyncio.get_running_loop()
        self._asked = True
        """A telemetry is under way; the first one comes by itself."""
        self._several = True
        """More than one may be."""
        self._telemetry: Telemetry | None = None
        self._moving = False
        """The car holds a command other than rest."""
        self._watchdog: asyncio.TimerHandle | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until either side hangs up, or it says nothing for too long."""
        try:
            with suppress(ConnectionClosed, TimeoutError):
                await self._socket.send(opening(uuid.uuid4().hex))
                await self._socket.send(CONNECTED)
                while await self._hear():
                    pass
        finally:
            self._stop_timers()
            self._listener.gone(self)

    async def _hear(self) -> bool:
        """One message; False when it was the last. Whoever does not read what we say to that is not heard either."""
        async with asyncio.timeout(FORGOTTEN_S):
            message = await self._socket.recv()
            said = packet(message) if self._asked or not is_event(message) else None
            if isinstance(said, Ping):
                await self._socket.send(said.pong)
            elif isinstance(said, DrivenByHand):
                self._by_hand()
                await self._socket.send(MANUAL)
            elif isinstance(said, Telemetry):
                self._take(said)
        return not isinstance(said, Goodbye)

    def answer(self, steering: float, throttle: float) -> None:
        """Drive on from what was seen last."""
        assert self._telemetry
        self._several |= self._asked
        self._asked, self._moving = True, bool(steering or throttle)
        self._send(steer(steering, throttle, self._telemetry.decimal_mark))
        self._watch()

    def let_go(self) -> None:
        """Neither gas nor steering, unless that was said and the answer is awaited."""
        if self._telemetry and (self._moving or not self._asked):
            self.answer(0.0, 0.0)

    async def leave(self) -> None:
        """Let go of the car, and hang up."""
        if self._telemetry:
            self.answer(0.0, 0.0)
            await asyncio.wait(self._sending, timeout=FAREWELL_S)
        self._asked = False  # so whatever it still says is not listened to
        self._stop_timers()
        await self._socket.close()

    def _by_hand(self) -> None:
        self._listener.lost(self, BY_HAND)
        self._moving = False
        self._watch()

    def _take(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        if not self._several:
            self._saw()
        elif not self._settling:
            self._settling = self._events.call_later(DOUBLE_S, self._saw)

    def _saw(self) -> None:
        assert self._telemetry
        self._settling = None
        self._asked = self._several = False
        self._listener.saw(self, self._telemetry)
        self._watch()

    def _watch(self) -> None:
        """A second from now."""
        if self._watchdog:
            self._watchdog.cancel()
        self._watchdog = self._events.call_later(SILENCE_S, self._let_go_of_a_forgotten_car)

    def _let_go_of_a_forgotten_car(self) -> None:
        if self._asked:
            self._listener.lost(self, SILENT)
            self._moving = True  # whatever was lost, say it again
        elif self._moving:
            self._listener.lost(self, HUNG)
        self.let_go()

    def _stop_timers(self) -> None:
        for timer in (self._watchdog, self._settling):
            if timer:
                timer.cancel()

    def _send(self, message: str) -> None:
        """In order; a simulator that does not read holds up nobody."""
        task = self._events.create_task(self._sent(message))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _sent(self, message: str) -> None:
        with suppress(ConnectionClosed):
            await self._socket.send(message)
