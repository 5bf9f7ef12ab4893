"""The page of a shift report: whole by itself, true to its numbers, and drawn whatever they are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from teleop.report.shift_figures import (
    coverage_map,
    coverage_sheet,
    departures_figure,
    horizon_figure,
    looks,
    profile_figure,
    survival_figure,
)
from teleop.report.shift_page import write_shift_page
from teleop.report.shift_words import (
    coverage_words,
    departure_words,
    disagreement_words,
    horizon_words,
    survival_words,
    survivals_of,
)
from teleop.shift.disagreement import Factor
from tests.shift_reports import drifting, moment, report_of, steady

MEGABYTE = 1_000_000
HOSTILE = '<script>alert("$x_{1$")</script>'


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("shift")
    moments = [moment(HOSTILE, 90), moment("twenty", 10)]
    written = write_shift_page(report_of(drifting(HOSTILE), steady("twenty"), moments=moments), out)
    assert written == out / "index.html"
    return written.read_text(encoding="utf-8")


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    loaded = re.findall(r'(?:src|href|srcset)="([^"]*)"', page)
    assert loaded
    assert all(address.startswith(("data:", "#")) for address in loaded)
    assert "@import" not in page
    assert "url(http" not in page


def test_the_page_is_small_enough_to_be_mailed(page: str) -> None:
    assert len(page) < 15 * MEGABYTE


@pytest.mark.parametrize("section", ["survival", "horizon", "factor", "coverage", "departures", "moments"])
def test_every_section_is_there_and_says_what_it_means(page: str, section: str) -> None:
    part = re.split(r"<h2|<footer", page.split(f'<h2 id="{section}">')[1])[0]
    assert "<figure" in part
    assert part.count("<p>") >= 1


def test_every_picture_has_a_text_in_its_place(page: str) -> None:
    pictures = re.findall(r"<(?:img|svg)[^>]*>", page)
    assert len(pictures) > 20
    assert all(re.search(r'(alt|aria-label)="[^"]+', picture) for picture in pictures)


def test_a_policys_name_is_text_and_nothing_else(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page


def test_a_moment_is_named_so_that_it_can_be_opened(page: str) -> None:
    assert "episode <code>000000</code>, frame <code>90</code>" in page
    assert re.search(r"two seconds before: <code>teleop retake \S*sample.zarr 0 0</code>", page)
    assert 'alt="frame 90" class="departure"' in page
    assert page.count("data:image/webp;base64,") == 2


def test_a_page_without_departures_says_so(tmp_path: Path) -> None:
    page = write_shift_page(report_of(steady("twenty")), tmp_path).read_text(encoding="utf-8")
    assert "no policy left the road" in page
    assert "no rollout left the road" in page
    assert "twenty never left the road." in page


def test_figures_are_well_formed_whatever_a_policy_is_called() -> None:
    policies = (drifting(HOSTILE), drifting("_" * 60), steady("\\frac{$"))
    for svg in (
        survival_figure(survivals_of(report_of(*policies))),
        horizon_figure(policies),
        coverage_sheet(policies),
    ):
        ElementTree.fromstring(svg)


def test_a_factor_without_a_denominator_is_not_drawn() -> None:
    exact = Factor(0.2, 0.0, None, None, None)
    policy = steady("exact")
    policy = replace(policy, disagreement=replace(policy.disagreement, steering=exact))
    ElementTree.fromstring(profile_figure([policy], 0))
    assert any("exactly" in sentence for sentence in disagreement_words(report_of(policy)))


def test_a_map_and_departures_are_drawn_of_one_policy_alone() -> None:
    for policy in (steady("alone"), drifting("alone")):
        ElementTree.fromstring(coverage_map(policy, "rollouts"))
        ElementTree.fromstring(departures_figure([policy], 0))


def test_no_two_of_eighteen_policies_look_alike() -> None:
    shown = [str(look) for _, look in looks(range(18))]
    assert len(set(shown)) == 18


def test_survival_is_told_of_the_worst_and_the_best() -> None:
    told = " ".join(survival_words(survivals_of(report_of(steady("twenty"), drifting("five"), drifting("one")))))
    assert "9 of 10 rollouts left the road, half of them all within 3.1 s" in told
    assert "twenty: 0 of 10 rollouts left the road" in told
    assert "bands are apart" in told


def test_bands_that_meet_decide_nothing() -> None:
    unsure = steady("one")
    wide = replace(unsure.survival, low=np.zeros_like(unsure.survival.low), departed=1)
    told = " ".join(survival_words(survivals_of(report_of(replace(unsure, survival=wide), steady("twenty")))))
    assert "overlap: other tracks may change" in told


@pytest.mark.parametrize(
    ("slope", "low", "high", "told"),
    [(1.1, 0.9, 1.3, "nearer to 1"), (1.9, 1.7, 2.1, "nearer to 2"), (1.6, 1.2, 2.0, "leaves open")],
)
def test_a_slope_is_read_no_further_than_its_interval_goes(slope: float, low: float, high: float, told: str) -> None:
    policy = drifting("one")
    policy = replace(policy, horizon=replace(policy.horizon, slope=slope, low=low, high=high))
    assert told in " ".join(horizon_words(report_of(policy)))


def test_where_disagreement_is_largest_is_named_with_how_often_the_teacher_was_there() -> None:
    told = " ".join(disagreement_words(report_of(drifting("one"))))
    assert "3.0 times as far" in told
    assert "at 6 track units and more in distance from the centre line" in told
    assert "7.0% of its frames are and 0.0% of the demonstrations'" in told


def test_coverage_says_what_chance_alone_would_give() -> None:
    policy = steady("one")
    assert "are at 0.10: so much is chance" in " ".join(coverage_words(policy))
    unknown = replace(policy.coverage, held_out_distance=None, held_out_outside=None, outside=None)
    told = " ".join(coverage_words(replace(policy, coverage=unknown)))
    assert "chance" not in told
    assert "no features" in told


def test_departures_are_told_beside_what_was_shown() -> None:
    told = " ".join(departure_words(drifting("one")))
    assert "left the road 9 times on 1 track and came back 5 times" in told
    assert "33 track units radius" in told
