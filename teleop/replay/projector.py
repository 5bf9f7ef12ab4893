"""Shows an episode's rows: driven again from its seed and actions where that gives what was recorded, else what was."""

from __future__ import annotations

from collections.abc import Mapping

from teleop.errors import SessionError
from teleop.laws import PHYSICS_VERSIONS, PIXEL_VERSIONS, differences
from teleop.loop import View
from teleop.rendering import is_track
from teleop.replay.recorded import RecordedView
from teleop.replay.reel import Reel
from teleop.worlds.playback import Playback


class Projector:
    """Of one reel, on a machine with these `versions`."""

    def __init__(self, reel: Reel, versions: Mapping[str, str]) -> None:
        self._reel = reel
        self._hindrance = hindrance(reel, versions)
        self._drawn_otherwise = "; ".join(differences(reel.attrs, versions, PIXEL_VERSIONS))
        self._recorded = RecordedView(reel.episode)
        self.playback = None if self._hindrance else _playback(reel)
        """What is driven again; None where it can't be."""
        self.damage = ""
        """What is wrong with the picture that was to be shown last."""

    def drive_on(self, seconds: float) -> None:
        """Drive again for about so long."""
        if self.playback:
            self.playback.drive_on(seconds)

    @property
    def ready(self) -> bool:
        """All that can be driven again was."""
        return self.playback is None or self.playback.over

    def again(self, row: int) -> Playback | None:
        """What was driven again up to this row; None where it was not."""
        return self.playback if self.playback and row < self.playback.reached else None

    def show(self, row: int) -> View:
        """The best there is of a row; dark where that is damaged."""
        self.damage = ""
        if playback := self.again(row):
            playback.show(row)
            return playback
        try:
            self._recorded.show(row)
        except SessionError as error:
            self.damage = str(error)
        return self._recorded

    def origin(self, row: int) -> str:
        """Of the picture that was shown last, for people."""
        if self.damage:
            return "the recorded picture is damaged: teleop verify says where"
        if self.again(row):
            return f"re-simulated, drawn by {self._drawn_otherwise}" if self._drawn_otherwise else "re-simulated"
        what = "archived without pictures" if self._reel.episode.archived else "as recorded"
        if self.playback is None:
            return f"{what}; not checkable here: {self._hindrance}"
        if self.playback.differs_at is not None:
            return f"{what}; from row {self.playback.differs_at:,} on it goes otherwise here"
        return f"{what}; re-simulating, {self.playback.reached / self._reel.rows:.0%}"

    def close(self) -> None:
        """Free the simulation."""
        if self.playback:
            self.playback.close()


def hindrance(reel: Reel, versions: Mapping[str, str]) -> str:
    """Why it can't be driven again here; empty if it can."""
    env = reel.session.attrs["env"]
    if not is_track(env):
        return f"{env['id']} can't be driven again"
    if other := differences(reel.attrs, versions, PHYSICS_VERSIONS):
        return "; ".join(other)
    return "it begins in the middle of another drive" if reel.step[0] else ""


def _playback(reel: Reel) -> Playback:
    return Playback(reel.attrs["seed"], reel.step, reel.action, reel.pose, **reel.session.attrs["env"]["kwargs"])
