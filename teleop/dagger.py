"""DAgger, dataset aggregation (Ross, Gordon and Bagnell 2011, arXiv 1011.0686), a round at a time.

What is learned from demonstrations alone is learned on the expert's states, and goes wrong on its own. So let the
learner drive, ask the expert about the states that it came to, and learn from all of it together. The expert labels
as the gate lets them (`teleop.gates`): by taking over (HG-DAgger, Kelly et al. 2019, arXiv 1810.02890), by steering
along, or by a coin. A person, the simulated human and the autopilot differ only in what `collect` puts in the seat.

    round = dagger_round((demos,), None, train, collect, validate)
    round = dagger_round((demos,), round.learner, train, collect, validate)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Train = Callable[[Sequence[Path]], Path]
"""From sessions, with every flag they hold, to a checkpoint."""
Collect = Callable[[Path], Path]
"""Let this checkpoint drive while the expert watches; the session that now holds what both did on every tick."""
Validate = Callable[[Path], float]
"""A checkpoint's mean score over tracks that nothing is ever recorded on: it can't be told by a loss."""


@dataclass(frozen=True)
class Scored:
    """A learner, and how well it drives alone."""

    checkpoint: Path
    score: float


@dataclass(frozen=True)
class Round:
    """What came of one round."""

    parent: Scored
    """Drove, but for the laps that were driven while it was still trained."""
    candidate: Scored
    """Learned from that too."""

    @property
    def swapped(self) -> bool:
        """A candidate may be worse than its parent (scores are bimodal), and then the parent drives on."""
        return self.candidate.score >= self.parent.score

    @property
    def learner(self) -> Scored:
        """Drives from now on."""
        return self.candidate if self.swapped else self.parent


def dagger_round(
    demonstrations: Sequence[Path], learner: Scored | None, train: Train, collect: Collect, validate: Validate
) -> Round:
    """One round from `learner`, or from no learner at all. Raises what its parts raise."""
    # 1. Train an initial policy on the demonstrations.
    if learner is None:
        initial = train(demonstrations)
        learner = Scored(initial, validate(initial))

    corrections = collect(
        # 2. Roll out the learner: only its own driving leads to the states that it has to cope with.
        learner.checkpoint
        # 3. Ask the expert to label the states that the learner visited: while it drives, or by taking over from it.
    )

    # 4. Aggregate: demonstrations and all corrections so far, none of them weighted down or thrown away.
    aggregated = [*demonstrations, corrections]

    # 5. Retrain on all of it, from scratch; whether that was for the better, only driving tells.
    candidate = train(aggregated)
    return Round(learner, Scored(candidate, validate(candidate)))
