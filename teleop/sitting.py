"""A sitting at the window: ready, drive, over, the next track, until somebody has had enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from teleop import screens
from teleop.bindings import Flow
from teleop.devices.seat import Seat
from teleop.experts import stand_in
from teleop.frame import End
from teleop.hands import every_hand_device
from teleop.session import SessionError
from teleop.settings import load_settings
from teleop.sinks.hud import Hud
from teleop.window import Window

if TYPE_CHECKING:
    from teleop.recording import Recording


class Sitting:
    """A person drives, and is asked between tracks; or the autopilot drives, and nobody is."""

    def __init__(self, recording: Recording, window: Window) -> None:
        self._recording, self._window = recording, window
        self._by_person = recording.config.expert == "human"
        settings = load_settings()
        expert = None if self._by_person else stand_in(recording.config.expert)
        self._seat = Seat(window, every_hand_device(settings), settings.bindings, expert)
        self._hud = Hud(window, recording.world, recording.recorder, self._seat)

    def drive(self, seeds: range) -> Iterator[End]:
        """Episode after episode, until the tracks are driven or the person quits."""
        if not self._ready(seeds[0]):
            return
        for seed in seeds:
            end = self._drive(seed)
            yield end
            if not self._go_on(end, seed + 1 if seed + 1 in seeds else None):
                return

    def _ready(self, first_seed: int) -> bool:
        name = self._recording.recorder.path.name
        return not self._by_person or screens.ready(self._window, self._seat, name, first_seed)

    def _drive(self, seed: int) -> End:
        try:
            return self._recording.drive(seed, self._seat, self._seat.name, self._hud)
        except SessionError as error:
            screens.failed(self._window, self._seat, str(error))
            raise

    def _go_on(self, end: End, next_seed: int | None) -> bool:
        """Whether the next track is to be driven; asks unless that was already said."""
        if self._seat.wants is not None:
            return self._seat.wants is Flow.NEXT
        return not self._by_person or screens.over(self._window, self._seat, end, next_seed)
