"""Which episodes are learned from, by what is known of them as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Filters:
    """Only episodes that pass all of these are learned from; the default passes everything."""

    operators: tuple[str, ...] = ()
    """Driven by one of these people; empty: by anybody."""
    min_score: float | None = None
    """Scored at least this."""
    outcomes: tuple[str, ...] = ()
    """Ended in one of these ways (`teleop.frame.Why`); empty: in any."""

    def refusal(self, attrs: Mapping[str, Any]) -> str:
        """Why an episode with these attributes is left out, in words; empty when it passes."""
        operator, score, outcome = attrs.get("operator", ""), attrs.get("figures", {}).get("score"), attrs.get("end")
        if self.operators and operator not in self.operators:
            return f"its operator is {operator or 'nobody by name'}, not {' or '.join(self.operators)}"
        if self.min_score is not None and (score is None or score < self.min_score):
            return f"its score is {'unknown' if score is None else f'{score:.1f}'}, not {self.min_score:g} or more"
        if self.outcomes and outcome not in self.outcomes:
            return f"it ended as {outcome or 'unknown'}, not as {' or '.join(self.outcomes)}"
        return ""
