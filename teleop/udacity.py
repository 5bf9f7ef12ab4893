"""What is the same wherever Udacity's self-driving-car simulator is met: live, in its logs, in sessions of either.

The simulator shows pictures and a speed; it tells no place, no reward and no edge of the road.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from teleop.frame import Image, Outcome

ENVIRONMENT: dict[str, Any] = {"id": "Udacity-self-driving-car-sim", "kwargs": {}}
"""A session's `env`."""
OBSERVATION_SHAPE = (160, 320, 3)
"""Of every camera's picture: height, width, RGB."""
CAMERAS = ("left", "right")
"""Beside the one in the middle, in recorded logs: the columns `observation_left` and `observation_right`. Driving live
there is the middle alone."""
UNKNOWN = ("reward", "pose", "wheels_on_road", "tiles_visited")
"""A session's `unknown`: columns that hold fill values, but for the speed in `pose`, in metres a second."""
MPH = 0.44704
"""Metres a second."""
TOP_SPEED_MPH = 30.0
"""Of its cars."""
HOST, PORT = "127.0.0.1", 4567
"""Where the simulator looks for whoever drives it: compiled in."""


def outcome_of(picture: Image, speed_mph: float) -> Outcome:
    """What this world says when it shows a picture, uint8 (160, 320, 3), and a speed in miles an hour."""
    pose = np.array([np.nan, np.nan, np.nan, speed_mph * MPH], np.float32)
    return Outcome(picture, reward=np.nan, pose=pose, wheels_on_road=255, tiles_visited=-1)
