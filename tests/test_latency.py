"""The latency benchmark measures what it says: every move with its own answer, in the gauge wherever that is drawn."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from teleop.bindings import Bindings
from teleop.devices.keyboard import Keyboard
from teleop.devices.seat import Seat
from teleop.sinks.hud import Hud
from teleop.window import Window
from teleop.worlds.track import TrackWorld
from tests.benchmarks.latency import Change, latencies_ms, standing_frame, steering_gauge
from tests.benchmarks.pixel_witness import distance

MS = 1_000_000


def changes(*side_and_ms: tuple[int, int]) -> list[Change]:
    return [Change(side, ms * MS, 0) for side, ms in side_and_ms]


def test_a_move_is_answered_by_the_first_change_to_its_side() -> None:
    moved = changes((1, 100), (0, 300))
    seen = changes((0, 90), (1, 112), (0, 325), (1, 400))
    assert latencies_ms(moved, seen) == [12, 25]


def test_an_answer_after_the_next_move_is_none() -> None:
    assert latencies_ms(changes((1, 100), (0, 300)), changes((1, 301), (0, 325))) == [25]


def test_colours_are_told_apart_over_every_channel() -> None:
    assert distance(0x102030, 0x0F2233) == 1 + 2 + 3


@pytest.mark.parametrize("steering", [-1.0, -0.5, 0.0, 0.2, 1.0])
def test_the_gauge_is_found_wherever_the_hud_draws_it(window: Window, steering: float) -> None:
    with closing(TrackWorld(picture=True)) as world:
        hud = Hud(window, world, None, Seat(window, [Keyboard()], Bindings()))
        place, (low, high) = steering_gauge(window, world, hud)
        hud.on_frame(standing_frame(world.reset(8), np.array([steering, 0, 0], np.float32)))
        assert low != high
        assert tuple(window.canvas.get_at(place))[:3] == (high if steering == 1.0 else low)
