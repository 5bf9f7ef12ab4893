"""The one loop, with a toy world, scripted hands and a tape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from teleop.clock import Metronome, PacedMetronome, SimulatedMetronome
from teleop.frame import COAST, Action, Command, Controls, End, Outcome, Source, Start, Tick
from teleop.gates import Only
from teleop.loop import CRASHED, PAUSED, REWOUND, Driver, Nudge, Rewindable, Sink, World, run_episode
from teleop.road import Road
from tests.fakes import FakeClock, ScriptedDevice, Tape, ToyWorld, commands, steering

CRASH = Controls(np.array([0, 0, 1], np.float32), hands_on=True)
"""Full brake: the toy world's way off the playfield."""
HANDS_OFF = Controls(np.zeros(3, np.float32), hands_on=False)
START = Start(seed=7, mode="demo", paced=False)


class Constant:
    """A driver that always wants the same, and remembers what it was shown."""

    def __init__(self, action: Sequence[float]) -> None:
        self._action = np.array(action, np.float32)
        self.ticks: list[Tick] = []

    def reset(self, start: Start) -> None:
        pass

    def act(self, tick: Tick) -> Action:
        self.ticks.append(tick)
        return self._action


class Push:
    """A nudge that never lets go."""

    def __init__(self, offset: float) -> None:
        self._offset = offset

    def reset(self, start: Start) -> None:
        pass

    def push(self, tick: Tick) -> float:
        return self._offset


class LiveWorld:
    """A world that can't go back."""

    def __init__(self) -> None:
        self._toy = ToyWorld()

    @property
    def road(self) -> Road | None:
        return None

    def reset(self, seed: int) -> Outcome:
        return self._toy.reset(seed)

    def step(self, action: Action) -> Outcome:
        return self._toy.step(action)

    def figures(self) -> Mapping[str, float | int | None]:
        return {}


class Gone(ToyWorld):
    """A simulator that goes away after two steps."""

    def step(self, action: Action) -> Outcome:
        if len(self._actions) == 2:
            raise ConnectionError("the simulator is gone")
        return super().step(action)

    def figures(self) -> Mapping[str, float | int | None]:
        if len(self._actions) == 2:
            raise TimeoutError("nobody answers")
        return super().figures()


class SlowToRewind(ToyWorld):
    """Takes half a second to go back."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def rewind(self, step: int) -> Outcome:
        self._clock.sleep(0.5)
        return super().rewind(step)


class Clumsy(Tape):
    """A sink that fails."""

    def __init__(self, fail_on_row: int = -1, error: BaseException | None = None) -> None:
        super().__init__()
        self._row = fail_on_row
        self._error = error or OSError("no space left")

    def on_frame(self, frame) -> None:  # type: ignore[no-untyped-def]
        super().on_frame(frame)
        if len(self.frames) == self._row:
            raise self._error

    def on_end(self, end: End) -> None:
        super().on_end(end)
        if self._row < 0:
            raise self._error


def run(
    script: Sequence[Controls],
    *,
    world: World | None = None,
    drivers: Mapping[Source, Driver] | None = None,
    gate: Source = Source.HUMAN,
    sinks: Sequence[Sink] = (),
    nudge: Nudge | None = None,
    person: bool = False,
    metronome: Metronome | None = None,
) -> tuple[Tape, End]:
    tape = Tape()
    end = run_episode(
        START,
        world=world or ToyWorld(),
        device=ScriptedDevice(script, person),
        drivers=drivers or {},
        gate=Only(gate),
        sinks=[tape, *sinks],
        metronome=metronome or SimulatedMetronome(50),
        nudge=nudge,
    )
    return tape, end


def test_every_proposal_is_in_the_frame_whoever_drives() -> None:
    tape, _ = run(steering(3), drivers={Source.LEARNER: Constant([0.5, 1, 0])}, gate=Source.LEARNER)
    for frame, controls in zip(tape.frames, steering(3), strict=True):
        assert frame.driver is Source.LEARNER
        assert frame.action.tolist() == [0.5, 1, 0]
        assert frame.proposals[Source.HUMAN] == pytest.approx(controls.action)


def test_an_action_is_stepped_on_the_tick_it_was_read_and_its_result_is_the_next_tick() -> None:
    tape, end = run(steering(5))
    assert [frame.tick.step for frame in tape.frames] == list(range(5))
    for frame, following in zip(tape.frames, tape.frames[1:], strict=False):
        assert following.tick.outcome is frame.result
    assert end.outcome is tape.frames[-1].result
    assert end.steps == 5


def test_a_driver_sees_who_drove_last_and_what_they_wanted() -> None:
    watcher = Constant([0, 0, 0])
    run(steering(3), drivers={Source.AUTOPILOT: watcher}, nudge=Push(0.3))
    assert (watcher.ticks[0].driver, watcher.ticks[0].proposal) == (None, None)
    assert watcher.ticks[1].driver is Source.HUMAN
    assert watcher.ticks[1].proposal == pytest.approx(steering(1)[0].action)


def test_a_nudge_is_executed_but_never_proposed() -> None:
    tape, _ = run([Controls(np.array([0.9, 0.5, 0], np.float32), hands_on=True)] * 2, nudge=Push(0.4))
    frame = tape.frames[0]
    assert frame.proposals[Source.HUMAN][0] == np.float32(0.9)
    assert frame.action.tolist() == [1.0, 0.5, 0.0]
    assert frame.nudge == 0.4


def test_a_proposal_out_of_range_is_an_error_that_names_who_made_it() -> None:
    with pytest.raises(ValueError, match=r"learner proposed \[0\.0, 2\.0, 0\.0\]"):
        run(steering(2), drivers={Source.LEARNER: Constant([0, 2, 0])})


def test_pausing_steps_nothing_until_it_is_pressed_again() -> None:
    script = [*steering(2), commands(Command.PAUSE), *steering(3), commands(Command.PAUSE), *steering(2)]
    tape, end = run(script)
    assert [frame.tick.step for frame in tape.frames] == [0, 1, 2, 3, 4]
    assert [why for _, why in tape.idle] == [PAUSED] * 4
    assert end.steps == 5


def test_the_tick_that_notices_an_interruption_is_not_stepped() -> None:
    lost = Controls(np.zeros(3, np.float32), hands_on=False, interruption="unplugged")
    tape, _ = run([*steering(2), lost, lost, *steering(2)])
    assert len(tape.frames) == 2
    assert [why for _, why in tape.idle] == ["unplugged"] * 4


def test_after_an_interruption_only_the_person_goes_on() -> None:
    lost = Controls(None, hands_on=False, interruption="unplugged")
    tape, _ = run([*steering(2), lost, *steering(1), commands(Command.PAUSE), *steering(2)])
    assert [frame.tick.step for frame in tape.frames] == [0, 1, 2, 3, 4]
    assert len(tape.idle) == 2


def test_going_on_while_the_interruption_lasts_steps_nothing() -> None:
    lost = Controls(None, hands_on=False, commands=(Command.PAUSE,), interruption="unplugged")
    tape, _ = run([*steering(1), lost, lost])
    assert len(tape.frames) == 1


@pytest.mark.parametrize(("command", "why"), [(Command.FINISH, "stopped"), (Command.DISCARD, "discarded")])
def test_finish_and_discard_end_the_episode_before_the_next_step(command: Command, why: str) -> None:
    tape, end = run([*steering(4), commands(command)])
    assert (end.why, end.steps, len(tape.frames)) == (why, 4, 4)


def test_a_finished_lap_ends_the_episode() -> None:
    tape, end = run(steering(9), world=ToyWorld(steps=6))
    assert (end.why, len(tape.frames)) == ("finished", 6)
    assert end.figures["score"] == pytest.approx(sum(frame.result.reward for frame in tape.frames))


def test_a_crash_without_a_person_ends_the_episode() -> None:
    _, end = run([*steering(3), CRASH, *steering(5)])
    assert (end.why, end.steps) == ("crashed", 4)


def test_a_crash_with_a_person_holds_the_picture_and_asks() -> None:
    script = [*steering(3), CRASH, *steering(2), commands(Command.PAUSE), commands(Command.FINISH)]
    tape, end = run(script, person=True)
    assert [why for _, why in tape.idle] == [CRASHED] * 3
    assert (end.why, end.steps) == ("crashed", 4)


def test_a_crash_can_be_discarded() -> None:
    _, end = run([CRASH, commands(Command.DISCARD)], person=True)
    assert end.why == "discarded"


def test_a_crash_can_be_rewound_and_driven_on_from() -> None:
    script = [*steering(60), CRASH, commands(Command.REWIND), commands(Command.PAUSE), *steering(5)]
    tape, end = run(script, person=True)
    assert [frame.tick.step for frame in tape.frames[60:]] == [60, *range(11, 17)]
    assert (end.why, end.steps) == ("stopped", 67)


def test_rewinding_goes_back_one_second_and_waits_there() -> None:
    tape, _ = run([*steering(80), commands(Command.REWIND), *steering(3)])
    assert [(tick.step, why) for tick, why in tape.idle] == [(30, REWOUND)] * 4
    there = tape.frames[30].tick
    for tick, _ in tape.idle[1:]:
        assert np.array_equal(tick.outcome.observation, there.outcome.observation)
        assert tick.driver is there.driver
        assert np.array_equal(tick.proposal, there.proposal)  # type: ignore[arg-type]


def test_several_rewinds_on_one_tick_go_back_at_once() -> None:
    tape, _ = run([*steering(180), commands(*[Command.REWIND] * 3), *steering(2)])
    assert [tick.step for tick, _ in tape.idle] == [30] * 3


def test_a_pause_ends_with_the_first_new_touch_on_that_very_tick() -> None:
    script = [*steering(5), commands(Command.PAUSE), HANDS_OFF, *steering(3)]
    tape, _ = run(script, person=True)
    assert len(tape.idle) == 2
    assert [frame.tick.step for frame in tape.frames] == list(range(8))


def test_what_is_still_held_from_before_a_pause_does_not_end_it() -> None:
    tape, _ = run([*steering(5), commands(Command.PAUSE), *steering(4)], person=True)
    assert len(tape.frames) == 5


def test_a_rewind_waits_for_a_touch_too() -> None:
    tape, _ = run([*steering(60), commands(Command.REWIND), HANDS_OFF, *steering(1)], person=True)
    assert tape.frames[-1].tick.step == 10


def test_a_touch_does_not_answer_a_crash() -> None:
    tape, _ = run([CRASH, HANDS_OFF, *steering(3), commands(Command.FINISH)], person=True)
    assert [why for _, why in tape.idle] == [CRASHED] * 4


def test_a_touch_does_not_end_what_interrupts() -> None:
    unplugged = Controls(None, hands_on=False, interruption="Pad was unplugged")
    tape, _ = run([*steering(2), unplugged, unplugged, HANDS_OFF, *steering(1)], person=True)
    assert [why for _, why in tape.idle] == ["Pad was unplugged"] * 3
    assert len(tape.frames) == 3


def test_the_first_touch_of_what_was_plugged_in_again_drives_on() -> None:
    unplugged = Controls(None, hands_on=False, interruption="Pad was unplugged")
    tape, _ = run([*steering(2), unplugged, unplugged, *steering(2)], person=True)
    assert (len(tape.idle), len(tape.frames)) == (2, 2 + 2)


def test_what_is_held_all_through_a_lost_focus_does_not_drive_on() -> None:
    unfocused = [Controls(held.action, True, interruption="the window lost its focus") for held in steering(2)]
    tape, _ = run([*steering(2), *unfocused, *steering(2)], person=True)
    assert len(tape.frames) == 2


def test_the_hands_of_a_stand_in_do_not_end_a_pause() -> None:
    tape, _ = run([*steering(5), commands(Command.PAUSE), HANDS_OFF, *steering(3)])
    assert len(tape.frames) == 5


def test_rewinding_past_the_beginning_stops_at_the_beginning() -> None:
    tape, _ = run([*steering(10), commands(Command.REWIND)])
    assert tape.idle[-1][0].step == 0
    assert tape.idle[-1][0].proposal is None


def test_a_world_that_cannot_go_back_drives_on() -> None:
    tape, _ = run([*steering(10), commands(Command.REWIND), *steering(2)], world=LiveWorld())
    assert [frame.tick.step for frame in tape.frames] == list(range(13))


def test_slower_and_faster_stay_between_a_quarter_and_real_time() -> None:
    slower = [commands(Command.SLOWER)] * 5
    faster = [commands(Command.FASTER)] * 5
    tape, _ = run([*slower, *faster])
    assert [frame.tick.time_scale for frame in tape.frames] == [0.75, 0.5, 0.25, 0.25, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_an_error_closes_every_sink_says_why_and_propagates() -> None:
    tape, after = Tape(), Tape()
    with pytest.raises(OSError, match="no space left"):
        run(steering(9), sinks=[tape, Clumsy(fail_on_row=3), after])
    for sink in (tape, after):
        assert (sink.ends[0].why, sink.ends[0].error) == ("failed", "OSError: no space left")
    assert (len(tape.frames), len(after.frames)) == (3, 2)


def test_a_sink_that_fails_to_close_does_not_keep_others_from_closing() -> None:
    before, after = Tape(), Tape()
    with pytest.raises(OSError, match="no space left"):
        run(steering(2), sinks=[before, Clumsy(), after])
    assert [len(before.ends), len(after.ends)] == [1, 1]


def test_an_interrupt_from_the_terminal_stops_the_episode_and_keeps_it() -> None:
    tape = Tape()
    with pytest.raises(KeyboardInterrupt):
        run(steering(9), sinks=[tape, Clumsy(fail_on_row=3, error=KeyboardInterrupt())])
    assert tape.ends[0].why == "stopped"


def test_a_world_that_is_gone_still_lets_every_sink_close_and_the_first_error_is_the_one_that_is_seen() -> None:
    before, after = Tape(), Tape()
    with pytest.raises(ConnectionError, match="the simulator is gone") as raised:
        run(steering(9), world=Gone(), sinks=[before, Clumsy(), after])
    for sink in (before, after):
        (end,) = sink.ends
        assert (end.why, end.error, end.figures) == ("failed", "ConnectionError: the simulator is gone", {})
    assert raised.value.__notes__ == ["then TimeoutError: nobody answers", "then OSError: no space left"]


def test_a_world_without_figures_at_the_end_is_a_failed_episode() -> None:
    before = Tape()
    with pytest.raises(TimeoutError, match="nobody answers"):
        run([*steering(2), commands(Command.FINISH)], world=Gone(), sinks=[before])
    assert [(end.why, end.steps) for end in before.ends] == [("failed", 2)]


def test_the_end_says_where_the_world_stood() -> None:
    assert run(steering(80))[1].step == 80
    assert run([*steering(80), commands(Command.REWIND, Command.FINISH)])[1].step == 30


def test_whether_a_world_can_go_back_can_be_asked_before_it_has_a_road() -> None:
    class Roadless(ToyWorld):
        @property
        def road(self) -> Road | None:
            raise RuntimeError("no track yet: call reset(seed) first")

    assert isinstance(Roadless(), Rewindable)
    assert not isinstance(LiveWorld(), Rewindable)


def test_time_goes_on_through_a_pause_a_rewind_and_slow_motion() -> None:
    clock = FakeClock()
    pause, rewind = commands(Command.PAUSE), commands(Command.REWIND)
    script = [*steering(60), pause, *steering(9), pause, *steering(5), rewind, *steering(3), pause]
    script += [commands(*[Command.SLOWER] * 2), *steering(4)]
    tape, _ = run(script, world=SlowToRewind(clock), metronome=PacedMetronome(50, now=clock.now, sleep=clock.sleep))
    ticks = np.diff([frame.tick.time_ns for frame in tape.frames]) / 20e6
    normal, paused, rewound, slow = 1, 11, 25 + 4, 2
    assert ticks.tolist() == pytest.approx([*[normal] * 59, paused, *[normal] * 5, rewound, *[normal] * 1, *[slow] * 4])


def test_the_tick_after_a_long_rewind_says_how_late_it_was_and_the_next_one_is_on_time() -> None:
    clock = FakeClock()
    script = [*steering(60), commands(Command.REWIND), commands(Command.PAUSE), *steering(3)]
    tape, _ = run(script, world=SlowToRewind(clock), metronome=PacedMetronome(50, now=clock.now, sleep=clock.sleep))
    assert [frame.late_ns for frame in tape.frames[60:]] == pytest.approx([480_000_000, 0, 0, 0], abs=1)


class RollingWorld(LiveWorld):
    """A world that goes on by itself while nobody drives, for `patience` ticks."""

    def __init__(self, patience: int = 1000) -> None:
        super().__init__()
        self._patience = patience

    def rest(self) -> Outcome:
        self._patience -= 1
        return replace(self.step(COAST), truncated=self._patience < 0)


def test_what_rolled_on_in_a_pause_is_driven_on_from_where_it_is_by_then() -> None:
    rolls = [commands(Command.PAUSE), *[HANDS_OFF] * 5, commands(Command.PAUSE)]
    tape, _ = run([*steering(3), *rolls, *steering(2)], world=RollingWorld())
    shown = [int(frame.tick.outcome.observation[0, 0, 0]) for frame in tape.frames]
    assert np.diff(shown[:4]).tolist() == [1, 1, 7]
    assert [frame.tick.step for frame in tape.frames[:4]] == [0, 1, 2, 3]


def test_what_is_gone_when_a_pause_is_over_is_not_driven() -> None:
    tape, end = run([*steering(3), commands(Command.PAUSE), *[HANDS_OFF] * 9], world=RollingWorld(patience=2))
    assert (end.why, end.steps) == ("truncated", 3)
    assert len(tape.idle) == 3


def test_time_cannot_be_slowed_in_a_world_of_its_own() -> None:
    tape, _ = run([commands(Command.SLOWER), *steering(2)], world=RollingWorld())
    assert {frame.tick.time_scale for frame in tape.frames} == {1.0}
