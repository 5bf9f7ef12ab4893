"""Pictures of archived episodes, drawn again from their seeds and actions: exactly as recorded, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from teleop.frame import Image
from teleop.laws import PIXEL_VERSIONS, DrivenOtherwiseError, differences, driven_again, hindrance
from teleop.loop import World
from teleop.session import Episode, SessionError

MakeWorld = Callable[[Mapping[str, Any]], World | None]
"""From a session's `env` {id, kwargs} to its world; None for a world that can't be driven again."""

DRIVEN = ("step", "action", "reward", "pose", "wheels_on_road", "tiles_visited")
"""Columns that say how to drive again, and whether it went as it did."""


def recorded_world(env: Mapping[str, Any]) -> World | None:
    """The world that a session was recorded in, where it can be driven again. Implements `MakeWorld`."""
    from teleop.worlds.track import TrackWorld

    return TrackWorld(**env["kwargs"]) if is_track(env) else None


def is_track(env: Mapping[str, Any]) -> bool:
    """Whether that world is one of CarRacing's tracks, with nothing about it that is not known here."""
    from teleop.worlds.track import ENVIRONMENT

    return env["id"] == ENVIRONMENT and set(env["kwargs"]) <= {"domain_randomize"}


def recorded_pictures() -> Rendering:
    """What draws archived episodes on this machine, where it can."""
    from teleop.worlds.track import versions

    return Rendering(recorded_world, versions())


class Rendering:
    """Implements `session.Renderer`."""

    def __init__(self, make_world: MakeWorld, versions: Mapping[str, str]) -> None:
        """`versions` of the libraries on this machine, as episodes record them."""
        self._make_world, self._versions = make_world, versions

    def __call__(self, env: Mapping[str, Any], episode: Episode) -> Iterator[Image]:
        """Its observations, in order, and what followed the last row. SessionError where they would be others."""
        columns = {name: episode.column(name) for name in DRIVEN}
        world = self._make_world(env)  # its own: somebody may draw two episodes at a time
        why = hindrance(episode.attrs, columns, world, self._versions)
        if why := why or "; ".join(differences(episode.attrs, self._versions, PIXEL_VERSIONS)):
            raise SessionError(f"the pictures of episode {episode.name} can't be drawn here as they were: {why}")
        assert world is not None
        try:
            for outcome in driven_again(episode.attrs, columns, world):
                yield outcome.observation
        except DrivenOtherwiseError as error:
            raise SessionError(f"the pictures of episode {episode.name} can't be drawn here: {error}") from error
