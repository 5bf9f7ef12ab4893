"""Short tones, where there is something to play them on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import numpy as np
import numpy.typing as npt
import pygame

RATE_HZ = 44_100
LOUDNESS = 0.25
"""Of full scale: heard, not startled by."""
EDGE_S = 0.008
"""A tone swells and fades: a square edge clicks."""
STDERR = 2
BUFFER_SAMPLES = 512
"""12 ms between `play` and the loudspeaker."""


class Sound(Enum):
    """What can be heard."""

    COUNT = "count"
    """Three, two, one."""
    GO = "go"
    LAP = "lap"
    """The lap is finished."""
    OFF_ROAD = "off road"
    TAKEN = "taken over"
    GIVEN_BACK = "given back"
    CRASH = "crash"


NOTES: dict[Sound, tuple[tuple[float, float], ...]] = {
    Sound.COUNT: ((440, 0.12),),
    Sound.GO: ((880, 0.35),),
    Sound.LAP: ((523, 0.12), (659, 0.12), (784, 0.3)),
    Sound.OFF_ROAD: ((165, 0.18),),
    Sound.TAKEN: ((587, 0.06), (880, 0.1)),
    Sound.GIVEN_BACK: ((880, 0.06), (587, 0.1)),
    Sound.CRASH: ((220, 0.15), (165, 0.15), (110, 0.35)),
}
"""(pitch in Hz, duration in s) one after another."""


class Sounds:
    """Plays tones; silent where that was asked for, or where there is no audio device."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self._tones: dict[Sound, pygame.mixer.Sound] = {}

    def prepare(self) -> None:
        """Open the audio device and make every tone: it takes a moment that no frame should wait for."""
        if not self.on or self._tones:
            return
        if not open_mixer():
            self.on = False
            return
        self._tones = {sound: pygame.mixer.Sound(buffer=samples(sound).tobytes()) for sound in Sound}

    def play(self, sound: Sound) -> None:
        """Begin `sound` and return at once."""
        self.prepare()
        if self.on:
            self._tones[sound].play()


def open_mixer() -> bool:
    """Whether there is an audio device."""
    try:
        with quiet_stderr():
            # No changes allowed: SDL converts, whatever the device likes.
            pygame.mixer.init(RATE_HZ, size=-16, channels=1, buffer=BUFFER_SAMPLES, allowedchanges=0)
    except pygame.error:
        return False
    return True


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """ALSA tells stderr ten lines about a missing device, below Python; nobody missed one."""
    kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STDERR)
    try:
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)


def samples(sound: Sound) -> npt.NDArray[np.int16]:
    """The mono waveform of `sound`, int16 (n,) at 44,100 Hz."""
    wave = np.concatenate([note(pitch_hz, duration_s) for pitch_hz, duration_s in NOTES[sound]])
    return (wave * LOUDNESS * np.iinfo(np.int16).max).astype(np.int16)


def note(pitch_hz: float, duration_s: float) -> npt.NDArray[np.float64]:
    """A sine with its octave, in [-1, 1], that begins and ends in silence."""
    times = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    wave = 0.8 * np.sin(2 * np.pi * pitch_hz * times) + 0.2 * np.sin(4 * np.pi * pitch_hz * times)
    edge = np.minimum(times, times[-1] - times) / EDGE_S
    return np.asarray(wave * np.clip(edge, 0, 1), np.float64)
