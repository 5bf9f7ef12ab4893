"""What the simulator's recording mode leaves: driving_log.csv without a header, and the pictures in IMG beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import cv2

from teleop.frame import Image
from tests.udacity_sim.cameras import Cameras
from tests.udacity_sim.car import Car
from tests.udacity_sim.driver import Driver
from tests.udacity_sim.ground import Scenery
from tests.udacity_sim.road import Road

RECORD_S = 1 / 15
"""Between rows: the simulator's timer."""
JPEG_QUALITY = 75
"""Unity's."""
FIRST = datetime(2016, 12, 1, 13, 30, 48, 287_000)
BREAK = timedelta(minutes=5)
"""Between two recordings in one log."""


@dataclass
class DrivingLog:
    """A folder that recordings are added to."""

    folder: Path
    now: datetime = FIRST

    def record(self, seed: int, seconds: float, radius_m: float = 90.0) -> None:
        """So much of the road and the driver of this seed, from a standing start."""
        road = Road.of_seed(seed, radius_m)
        cameras, driver = Cameras(Scenery.of(road, seed)), Driver.of_seed(road, seed)
        car = Car.at(road)
        (self.folder / "IMG").mkdir(parents=True, exist_ok=True)
        with (self.folder / "driving_log.csv").open("a", newline="") as log:
            for _ in range(round(seconds / RECORD_S)):
                steering, throttle = driver.act(car)
                log.write(self._row(cameras, car, steering, throttle) + "\n")
                car.drive(steering, throttle, RECORD_S)
                self.now += timedelta(seconds=RECORD_S)
        self.now += BREAK

    def _row(self, cameras: Cameras, car: Car, steering: float, throttle: float) -> str:
        files = [self._save(cameras.picture(car, name), name) for name in ("center", "left", "right")]
        numbers = steering, max(throttle, 0.0), max(-throttle, 0.0), car.speed_mph
        return ",".join([*files, *(f"{number:.7G}" for number in numbers)])

    def _save(self, picture: Image, camera: str) -> str:
        """The picture's absolute path, as the simulator writes it."""
        stamp = self.now.strftime("%Y_%m_%d_%H_%M_%S_") + f"{self.now.microsecond // 1000:03}"
        file = (self.folder / "IMG" / f"{camera}_{stamp}.jpg").resolve()
        file.write_bytes(jpeg(picture))
        return str(file)


def jpeg(picture: Image) -> bytes:
    """An RGB picture as the simulator encodes it."""
    _, encoded = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
