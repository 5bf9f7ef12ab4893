"""The page of a shift report: every figure with what it means here, in one file that needs no network."""

from __future__ import annotations

from pathlib import Path

from teleop.frame import HZ
from teleop.report.page import write_page
from teleop.report.shift_figures import (
    coverage_map,
    departures_figure,
    horizon_figure,
    profile_figure,
    speed_figure,
    survival_figure,
)
from teleop.report.shift_moments import STRIP_EVERY, moment_pictures
from teleop.report.shift_words import (
    coverage_words,
    departure_words,
    disagreement_words,
    horizon_words,
    survival_words,
    survivals_of,
)
from teleop.shift.horizon import CAVEATS
from teleop.shift.report import PolicyShift, ShiftReport


def write_shift_page(report: ShiftReport, out: Path) -> Path:
    """Write `out`/index.html; returns its path."""
    policies = report.policies
    page = out / "index.html"
    values = {
        "report": report,
        "rows": [_row(policy) for policy in policies],
        "survival_svg": survival_figure(survivals_of(report)),
        "survival_words": list(survival_words(survivals_of(report))),
        "horizon_svg": horizon_figure(policies),
        "horizon_words": list(horizon_words(report)),
        "caveats": CAVEATS,
        "profiles": _profiles(policies),
        "disagreement_words": list(disagreement_words(report)),
        "coverages": [_coverage(policy) for policy in policies],
        "departures": [_departures(policies, place) for place in range(len(policies))],
        "moments": list(moment_pictures(report.moments)),
        "strip_every_s": STRIP_EVERY / HZ,
        "hz": HZ,
    }
    write_page(page, "shift.html.j2", values)
    return page


def _row(policy: PolicyShift) -> dict[str, str]:
    """The table's line of one policy: what it says under each heading."""
    survival, horizon, told, coverage = policy.survival, policy.horizon, policy.disagreement.steering, policy.coverage
    median, outside, chance = survival.median_frame, coverage.outside, coverage.held_out_distance
    return {
        "mean score": f"{policy.evaluation.mean:.0f}",
        "left the road": f"{survival.departed} of {survival.rollouts}",
        "half had left by": "never" if median is None else f"{median / HZ:.1f} s",
        "horizon slope": _interval(horizon.slope, horizon.low, horizon.high, 2),
        "shift factor, steering": _interval(told.factor, told.low, told.high, 1),
        "coverage distance": f"{coverage.distance:.2f}" + ("" if chance is None else f" (chance {chance:.2f})"),
        "frames outside": "-" if outside is None else f"{outside:.1%}",
    }


def _interval(value: float | None, low: float | None, high: float | None, digits: int) -> str:
    if value is None or low is None or high is None:
        return "-"
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _profiles(policies: tuple[PolicyShift, ...]) -> list[tuple[str, str]]:
    """(what against, SVG)."""
    profiles = policies[0].disagreement.profiles
    return [(profile.against, profile_figure(policies, place)) for place, profile in enumerate(profiles)]


def _coverage(policy: PolicyShift) -> dict[str, object]:
    return {
        "name": policy.name,
        "demonstrations_svg": coverage_map(policy, "demonstrations"),
        "rollouts_svg": coverage_map(policy, "rollouts"),
        "speed_svg": speed_figure(policy),
        "words": list(coverage_words(policy)),
        "known": policy.trained_on_known,
    }


def _departures(policies: tuple[PolicyShift, ...], place: int) -> dict[str, object]:
    words = list(departure_words(policies[place]))
    return {"name": policies[place].name, "svg": departures_figure(policies, place), "words": words}
