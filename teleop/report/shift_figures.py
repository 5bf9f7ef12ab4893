"""Figures of distribution shift: how long policies last, what errors cost, where they go that no expert went.

Panels that belong together are figures of their own, so that a page can put them side by side or, on a phone, one
below the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter, PercentFormatter

from teleop.frame import HZ
from teleop.report.figures import COLOURS, INK, PAPER, STYLE, axes_of, svg_of
from teleop.shift.disagreement import Profile
from teleop.shift.horizon import Horizon
from teleop.shift.report import PolicyShift
from teleop.shift.rollouts import Demonstration, Driving
from teleop.shift.survival import Survival

WIDE, PANEL = (5.2, 3.7), (4.2, 3.4)
"""Inches: a figure alone and one of several, each still legible on a phone."""
ROAD_EDGE = 6.67
"""Track units from CarRacing's centre line."""
FEW = 10
"""With fewer rollouts at risk a survival curve is drawn faintly."""
LONGEST_NAME = 26
MAP_EDGES = np.linspace(-12.0, 12.0, 49), np.linspace(-90.0, 90.0, 46)
"""Of a map's cells, for eyes: track units from the centre line, degrees; finer than the distance is measured on."""
LATERAL = "to the left of the centre line, track units"

DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)))
HEAT = ListedColormap(mpl.colormaps["cividis"](np.linspace(0.2, 1, 256)))
NOWHERE = mpl.colors.to_hex(mpl.colormaps["cividis"](0.0))
"""Where there is not one frame: darker than any share."""
SHARES = LogNorm(1e-5, 1e-1, clip=True)
MARK, ON_HEAT = "#ff7f2a", "#fefefe"
"""Seen on every colour of `HEAT`, in every theme: departures, and lines."""

Floats = npt.NDArray[np.float64]
Shown = TypeVar("Shown")
Whose = Literal["demonstrations", "rollouts"]


def survival_figure(survivals: Mapping[str, Survival]) -> str:
    """Share of rollouts still on the road against time, with 95% bands, one line a policy: SVG."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(*WIDE)
        for (name, told), look in looks(survivals.items()):
            seconds = np.arange(len(told.share)) / HZ
            axes.fill_between(seconds, told.low, told.high, step="post", color=look["color"], alpha=0.15, linewidth=0)
            trusted = np.where(told.at_risk >= FEW, told.share, np.nan)
            axes.step(seconds, told.share, where="post", alpha=0.35, linewidth=1.2, color=look["color"])
            axes.step(seconds, trusted, where="post", linewidth=2, label=label_of(name), **look)
        axes.set(xlabel="seconds since the start", ylabel="rollouts still on the road", ylim=(0, 1.02), xlim=(0, None))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        _legend(figure)
        return svg_of(figure)


def horizon_figure(policies: Sequence[PolicyShift]) -> str:
    """Cost within the first T frames against T, both logarithmic, with fits and guide lines: SVG."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(*WIDE)
        axes.set(xscale="log", yscale="log", xlabel="horizon T, frames", ylabel="frames off the road within T, mean")
        for policy, look in looks(policies):
            told = policy.horizon
            costs = told.cost > 0
            axes.plot(told.frames[costs], told.cost[costs], linewidth=2, label=_with_slope(policy), **look)
            _draw_fit(axes, told, look["color"])
        _draw_guides(axes, [policy.horizon for policy in policies])
        axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.xaxis.set_minor_formatter("")
        axes.yaxis.set_minor_formatter("")
        _legend(figure, columns=1)
        return svg_of(figure)


def _with_slope(policy: PolicyShift) -> str:
    slope = policy.horizon.slope
    return f"{label_of(policy.name)}: " + ("no slope" if slope is None else f"slope {slope:.2f}")


def _draw_fit(axes: Axes, told: Horizon, colour: str) -> None:
    if told.slope is None or told.scale is None or told.fitted is None:
        return
    ends = np.array(told.fitted, float)
    axes.plot(ends, told.scale * ends**told.slope, color=colour, linewidth=5, alpha=0.25, solid_capstyle="round")


def _draw_guides(axes: Axes, horizons: Sequence[Horizon]) -> None:
    """Lines of slope 1 and 2 that meet in the costliest end; a word where nobody ever left the road."""
    dearest = max(horizons, key=lambda told: told.cost[-1])
    if not dearest.cost[-1] > 0:
        axes.set(xlim=(1, len(dearest.frames) + 1), ylim=(0.01, 100))
        axes.text(0.5, 0.5, "no rollout left the road", transform=axes.transAxes, ha="center")
        return
    last, cost = float(dearest.frames[-1]), float(dearest.cost[-1])
    cheapest = min(float(told.cost[told.cost > 0].min(initial=cost)) for told in horizons)
    axes.set(xlim=(last / 60, last * 1.15), ylim=(cheapest / 2, cost * 2))
    for slope in (1, 2):
        begin = max(last / 55, last * (cheapest / cost) ** (1 / slope))
        ends = np.array([begin, last])
        axes.plot(ends, cost * (ends / last) ** slope, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        start = (begin, cost * (begin / last) ** slope)
        axes.annotate(f"slope {slope}", start, (16, -8), textcoords="offset points", fontsize=9)


def profile_figure(policies: Sequence[PolicyShift], place: int) -> str:
    """The shift factor of steering against one of the profiles' axes; hollow where demonstrations hardly go: SVG."""
    first = policies[0].disagreement.profiles[place]
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(*PANEL)
        axes.axhline(1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        for policy, look in looks(policies):
            profile = policy.disagreement.profiles[place]
            factor = profile.on_rollouts / (policy.disagreement.steering.on_demonstrations or np.nan)
            middles = bin_middles(profile.edges)
            axes.plot(middles, factor, linewidth=1.6, label=label_of(policy.name), **look)
            _draw_dots(axes, middles, factor, profile, look["color"])
        axes.set(xlabel=f"{first.against}, {first.unit}", ylabel="shift factor of steering", ylim=(0, None))
        _legend(figure)
        return svg_of(figure)


def _draw_dots(axes: Axes, middles: Floats, factor: Floats, profile: Profile, colour: str) -> None:
    """Full where demonstrations go too, hollow where they have too few frames to say."""
    hollow = np.isnan(profile.on_demonstrations)
    for chosen, face in ((~hollow, colour), (hollow, PAPER)):
        axes.plot(middles[chosen], factor[chosen], "o", color=colour, markerfacecolor=face, markersize=5, zorder=3)


def bin_middles(edges: Floats) -> Floats:
    """(B,): of (B + 1,) edges; an endless last bin is given the width of the one before."""
    finite = edges.copy()
    if not np.isfinite(finite[-1]):
        finite[-1] = 2 * finite[-2] - finite[-3]
    return np.asarray((finite[1:] + finite[:-1]) / 2, np.float64)


def coverage_map(policy: PolicyShift, whose: Whose) -> str:
    """Frames over lateral offset and heading error: SVG."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(*PANEL)
        image = _draw_map(axes, policy, whose)
        axes.set(xlabel=LATERAL, ylabel="heading error, degrees")
        _colour_bar(figure, axes, image)
        return svg_of(figure)


def coverage_sheet(policies: Sequence[PolicyShift]) -> str:
    """Every policy's two maps, demonstrations above rollouts, for a page that holds one picture: SVG."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.3 * len(policies) + 1.4, 4.8), layout="constrained")
        grid = figure.subplots(2, len(policies), sharex=True, sharey=True, squeeze=False)
        for (above, below), policy in zip(grid.T, policies, strict=True):
            _draw_map(above, policy, "demonstrations")
            image = _draw_map(below, policy, "rollouts")
            above.set_title(label_of(policy.name), fontsize=10)
            below.set_title(f"distance {policy.coverage.distance:.2f}", fontsize=9)
        grid[0, 0].set_ylabel("demonstrations\nheading error, degrees")
        grid[1, 0].set_ylabel("rollouts\nheading error, degrees")
        figure.supxlabel(LATERAL, fontsize=10)
        _colour_bar(figure, grid, image)
        return svg_of(figure)


def _draw_map(axes: Axes, policy: PolicyShift, whose: Whose) -> AxesImage:
    """Shares of frames as heat, the road's edges, and a line round all that the demonstrations hold."""
    shown = _places(policy.demonstrations)
    image = _draw_heat(axes, *MAP_EDGES, shown if whose == "demonstrations" else _places(policy.rollouts))
    middles = (bin_middles(edges) for edges in MAP_EDGES)
    axes.contour(*middles, (shown > 0).T, levels=[0.5], colors=ON_HEAT, linewidths=0.9)
    for edge in (-ROAD_EDGE, ROAD_EDGE):
        axes.axvline(edge, color=ON_HEAT, linewidth=0.8, linestyle=(0, (2, 2)))
    return image


def _places(drives: Sequence[Driving]) -> Floats:
    """Share of frames in each cell of `MAP_EDGES`; the outer ones take all that lies beyond."""
    return _histogram(
        np.concatenate([drive.lateral for drive in drives]),
        np.degrees(np.concatenate([drive.heading_error for drive in drives])),
        MAP_EDGES,
    )


def _histogram(x: Floats, y: Floats, edges: tuple[Floats, Floats]) -> Floats:
    """(X, Y): share of the points in each cell."""
    within = (np.clip(x, edges[0][0], edges[0][-1]), np.clip(y, edges[1][0], edges[1][-1]))
    counts = np.histogramdd(np.column_stack(within), bins=edges)[0]
    return np.asarray(counts / max(1, len(x)), np.float64)


def _draw_heat(axes: Axes, x: Floats, y: Floats, shares: Floats) -> AxesImage:
    """`shares` (X, Y) over bins of equal widths with the edges `x` (X + 1,) and `y` (Y + 1,)."""
    axes.set_facecolor(NOWHERE)
    axes.grid(visible=False)
    heat = np.ma.masked_equal(shares.T, 0)
    extent = (float(x[0]), float(x[-1]), float(y[0]), float(y[-1]))
    return axes.imshow(
        heat, cmap=HEAT, norm=SHARES, extent=extent, origin="lower", aspect="auto", interpolation="nearest"
    )


def _colour_bar(figure: Figure, axes: Axes | npt.NDArray[np.object_], image: AxesImage) -> None:
    bar = figure.colorbar(image, ax=axes, format=FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    bar.outline.set_visible(False)
    bar.minorticks_off()


def speed_figure(policy: PolicyShift) -> str:
    """How fast the demonstrations and the rollouts are, as two histograms: SVG."""
    coverage = policy.coverage
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(*PANEL)
        edges = coverage.edges[2]
        demonstrations, rollouts = (part.sum(axis=(0, 1)) for part in (coverage.demonstrations, coverage.rollouts))
        axes.stairs(demonstrations, edges, fill=True, color=INK, alpha=0.3, label="demonstrations")
        axes.stairs(rollouts, edges, color=COLOURS[0], linewidth=2, label="rollouts")
        axes.set(xlabel="speed, track units a second", ylabel="share of frames")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        _legend(figure)
        return svg_of(figure)


def departures_figure(policies: Sequence[PolicyShift], place: int) -> str:
    """One policy's departures over curvature and speed, on the map of its demonstrations; same axes for all: SVG."""
    reach, fastest = _reach(policies)
    policy = policies[place]
    with mpl.rc_context(STYLE):
        figure, axes = axes_of(*PANEL)
        edges = np.linspace(-reach, reach, 49), np.linspace(0, fastest, 41)
        image = _draw_heat(axes, *edges, _histogram(*_bends(policy.demonstrations), edges))
        left = _departed(policy)
        axes.plot(left[:, 0], left[:, 1], "o", color=MARK, markeredgecolor=ON_HEAT, markeredgewidth=0.6, markersize=5)
        axes.set(xlabel="curvature (left bends positive), 1 / track units", ylabel="speed, track units a second")
        _colour_bar(figure, axes, image)
        return svg_of(figure)


def _reach(policies: Sequence[PolicyShift]) -> tuple[float, float]:
    """The sharpest bend and the highest speed of any policy's demonstrations or departures."""
    both = [np.column_stack(_bends(policy.demonstrations)) for policy in policies]
    points = np.abs(np.concatenate(both + [_departed(policy) for policy in policies]))
    sharpest, fastest = points.max(axis=0, initial=0.01)
    return float(sharpest) * 1.05, float(fastest) * 1.05


def _departed(policy: PolicyShift) -> Floats:
    """(departures, 2): curvature and speed."""
    return np.array([(departure.curvature, departure.speed) for departure in policy.departures]).reshape(-1, 2)


def _bends(demonstrations: Sequence[Demonstration]) -> tuple[Floats, Floats]:
    """Curvature and speed of every frame, (frames,) both."""
    curvature = np.concatenate([driving.curvature for driving in demonstrations])
    return curvature, np.concatenate([driving.speed for driving in demonstrations]).astype(np.float64)


def looks(shown: Iterable[Shown]) -> Iterator[tuple[Shown, dict[str, Any]]]:
    """Each with its colour, and with its dashes once the colours are used up."""
    for place, one in enumerate(shown):
        dashes = DASHES[place // len(COLOURS) % len(DASHES)]
        yield one, {"color": COLOURS[place % len(COLOURS)], "linestyle": dashes}


def label_of(name: str) -> str:
    """A policy's name as matplotlib shows it unchanged: no formula, never a line without a name."""
    name = name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
    return " " + name.replace("$", r"\$")


def _legend(figure: Figure, columns: int = 2) -> None:
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, handlelength=2.2)


def _plain(value: float, _: int) -> str:
    return f"{value:g}"
