"""Who drives: a gate looks at a tick and names the source whose proposal is executed."""

from __future__ import annotations

from collections.abc import Mapping

from teleop.frame import Action, Controls, Source, Start, Tick


class Only:
    """One source drives, always."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def reset(self, start: Start) -> None:
        pass

    def choose(self, tick: Tick, controls: Controls, proposals: Mapping[Source, Action]) -> Source:
        return self.source
