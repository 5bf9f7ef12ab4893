"""The best of a session so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from teleop.frame import End
from teleop.session import Session

Figures = Mapping[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Best:
    """The highest score and the shortest lap, each of any finished lap; None before the first."""

    score: float | None = None
    lap_time_s: float | None = None

    @classmethod
    def of(cls, session: Session) -> Best:
        """Of every lap that was finished and not discarded."""
        best = cls()
        for episode in session.episodes:
            if episode.attrs.get("end") == "finished" and not episode.discarded:
                best = best.after(episode.attrs.get("figures", {}))
        return best

    def after(self, figures: Figures) -> Best:
        """With one more finished lap."""
        score, lap_time_s = figures.get("score"), figures.get("lap_time_s")
        scores = [known for known in (self.score, score) if known is not None]
        lap_times = [known for known in (self.lap_time_s, lap_time_s) if known is not None]
        return Best(max(scores, default=None), min(lap_times, default=None))

    def after_episode(self, end: End) -> Best:
        """With one more episode, which counts if its lap was finished."""
        return self.after(end.figures) if end.why == "finished" else self
