"""Watches one pixel of a window from outside: an X client of its own, as independent of the game as an eye.

`python -m tests.benchmarks.pixel_witness WINDOW X Y COLOUR COLOUR`, colours as 0xRRGGBB in decimals, writes a line
whenever the pixel comes nearer to the other colour: which (0 or 1), when, and how long before that it was last looked
at. Times are nanoseconds of time.monotonic_ns, which all processes of a machine share.
"""

from __future__ import annotations

import ctypes as c
import sys
import time

NAP_S = 0.0002
ONE_PIXEL = (1, 1, 0xFFFFFF, 2)
"""Width, height, every plane, ZPixmap."""


class Pixel:
    """One pixel of another program's window."""

    def __init__(self, window: int, x: int, y: int) -> None:
        self._x11 = c.CDLL("libX11.so.6")
        self._x11.XOpenDisplay.restype = self._x11.XGetImage.restype = c.c_void_p
        self._x11.XGetPixel.restype = c.c_ulong
        self._x11.XGetPixel.argtypes = [c.c_void_p, c.c_int, c.c_int]
        self._x11.XDestroyImage.argtypes = [c.c_void_p]
        numbers = [c.c_int, c.c_int, c.c_uint, c.c_uint, c.c_ulong, c.c_int]
        self._x11.XGetImage.argtypes = [c.c_void_p, c.c_ulong, *numbers]
        self._display = self._x11.XOpenDisplay(None)
        if not self._display:
            raise SystemExit("there is no X server to look at")
        self._place = (window, x, y)

    def colour(self) -> int:
        """0xRRGGBB, now."""
        image = self._x11.XGetImage(self._display, *self._place, *ONE_PIXEL)
        pixel = int(self._x11.XGetPixel(image, 0, 0))
        self._x11.XDestroyImage(image)
        return pixel & 0xFFFFFF


def main() -> None:
    window, x, y, *colours = (int(word) for word in sys.argv[1:])
    pixel = Pixel(window, x, y)
    shown, looked_ns = -1, time.monotonic_ns()
    while True:
        colour = pixel.colour()
        nearest = int(distance(colour, colours[1]) < distance(colour, colours[0]))
        now_ns = time.monotonic_ns()
        if nearest != shown:
            print(nearest, now_ns, now_ns - looked_ns, flush=True)
        shown, looked_ns = nearest, now_ns
        time.sleep(NAP_S)


def distance(one: int, other: int) -> int:
    """Between two 0xRRGGBB colours, over the three channels."""
    return sum(abs((one >> shift & 255) - (other >> shift & 255)) for shift in (0, 8, 16))


if __name__ == "__main__":
    main()
