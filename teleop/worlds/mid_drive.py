"""A track on which so much was driven already when an episode begins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from teleop.frame import Action, Outcome
from teleop.worlds.track import TrackWorld


class MidDrive(TrackWorld):
    """Begins where these actions lead from the reset: there is step 0, and no rewind goes back beyond it.

    `max_steps` counts from there; `figures()` are of the whole drive. The way there is not drawn, which makes it 14
    times as fast (measured): that is why this is a track, and not something that steps one.
    """

    def __init__(
        self,
        before: Collection[Action],
        *,
        domain_randomize: bool = False,
        max_steps: int | None = None,
        picture: bool = False,
        counted: Callable[[], Mapping[str, float | int | None]] = dict,
    ) -> None:
        super().__init__(
            domain_randomize=domain_randomize,
            max_steps=None if max_steps is None else len(before) + max_steps,
            picture=picture,
            counted=counted,
        )
        self._before = list(before)

    def reset(self, seed: int) -> Outcome:
        """Be where the actions lead on the track of `seed`."""
        if not self._before:
            return super().reset(seed)
        self._seed, self._actions = seed, self._before
        return self.rewind(0)

    def rewind(self, step: int) -> Outcome:
        """Be exactly where step `step` began, counted from where the episode did."""
        return super().rewind(len(self._before) + step)
