"""What correcting a learner costs a person, and what it yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from teleop.autonomy import Autonomy
from teleop.frame import HZ


@dataclass(frozen=True, slots=True)
class Burden:
    """Counted over some episodes on tracks."""

    driving: Autonomy = field(default_factory=Autonomy)
    """All that was watched, what a rewind took back included."""
    failed_handbacks: int = 0
    """Taken over again within 2 s of giving the wheel back."""
    laps: float = 0.0
    """Of the way round: the share of tiles that were touched."""
    takeover_rows: int = 0
    """Labelled while the person drove."""
    shadow_rows: int = 0
    """Labelled in states that the learner drove through itself."""
    hands_on_s: float = 0.0
    """Of what was watched, on the same clock: slow motion and late ticks take their time."""

    @classmethod
    def of(cls, figures: Mapping[str, float | int | None], discarded: bool = False) -> Burden:
        """Of one episode, from the figures that are kept with it. Of a discarded one nothing is learned."""
        told = {name: float(value or 0) for name, value in figures.items()}
        driving = Autonomy(told["driven_s"], int(told["interventions"]), told["human_s"])
        laps = 1 - told["tiles_missed"] / told["tiles"]
        takeover_rows, shadow_rows = int(told["takeover_rows"]), int(told["shadow_rows"])
        hands_on_s = told.get("hands_on_s", (takeover_rows + shadow_rows) / HZ)  # early recordings did not time it
        labelled = (0, 0) if discarded else (takeover_rows, shadow_rows)
        return cls(driving, int(told["failed_handbacks"]), laps, *labelled, hands_on_s)

    @property
    def interventions_per_lap(self) -> float | None:
        """None before any tile was touched."""
        return self.driving.interventions / self.laps if self.laps else None

    @property
    def human_share(self) -> float | None:
        """Of the time, [0, 1]; None before any has passed."""
        share = self.driving.self_driven
        return None if share is None else 1 - share

    @property
    def takeover_s(self) -> float | None:
        """Mean length of a takeover; None without one."""
        return self.driving.human_s / self.driving.interventions if self.driving.interventions else None

    def __add__(self, other: Burden) -> Burden:
        return Burden(
            self.driving + other.driving,
            self.failed_handbacks + other.failed_handbacks,
            self.laps + other.laps,
            self.takeover_rows + other.takeover_rows,
            self.shadow_rows + other.shadow_rows,
            self.hands_on_s + other.hands_on_s,
        )

    def __str__(self) -> str:
        """Several lines."""
        watched = f"{self.driving.elapsed_s:.0f} s watched, {self.hands_on_s:.1f} s of it hands on"
        rows = f"labelled: {self.takeover_rows:,} frames in takeovers, {self.shadow_rows:,} while the learner drove"
        return "\n".join([watched, *self._takeovers(), rows, str(self.driving)])

    def _takeovers(self) -> list[str]:
        if self.takeover_s is None:
            return []
        lap = "" if self.interventions_per_lap is None else f" ({self.interventions_per_lap:.1f} a lap)"
        each = f"{self.takeover_s:.1f} s each, {self.human_share:.0%} of the time"
        failed = f"{self.failed_handbacks} within 2 s of handing back"
        return [f"interventions: {self.driving.interventions}{lap}, {each}; {failed}"]
