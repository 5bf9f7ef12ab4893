"""How much of a drive the policy drove: two measures that are often taken for one another.

`autonomy` is the formula of PilotNet's paper (Bojarski et al. 2016, arXiv 1604.07316, section 7): every intervention
costs six seconds, what a person needs to take over, recentre and hand back. `self_driven` is the share of the time in
which the policy steered: what the paper's "98 % autonomous" on the road means.
"""

from __future__ import annotations

from dataclasses import dataclass

INTERVENTION_S = 6.0


@dataclass(frozen=True, slots=True)
class Autonomy:
    """What was counted over some driving."""

    elapsed_s: float = 0.0
    interventions: int = 0
    human_s: float = 0.0
    """Of `elapsed_s`, driven by the person."""

    @property
    def autonomy(self) -> float | None:
        """1 - 6 s x interventions / elapsed, at least 0; None before any time has passed."""
        if not self.elapsed_s:
            return None
        return max(0.0, 1.0 - INTERVENTION_S * self.interventions / self.elapsed_s)

    @property
    def self_driven(self) -> float | None:
        """Share of the time, [0, 1]; None before any has passed."""
        return 1.0 - self.human_s / self.elapsed_s if self.elapsed_s else None

    def __add__(self, other: Autonomy) -> Autonomy:
        return Autonomy(
            self.elapsed_s + other.elapsed_s,
            self.interventions + other.interventions,
            self.human_s + other.human_s,
        )

    def __str__(self) -> str:
        if self.autonomy is None or self.self_driven is None:
            return "no time was driven"
        return (
            f"autonomy {self.autonomy:.1%} by the paper's formula (interventions: {self.interventions}, "
            f"{INTERVENTION_S:.0f} s each, in {self.elapsed_s:.0f} s); self-driven {self.self_driven:.1%} of the time"
        )
