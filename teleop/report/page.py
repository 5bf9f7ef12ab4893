"""Renders a page: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined


def write_page(path: Path, template: str, values: Mapping[str, object]) -> None:
    """Fill `template` (a file name in this package) with `values` and write it to `path`."""
    environment = Environment(
        loader=PackageLoader("teleop", "report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    path.write_text(environment.get_template(template).render(values), encoding="utf-8")
