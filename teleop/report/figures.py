"""Figures for people, drawn with matplotlib and given as inline SVG or PNG data addresses.

Colours are Okabe and Ito's, told apart by colour-blind eyes; every line also has a name beside it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from teleop.evaluate import SOLVED, Evaluation
from teleop.frame import Image
from teleop.road import Road
from teleop.sinks.trace import Trace

COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
PAPER, ROAD_COLOUR, INK, GRID = "#ffffff", "#c9ccd1", "#24292f", "#e4e6ea"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "teleop",
}


def scores_figure(evaluations: Mapping[str, Evaluation]) -> str:
    """Every track's score, worst to best, one line of dots a policy: SVG."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(8, 3.4)
        tracks = max(len(evaluation.tracks) for evaluation in evaluations.values())
        axes.axhline(SOLVED, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.text(tracks + 0.5, SOLVED - 15, "900: solved", fontsize=9, ha="right", va="top")
        for (name, evaluation), colour in zip(evaluations.items(), COLOURS, strict=False):
            scores = [track.score for track in evaluation.tracks]
            axes.plot(np.arange(1, len(scores) + 1), scores, "o-", color=colour, linewidth=1, markersize=4, label=name)
        axes.set(xlabel="tracks, worst first", ylabel="score", xlim=(0.3, tracks + 0.7), ylim=(-120, 1020))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False, loc="lower right")
        return svg_of(figure)


def training_figure(curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Training loss against gradient steps, one line a policy, logarithmic: SVG."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(8, 3)
        for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
            steps, losses = zip(*curve, strict=True)
            axes.plot(steps, losses, color=colour, linewidth=1.6, label=name)
        axes.set(xlabel="gradient steps", ylabel="training loss", yscale="log")
        axes.legend(frameon=False)
        return svg_of(figure)


def drive_line_figure(traces: Mapping[str, Trace]) -> str:
    """Where cars went on the map of the one track they all drove; crosses mark leaving the road: SVG."""
    road = next(iter(traces.values())).road
    assert road is not None, "a drive line is drawn on a road"
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(6, 5)
        _draw_road(axes, road)
        for (name, trace), colour in zip(traces.items(), COLOURS, strict=False):
            x, y = trace.poses[:, 0], trace.poses[:, 1]
            axes.plot(x, y, color=colour, linewidth=1.6, label=name)
            left = np.flatnonzero(trace.off_road & ~np.roll(trace.off_road, 1))
            axes.plot(x[left], y[left], "x", color=colour, markersize=8, markeredgewidth=2)
        axes.plot(*road.centre[0], "o", color=INK, markersize=6)
        axes.annotate("start", road.centre[0], textcoords="offset points", xytext=(8, -4), fontsize=9)
        axes.set_aspect("equal", adjustable="datalim")
        axes.axis("off")
        axes.legend(frameon=False, loc="best")
        return svg_of(figure)


def _draw_road(axes: Axes, road: Road) -> None:
    left, right = (np.vstack([edge, edge[:1]]) for edge in road.edges())
    outline = np.vstack([left, right[::-1]])
    axes.fill(outline[:, 0], outline[:, 1], color=ROAD_COLOUR, linewidth=0)


def frame_strip(observations: Sequence[Image]) -> str:
    """What the policy saw, left to right and twice as large: the address of a PNG."""
    gap = np.full((2 * observations[0].shape[0], 4, 3), 255, np.uint8)
    shown = [cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST) for image in observations]
    return png_address(np.hstack([part for image in shown for part in (image, gap)][:-1]))


def framed(image: Image, colour: tuple[int, int, int]) -> Image:
    """The picture within a border of this colour, which hides its edge."""
    bordered = image.copy()
    cv2.rectangle(bordered, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), colour, thickness=4)
    return bordered


def png_address(image: Image) -> str:
    """A picture as an address that a page can hold."""
    _, encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()


def axes_of(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure, in inches, with one plot; draw on it within `STYLE`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def svg_of(figure: Figure) -> str:
    """The figure as an SVG element, the same bytes every time."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
