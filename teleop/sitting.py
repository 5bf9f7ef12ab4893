"""A sitting at the window: ready, count down, drive, how it went, the next track, until somebody has had enough.

seat = Seat(window, every_hand_device(settings), settings.bindings, expert)
for driven in Sitting(window, seat, world, settings, drive).drive(range(7, 10)):
    ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from teleop.bindings import Flow, Meaning
from teleop.devices.seat import Seat
from teleop.frame import End
from teleop.logbook import Logbook
from teleop.loop import Sink
from teleop.screens.countdown import ROLLING, STANDING, count_down
from teleop.screens.facts import Fact
from teleop.screens.failed import failed
from teleop.screens.ready import Beside, Prospect, ready
from teleop.screens.stage import Stage
from teleop.screens.summary import Driven, summarise
from teleop.session import SessionError
from teleop.settings.settings import Settings
from teleop.sinks.cues import Cues
from teleop.sinks.hud import Hud
from teleop.sinks.trace import Trace
from teleop.sounds import Sounds
from teleop.tracks import Tracks
from teleop.window import Window
from teleop.worlds.mid_drive import MidDrive
from teleop.worlds.track import TrackWorld

DriveTrack = Callable[[int, Sequence[Sink]], End]
"""One episode on the track of that seed, told to these sinks."""


class Sitting:
    """A person drives, and is asked between tracks; or a stand-in does, and nobody is."""

    def __init__(
        self,
        window: Window,
        seat: Seat,
        world: TrackWorld,
        settings: Settings,
        drive: DriveTrack,
        logbook: Logbook | None = None,
        practice: bool = False,
        news: Callable[[], Fact | None] = lambda: None,
        beside: Beside | None = None,
    ) -> None:
        """`world` draws a picture. Without a `logbook` nothing is ever recorded; `practice` begins without.

        `news` is what else is to be known when an episode begins, and after it. `beside` is the learner that drives,
        if one does.
        """
        self._beside = beside
        self._window, self._seat, self._world, self._settings, self._news = window, seat, world, settings, news
        self._drive, self._logbook, self._practice = drive, logbook, practice
        self._stage = Stage(window, seat)
        self._sounds = Sounds(settings.sound)
        self._cues = Cues(seat, self._sounds, settings.rumble)

    def drive(self, seeds: range) -> Iterator[Driven]:
        """Episode after episode, until the tracks are driven or the person quits. SessionError when recording fails."""
        tracks = Tracks(seeds)
        if self._begin(tracks.now):
            yield from self._episodes(tracks)

    def _episodes(self, tracks: Tracks) -> Iterator[Driven]:
        while self._count_down(tracks.now):
            driven = self._episode(tracks.now)
            if not self._practice:
                tracks.drove()
            yield driven
            wants = self._seat.wants or self._ask(driven, tracks.following)
            if wants is Flow.QUIT or not (wants is Flow.AGAIN or tracks.go_on()):
                return

    def _begin(self, first_track: int) -> bool:
        """Whether somebody started; where no person drives, nobody is asked."""
        if self._logbook is None or not self._seat.person:
            return True
        logbook = self._logbook
        told = (first_track, logbook.path, logbook.operator, logbook.best, self._settings.problems)
        prospect = Prospect(*told, self._beside)
        while (answer := ready(self._stage, prospect, self._practice)) is Flow.PRACTICE:
            self._practice = not self._practice
        return answer is not Flow.QUIT

    def _count_down(self, track: int) -> bool:
        if not self._seat.person:
            return True
        self._world.reset(track)  # for its picture
        recording = self._logbook is not None and not self._practice
        begins = ROLLING if isinstance(self._world, MidDrive) else STANDING
        return count_down(self._stage, self._sounds, self._world.view(), track, recording, begins)

    def _episode(self, track: int) -> Driven:
        before = self._logbook.best if self._logbook else None
        trace = Trace()
        try:
            recorder = self._logbook.open() if self._logbook and not self._practice else None
            hud = Hud(self._window, self._world, recorder, self._seat, self._news())
            end = self._drive(track, [*([recorder] if recorder else []), hud, self._cues, trace])
            if recorder:
                recorder.settle()  # who counts episodes finds this one in the session
        except SessionError as error:
            failed(self._stage, str(error))
            raise
        if self._logbook and recorder:
            self._logbook.note(end)
        road, visited = self._world.road, self._world.visited
        return Driven(track, end, recorder is not None, road, visited, trace.line, before, self._news())

    def _ask(self, driven: Driven, next_track: int | None) -> Meaning | None:
        view = self._world.view()
        while (answer := summarise(self._stage, driven, view, next_track, self._practice)) is Flow.PRACTICE:
            self._practice = not self._practice
        return answer
