"""`policy inspect`: everything that stands in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from policy.inspection import Layer

DIGEST_DIGITS = 12
"""Of an episode's digest: enough to tell it from every other."""


@dataclass(frozen=True)
class Inspect:
    """Show what a checkpoint is: network, vision, labels, what it learned from, configuration, metrics."""

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """What `policy train --out` wrote."""

    def run(self, _: Console) -> int:
        # Only now: torch takes seconds to load.
        from policy.checkpoint import load_checkpoint
        from policy.inspection import facts, layers

        checkpoint = load_checkpoint(self.checkpoint)
        results = Console(highlight=False, soft_wrap=True)
        for heading, section in facts(checkpoint).items():
            results.print(_facts_table(heading, section))
        results.print(_layers_table(layers(checkpoint)))
        results.print(_episodes_table(checkpoint.episodes))
        return 0


def _facts_table(heading: str, section: Mapping[str, Any]) -> Table:
    table = Table(heading, box=SIMPLE)
    table.add_column(overflow="fold")
    for name, value in section.items():
        table.add_row(escape(name), escape(_said(value)))
    return table


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "-"
    return "-" if value in (None, "") else str(value)


def _layers_table(layers: Sequence[Layer]) -> Table:
    table = Table("layer", "", box=SIMPLE)
    table.add_column("parameters", justify="right")
    for layer in layers:
        table.add_row(layer.name, layer.what, f"{layer.parameters:,}")
    return table


def _episodes_table(episodes: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("episode", box=SIMPLE)
    for heading in ("track", "rows"):
        table.add_column(heading, justify="right")
    table.add_column("digest")
    table.add_column("for")
    for episode in episodes:
        name = f"{episode.get('session')} {episode.get('episode')}"
        digest = str(episode.get("digest"))[:DIGEST_DIGITS]
        use = "validation" if episode.get("held_out") else "learning"
        cells = (name, str(episode.get("seed")), _said(episode.get("rows")), digest, use)
        table.add_row(*(escape(cell) for cell in cells))
    return table
