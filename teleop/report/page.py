"""Renders a page: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from teleop.report.figures import COLOURS, GRID, INK, PAPER, ROAD_COLOUR
from teleop.words import counted

THEMED = {PAPER: "--paper", INK: "--ink", GRID: "--line", ROAD_COLOUR: "--road", COLOURS[1]: "--blue"}
"""Colours of figures that follow the page's theme, by their CSS variable; the others are seen on light and dark."""


def write_page(path: Path, template: str, values: Mapping[str, object]) -> None:
    """Fill `template` (a file name in this package) with `values` and write it to `path`."""
    environment = Environment(
        loader=PackageLoader("teleop", "report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"drawn": drawn, "counted": counted}
    path.write_text(environment.get_template(template).render(values), encoding="utf-8")


def drawn(svg: str, alternative: str) -> Markup:
    """An SVG figure for a page: in the page's theme, read out as `alternative`."""
    for colour, variable in THEMED.items():
        svg = svg.replace(f": {colour.lower()}", f": var({variable})")
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alternative)}" ', 1))
