"""What is heard and felt, and when; and that a machine without sound is only silent."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pygame
import pytest

from teleop.frame import COAST, HZ, Frame, Outcome, Source, Start, Tick
from teleop.loop import CRASHED, PAUSED
from teleop.sinks.cues import Cues
from teleop.sounds import RATE_HZ, Sound, Sounds, samples
from tests.fakes import ToyWorld

OUTCOME = ToyWorld().reset(1)
CRASH = replace(OUTCOME, terminated=True)
FINISH = replace(OUTCOME, terminated=True, lap_finished=True)


class Heard(Sounds):
    """Remembers what was played, and plays nothing."""

    def __init__(self) -> None:
        super().__init__(on=False)
        self.played: list[Sound] = []

    def play(self, sound: Sound) -> None:
        self.played.append(sound)


class Hands:
    """Feel what shakes."""

    def __init__(self) -> None:
        self.shaken: list[float] = []

    def rumble(self, strength: float, duration_ms: int) -> None:
        assert duration_ms > 0
        self.shaken.append(strength)


class Drive:
    """Cues, with what is heard and felt of them."""

    def __init__(self, rumble: bool = True) -> None:
        self.heard, self.hands = Heard(), Hands()
        self.cues = Cues(self.hands, self.heard, rumble)
        self.cues.on_start(Start(seed=1, mode="demo", paced=True))

    def wheels(self, wheels: int, steps: int = 1) -> None:
        """On the road, for so many steps."""
        for _ in range(steps):
            self.cues.on_frame(frame_to(replace(OUTCOME, wheels_on_road=wheels)))


def frame_to(result: Outcome) -> Frame:
    return Frame(Tick(0, 0, OUTCOME), {Source.HUMAN: COAST}, Source.HUMAN, COAST, True, 0.0, 0, result)


def test_leaving_the_road_with_the_last_wheel_is_told_once() -> None:
    drive = Drive()
    drive.wheels(4, steps=HZ)
    drive.wheels(1, steps=HZ)
    assert drive.heard.played == []
    drive.wheels(0, steps=HZ)
    assert drive.heard.played == [Sound.OFF_ROAD]
    assert len(drive.hands.shaken) == 1


def test_a_car_that_rattles_along_the_edge_is_told_once_until_it_was_back_for_a_while() -> None:
    drive = Drive()
    drive.wheels(4, steps=HZ)
    for _ in range(5):
        drive.wheels(0)
        drive.wheels(4, steps=20)
    assert drive.heard.played == [Sound.OFF_ROAD]
    drive.wheels(4, steps=30)
    drive.wheels(0)
    assert drive.heard.played == [Sound.OFF_ROAD] * 2


def test_a_car_that_was_not_yet_on_the_road_has_not_left_it() -> None:
    drive = Drive()
    drive.wheels(0, steps=HZ)
    assert drive.heard.played == []


def test_after_a_rewind_onto_the_road_leaving_it_is_news() -> None:
    drive = Drive()
    drive.wheels(4, steps=HZ)
    drive.wheels(0)
    drive.cues.on_idle(Tick(0, 0, replace(OUTCOME, wheels_on_road=4)), PAUSED)
    drive.wheels(0)
    assert drive.heard.played == [Sound.OFF_ROAD] * 2


def test_a_finished_lap_is_heard_and_a_crash_is_felt_too() -> None:
    drive = Drive()
    drive.cues.on_frame(frame_to(FINISH))
    assert (drive.heard.played, drive.hands.shaken) == ([Sound.LAP], [])
    drive.cues.on_frame(frame_to(CRASH))
    drive.cues.on_idle(Tick(1, 0, CRASH), CRASHED)
    assert (drive.heard.played, drive.hands.shaken) == ([Sound.LAP, Sound.CRASH], [1.0])


def test_who_wants_no_rumble_feels_none() -> None:
    drive = Drive(rumble=False)
    drive.cues.on_frame(frame_to(CRASH))
    assert drive.hands.shaken == []
    assert drive.heard.played == [Sound.CRASH]


def test_who_takes_the_wheel_is_heard_and_who_had_it_first_is_not() -> None:
    drive = Drive()
    for driver in (Source.LEARNER, Source.LEARNER, Source.HUMAN, Source.HUMAN, Source.LEARNER):
        drive.cues.on_frame(replace(frame_to(OUTCOME), driver=driver))
    assert drive.heard.played == [Sound.TAKEN, Sound.GIVEN_BACK]


@pytest.mark.parametrize("sound", Sound)
def test_every_tone_is_short_and_begins_and_ends_in_silence(sound: Sound) -> None:
    wave = samples(sound).astype(int)
    assert len(wave) < RATE_HZ
    assert 0.1 < np.abs(wave).max() / 32767 < 0.5
    assert abs(wave[0]) + abs(wave[-1]) < 100
    assert np.abs(np.diff(wave)).max() < 4000  # a jump would click


def test_a_tone_is_played_on_the_mixer() -> None:
    sounds = Sounds(on=True)
    sounds.play(Sound.GO)
    assert sounds.on
    assert pygame.mixer.get_busy()
    pygame.mixer.quit()


def test_sounds_that_are_off_open_no_audio_device() -> None:
    Sounds(on=False).play(Sound.GO)
    assert pygame.mixer.get_init() is None


def test_without_an_audio_device_it_is_silent_on_stderr_too() -> None:
    code = "from teleop.sounds import *; s = Sounds(True); s.play(Sound.GO); print(s.on)"
    env = {**os.environ, "SDL_AUDIODRIVER": "alsa", "ALSA_CONFIG_PATH": os.devnull}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout.split()[-1], done.stderr, done.returncode) == ("False", "", 0)
