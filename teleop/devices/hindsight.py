"""Going back before taking over: whoever watches notices a mistake late, and what they then label is its aftermath.

Seen in trouble only, an expert teaches to be in trouble: a braking one teaches to brake, and never how to come to the
bend at all. A second or two earlier the learner was still where driving well was possible; there the expert drives on.
"""

from __future__ import annotations

from teleop.frame import HZ, Command, Controls, Source, Start, Tick


class Hindsight:
    """Turns a takeover into a rewind, and into driving on from there: for stand-ins, which press no button."""

    def __init__(self, back_s: int, start: Start) -> None:
        """How many seconds it goes back, where the learner drove by itself for so long; 0 takes over on the spot.

        Where the gate lets nobody take over there is nothing to go back for.
        """
        self._back_s = back_s if start.gate == "takeover" else 0
        self._noticed_step = 0
        """Where the last mistake was noticed: up to there it drives, once it went back."""
        self._learner_since = 0
        """The first step that the learner drove by itself since."""

    def insists(self, step: int) -> bool:
        """Whether it has gone back in order to drive here."""
        return step < self._noticed_step

    def revised(self, tick: Tick, controls: Controls) -> Controls:
        """What is done on this tick, where `controls` is what would be done without going back."""
        if tick.driver is Source.HUMAN:
            self._learner_since = max(self._learner_since, tick.step)
        if not controls.hands_on or tick.driver is not Source.LEARNER or self.insists(tick.step):
            return controls
        seconds = min(self._back_s, (tick.step - self._learner_since) // HZ)
        if not seconds:
            return controls
        self._noticed_step = self._learner_since = tick.step  # what led here is not gone back into again
        # A rewind waits for its person; a stand-in need not get ready, and goes on by itself. What it would have done
        # where it was says nothing of where it is then.
        return Controls(None, hands_on=False, commands=(*[Command.REWIND] * seconds, Command.PAUSE))
