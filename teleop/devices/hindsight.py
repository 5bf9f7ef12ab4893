"""Going back before taking over: whoever watches notices a mistake late, and what they then label is its aftermath.

Seen in trouble only, an expert teaches to be in trouble: a braking one teaches to brake, and never how to come to the
bend at all. A few seconds earlier the learner was still where driving well was possible, by its own doing.
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
        self._gone_over = range(0)
        """Steps that it went back for, up to where the mistake was noticed."""
        self._learner_since = 0
        """The first step that the learner drove by itself since."""
        self._step = 0

    def insists(self, step: int) -> bool:
        """Whether it went back in order to drive here."""
        return step in self._gone_over

    def revised(self, tick: Tick, controls: Controls) -> Controls:
        """What is done on this tick, where `controls` is what would be done without going back."""
        self._notice(tick)
        takes_over = controls.hands_on and tick.driver is Source.LEARNER and not self.insists(tick.step)
        seconds = min(self._back_s, (tick.step - self._learner_since) // HZ)
        if not takes_over or seconds <= 0 or Command.FINISH in controls.commands:
            return controls
        self._gone_over = range(tick.step - seconds * HZ, tick.step)
        self._learner_since = tick.step  # what led here is not gone back into again
        # A rewind waits for its person; PAUSE goes on. What would be done here is nothing for where the car is then.
        return Controls(None, hands_on=False, commands=(*[Command.REWIND] * seconds, Command.PAUSE))

    def _notice(self, tick: Tick) -> None:
        """Who drove, and where somebody else went back to: there all begins anew."""
        if tick.step < self._step and not self.insists(tick.step):
            self._gone_over, self._learner_since = range(0), min(self._learner_since, tick.step)
        if tick.driver is Source.HUMAN:
            self._learner_since = max(self._learner_since, tick.step)
        self._step = tick.step
