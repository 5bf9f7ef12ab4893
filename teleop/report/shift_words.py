"""What a shift report's figures mean, in sentences made from its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from teleop.frame import HZ
from teleop.shift.coverage import AXES, Coverage
from teleop.shift.disagreement import Profile
from teleop.shift.horizon import Horizon
from teleop.shift.report import PolicyShift, ShiftReport
from teleop.shift.survival import Survival
from teleop.words import counted

BETWEEN = 1.5
"""A slope above is nearer to never recovering than to recovering at once."""


def survival_words(survivals: Mapping[str, Survival]) -> Iterator[str]:
    """How long the shortest- and the longest-lived policies last."""
    worst, *others = extremes(survivals)
    for name in (worst, *others):
        yield f"{name}: {_survival(survivals[name])}."
    for best in others:
        frame = min(_last_trusted(survivals[worst]), _last_trusted(survivals[best]))
        apart = survivals[best].low[frame] > survivals[worst].high[frame]
        yield f"After {frame / HZ:.1f} s their 95% bands " + (
            "are apart: other tracks would hardly change which of them lasts longer."
            if apart
            else "overlap: other tracks may change which of them lasts longer."
        )


def _last_trusted(told: Survival) -> int:
    """The last frame that a tenth of the rollouts reached on the road."""
    return int(np.flatnonzero(told.at_risk >= told.rollouts / 10)[-1])


def _survival(told: Survival) -> str:
    left = f"{told.departed} of {counted(told.rollouts, 'rollout')} left the road"
    if told.median_frame is None:
        return f"{left}, so there is no time by which half had left"
    return f"{left}, half of them all within {told.median_frame / HZ:.1f} s"


def extremes(survivals: Mapping[str, Survival]) -> list[str]:
    """Who leaves the road soonest and most, and who does so least; one name when there is only one."""
    ranked = sorted(survivals, key=lambda name: _fragility(survivals[name]))
    return ranked[:1] if len(ranked) == 1 else [ranked[-1], ranked[0]]


def _fragility(told: Survival) -> tuple[float, float]:
    return told.departed / told.rollouts, -(told.median_frame or np.inf)


def survivals_of(report: ShiftReport) -> dict[str, Survival]:
    """By the policies' names."""
    return {policy.name: policy.survival for policy in report.policies}


def _extreme_policies(report: ShiftReport) -> list[PolicyShift]:
    by_name = {policy.name: policy for policy in report.policies}
    return [by_name[name] for name in extremes(survivals_of(report))]


def horizon_words(report: ShiftReport) -> Iterator[str]:
    """What the slopes of the two extremes say."""
    for policy in _extreme_policies(report):
        yield f"{policy.name}: {_slope(policy.horizon)}."


def _slope(told: Horizon) -> str:
    if told.slope is None or told.low is None or told.high is None:
        return "too few departures, over too short a stretch, for a slope"
    slope = f"slope {told.slope:.2f} (95% interval {told.low:.2f} to {told.high:.2f})"
    if told.low < BETWEEN < told.high:
        return f"{slope}, which leaves open whether it recovers"
    if told.slope > BETWEEN:
        return f"{slope}, nearer to 2: the longer it drives, the more a frame costs, as where errors compound"
    return f"{slope}, nearer to 1: errors cost about the same at any time, as where it recovers"


def disagreement_words(report: ShiftReport) -> Iterator[str]:
    """How much worse the extremes know their own states than the expert's, and where the worst of it is."""
    pair = _extreme_policies(report)
    for policy in pair:
        told = policy.disagreement.steering
        if told.factor is None or told.low is None or told.high is None:
            yield f"{policy.name} agrees with the referee exactly in demonstrations, so that there is no factor."
            continue
        yield (
            f"{policy.name} steers {told.factor:.1f} times as far from the referee in states that it brought itself to "
            f"as in demonstrations that it never saw (95% interval {told.low:.1f} to {told.high:.1f})."
        )
    profile = pair[0].disagreement.profiles[1]
    if (place := _peak(profile)) is not None:
        yield (
            f"{pair[0].name} is furthest from the referee at {_bin(profile, place)} in {profile.against}, where "
            f"{_share(profile.rollout_frames, place):.1%} of its frames are and "
            f"{_share(profile.demonstration_frames, place):.1%} of the demonstrations'."
        )


def _peak(profile: Profile) -> int | None:
    """The bin of the largest disagreement on rollouts; None where no bin has frames enough."""
    return None if np.isnan(profile.on_rollouts).all() else int(np.nanargmax(profile.on_rollouts))


def _bin(profile: Profile, place: int) -> str:
    low, high = profile.edges[place], profile.edges[place + 1]
    if place == len(profile.edges) - 2:
        return f"{low:g} {profile.unit} and more"
    return f"{low:g} to {high:g} {profile.unit}"


def _share(frames: np.ndarray[tuple[int], np.dtype[np.int64]], place: int) -> float:
    return float(frames[place] / max(1, frames.sum()))


def coverage_words(policy: PolicyShift) -> Iterator[str]:
    """How far a policy's rollouts are from its demonstrations, and how much of them is new to it."""
    told = policy.coverage
    furthest = int(np.argmax(told.axis_distances))
    yield (
        f"Jensen-Shannon distance {told.distance:.2f} (0 the same, 1 nothing in common); by itself the "
        f"{AXES[furthest]} differs most, by {told.axis_distances[furthest]:.2f}."
    )
    if told.held_out_distance is not None:
        yield f"Demonstrations that it never saw are at {told.held_out_distance:.2f}: so much is chance, and no shift."
    if told.outside is None:
        yield "It has no features of its own, so nothing can be said of what is new to it."
    else:
        yield (
            f"In its own features {told.outside:.1%} of its rollout frames have no demonstration frame near them; of "
            f"the demonstrations' frames it is 1%{_held_out(told)}."
        )


def _held_out(told: Coverage) -> str:
    if told.held_out_outside is None:
        return ""
    return f", and {told.held_out_outside:.1%} of those that it never saw"


def departure_words(policy: PolicyShift) -> Iterator[str]:
    """How often a policy left the road, how often it came back, and where."""
    left = policy.departures
    if not left:
        yield f"{policy.name} never left the road."
        return
    back = sum(departure.came_back for departure in left)
    bend = float(np.median([abs(departure.curvature) for departure in left]))
    speed = float(np.median([departure.speed for departure in left]))
    yield (
        f"{policy.name} left the road {counted(len(left), 'time')} on {counted(len(policy.rollouts), 'track')} and "
        f"came back {counted(back, 'time')}. The median departure is from a bend of "
        f"{1 / max(bend, 1e-3):.0f} track units radius at {speed:.0f} units a second."
    )
    shown = np.concatenate([np.abs(driving.curvature) for driving in policy.demonstrations])
    yield f"{float((shown < bend).mean()):.0%} of the demonstrations' frames are in gentler places than that."
