"""Which episodes are learned from, by what is known of them as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teleop.session import existing_path


@dataclass(frozen=True)
class LastRound:
    """The last round of DAgger whose corrections in a session are learned from."""

    session: Path
    number: int

    @classmethod
    def read(cls, told: str) -> LastRound:
        """From "SESSION=N"; ValueError for anything else."""
        session, _, number = told.rpartition("=")
        if not session or not number.isdecimal() or int(number) < 1:
            raise ValueError(f"--until-round is one of the sessions and a round from 1, SESSION=N; got {told}")
        return cls(Path(session), int(number))

    def __str__(self) -> str:
        return f"{self.session.name}={self.number}"

    def is_of(self, session: Path) -> bool:
        """Whether or not `.zarr` was typed."""
        return existing_path(self.session).resolve() == existing_path(session).resolve()


@dataclass(frozen=True)
class Filters:
    """Only episodes that pass all of these are learned from; the default passes everything."""

    operators: tuple[str, ...] = ()
    """Driven by one of these people; empty: by anybody."""
    min_score: float | None = None
    """Scored at least this."""
    outcomes: tuple[str, ...] = ()
    """Ended in one of these ways (`teleop.frame.Why`); empty: in any."""
    until_round: LastRound | None = None
    """None: all rounds are learned from."""

    def refusal(self, attrs: Mapping[str, Any], session: Path) -> str:
        """Why an episode of that session with these attributes is left out, in words; empty when it passes."""
        operator, score, outcome = attrs.get("operator", ""), attrs.get("figures", {}).get("score"), attrs.get("end")
        if self.operators and operator not in self.operators:
            return f"its operator is {operator or 'nobody by name'}, not {' or '.join(self.operators)}"
        if self.min_score is not None and (score is None or score < self.min_score):
            return f"its score is {'unknown' if score is None else f'{score:.1f}'}, not {self.min_score:g} or more"
        if self.outcomes and outcome not in self.outcomes:
            return f"it ended as {outcome or 'unknown'}, not as {' or '.join(self.outcomes)}"
        return self._too_late(attrs.get("round"), session)

    def _too_late(self, driven_for: int | None, session: Path) -> str:
        last = self.until_round
        if last is None or driven_for is None or driven_for <= last.number or not last.is_of(session):
            return ""
        return f"it was driven for round {driven_for}, and {last.number} is the last to learn from"
