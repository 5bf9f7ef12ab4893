"""Whole sessions in a real window on a real desktop, by gamepad, wheel and keys: what is on disk is what was driven.

Each script is played by `tests.player` in a process of its own, tick by tick; the test after it reads the session. What
the rows should hold is worked out by hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from policy.checkpoint import save_checkpoint
from policy.kinds import Kind
from policy.labels import LabelRule
from teleop.cli import run
from teleop.gates import HOLD_S, RELEASE_S
from teleop.session import Episode, open_session
from tests.lessons import constant_checkpoint
from tests.optional import need
from tests.player import Moves, focus, hold_key, press, ticks, until, xdotool
from tests.test_record import wait_for
from tests.virtual_joystick import FULL, VirtualPad, VirtualWheel
from tests.virtual_screen import virtual_screen

PATIENCE_S = 180.0
"""For a whole session on a busy machine; nothing here is timed."""
GRAIN = 2e-4
"""Of an axis: its integers, and the map's three decimals."""
FEEL = "[feel]\ndead_zone = 0.2\ncurve = 2\n[cues]\nsound = false\n"
"""So a stick at 0.6 is half way and steers 0.25, at 0.8 three quarters and 0.5625; a trigger at 0.52 is half way."""

A, B, X, Y = (getattr(pygame, f"CONTROLLER_BUTTON_{name}") for name in "ABXY")
START, BACK = pygame.CONTROLLER_BUTTON_START, pygame.CONTROLLER_BUTTON_BACK
AGAIN, NEXT = pygame.CONTROLLER_BUTTON_LEFTSHOULDER, pygame.CONTROLLER_BUTTON_RIGHTSHOULDER
SLOWER, FASTER = pygame.CONTROLLER_BUTTON_DPAD_DOWN, pygame.CONTROLLER_BUTTON_DPAD_UP
PRACTICE = pygame.CONTROLLER_BUTTON_DPAD_LEFT
RELEASE, RELABEL = pygame.CONTROLLER_BUTTON_RIGHTSTICK, pygame.CONTROLLER_BUTTON_LEFTSTICK

Rows = npt.NDArray[np.float32]
Play = Callable[..., str]


@pytest.fixture(scope="module")
def desktop() -> Iterator[Mapping[str, str]]:
    """An environment whose DISPLAY has a window manager, so that windows have and lose the focus as they do at home."""
    need("Xvfb", "xdotool", "openbox", packages="xvfb xdotool openbox")
    with virtual_screen() as environment:
        manager = subprocess.Popen(
            ["openbox", "--sm-disable"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            asked = ["xdotool", "get_num_desktops"]
            wait_for(lambda: not subprocess.run(asked, env=environment, capture_output=True).returncode, "openbox")
            yield environment
        finally:
            manager.terminate()
            manager.wait()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The player's own; the wizard's map is added by the test that teaches it."""
    path = tmp_path_factory.mktemp("player") / "settings.toml"
    path.write_text(FEEL)
    return path


@pytest.fixture
def play(desktop: Mapping[str, str], settings: Path) -> Play:
    """Play a script against a command; what it printed."""

    def play(script: Callable[[], Moves], *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tests.player", f"{__name__}:{script.__name__}", *command],
            env={**desktop, "TELEOP_SETTINGS": str(settings)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return play


def verified(session: Path) -> Sequence[Episode]:
    """The session's episodes; every law kept, every checksum, every row simulated again."""
    assert run(["verify", str(session)]) == 0
    return open_session(session).episodes


def rows(*stretches: tuple[int, tuple[float, float, float]]) -> Rows:
    """Held that many ticks: steering, gas, brake."""
    return np.concatenate([np.tile(np.array(action, np.float32), (count, 1)) for count, action in stretches])


def assert_driven(episode: Episode, expected: Rows) -> None:
    assert episode.human_action == pytest.approx(expected, abs=GRAIN)
    assert np.array_equal(episode.action, episode.human_action)
    assert (episode.driver == 0).all()


def hold(pad: VirtualPad, steer: float = 0.0, gas: float = 0.0, brake: float = 0.0) -> None:
    """Stick and triggers, as shares of their ways; nothing is at rest."""
    pad.steer(round(steer * FULL))
    pad.gas(round(gas * FULL))
    pad.brake(round(brake * FULL))


# By a gamepad alone ---------------------------------------------------------------------------------------------------


def a_gamepad_alone() -> Moves:
    pad = VirtualPad()
    yield from focus()
    yield from press(pad, START, A)  # ready; straight through the countdown
    yield from paused_and_rewound(pad)
    yield from press(pad, Y)
    yield from press(pad, NEXT, A)
    hold(pad, gas=0.52)
    yield from ticks(20)
    yield from press(pad, X)
    yield from press(pad, AGAIN, A)
    yield from in_slow_motion(pad)
    yield from press(pad, Y)
    yield from press(pad, PRACTICE, NEXT, A)
    yield from ticks(20)
    yield from press(pad, Y)
    yield from press(pad, PRACTICE, AGAIN, A)
    hold(pad)  # coasting is a demonstration too
    yield from ticks(20)
    yield from press(pad, BACK)


def paused_and_rewound(pad: VirtualPad) -> Moves:
    hold(pad, steer=-0.6, gas=0.52)
    yield from ticks(60)
    yield from press(pad, START)  # a pause, and nothing counts until the stick is let go and touched again
    hold(pad, steer=0.8)
    yield from ticks(5)
    hold(pad)
    yield from ticks(2)
    hold(pad, steer=0.8, gas=0.28)
    yield from ticks(50)
    yield from press(pad, B)
    hold(pad)
    yield
    yield from press(pad, B)  # one second more
    hold(pad, brake=0.28)
    yield from ticks(20)


def in_slow_motion(pad: VirtualPad) -> Moves:
    """10 rows at full speed, 3 at three quarters, 4 at half, 5 at three quarters again."""
    yield from ticks(10)
    yield from press(pad, SLOWER)
    yield from ticks(2)
    yield from press(pad, SLOWER)
    yield from ticks(3)
    yield from press(pad, FASTER)
    yield from ticks(4)


def test_a_session_by_gamepad_buttons_alone_holds_exactly_what_was_driven(play: Play, tmp_path: Path) -> None:
    printed = play(a_gamepad_alone, "record", str(tmp_path / "mine"), "--seed", "7", "--operator", "Ada")
    assert "4 episodes, 1 of them discarded: 192 frames" in printed
    rewound, discarded, slow, last = episodes = verified(tmp_path / "mine.zarr")
    assert [episode.attrs["seed"] for episode in episodes] == [7, 8, 8, 9]
    assert [episode.attrs["end"] for episode in episodes] == ["stopped", "discarded", "stopped", "stopped"]
    assert {(episode.attrs["device"], episode.attrs["operator"]) for episode in episodes} == {("Virtual Pad", "Ada")}
    assert_driven(rewound, rows((60, (-0.25, 0.5, 0.0)), (50, (0.5625, 0.25, 0.0)), (20, (0.0, 0.0, 0.25))))
    assert rewound.step.tolist() == [*range(110), *range(10, 30)]
    assert np.flatnonzero(~rewound.kept).tolist() == list(range(10, 110))
    assert_driven(discarded, rows((20, (0.0, 0.5, 0.0))))
    assert_driven(slow, rows((22, (0.0, 0.5, 0.0))))
    assert slow.time_scale.tolist() == [1.0] * 10 + [0.75] * 3 + [0.5] * 4 + [0.75] * 5
    assert_driven(last, rows((20, (0.0, 0.0, 0.0))))
    assert [bool(episode.hands_on.all()) for episode in episodes] == [True, True, True, False]


# Pulled out, and overlaid ---------------------------------------------------------------------------------------------

ANOTHER_WINDOW = "import pygame; pygame.display.set_mode((300, 200)); [pygame.event.wait() for _ in iter(int, 1)]"


def an_unlucky_drive() -> Moves:
    pad = VirtualPad()
    yield from focus()
    yield from press(pad, START, A)
    hold(pad, steer=-0.6, gas=0.52)
    yield from ticks(20)
    pad.unplug()
    yield from ticks(10)
    again = VirtualPad()
    assert again.identity != pad.identity
    yield from ticks(3)
    hold(again, steer=0.6)
    yield from ticks(20)
    yield from press(again, NEXT, A)
    yield from with_the_focus_stolen(again)
    yield from press(again, BACK)


def with_the_focus_stolen(pad: VirtualPad) -> Moves:
    hold(pad, steer=-0.6, gas=0.52)
    window = pygame.display.get_wm_info()["window"]
    yield from ticks(10)
    with another_window():
        yield from until(lambda: not pygame.key.get_focused(), "another window to steal the focus")
        hold(pad, brake=0.9)
        yield from press(pad, Y, X, BACK)  # meant for the other window
        yield from ticks(10)
        xdotool("windowactivate", str(window))
        yield from focus()
    yield from ticks(3)
    hold(pad)
    yield from ticks(2)
    hold(pad, steer=0.8)
    yield from ticks(20)


@contextmanager
def another_window() -> Iterator[None]:
    command = [sys.executable, "-c", ANOTHER_WINDOW]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as thief:
        try:
            yield
        finally:
            thief.kill()


def test_a_cable_pulled_and_a_focus_stolen_leave_no_row_that_nobody_drove(play: Play, tmp_path: Path) -> None:
    play(an_unlucky_drive, "record", str(tmp_path / "mine"))
    unplugged, overlaid = episodes = verified(tmp_path / "mine.zarr")
    assert [episode.attrs["end"] for episode in episodes] == ["stopped", "stopped"]
    assert_driven(unplugged, rows((20, (-0.25, 0.5, 0.0)), (20, (0.25, 0.0, 0.0))))
    before = overlaid.committed - 20  # until another process had its window up
    assert before >= 10
    assert_driven(overlaid, rows((before, (-0.25, 0.5, 0.0)), (20, (0.5625, 0.0, 0.0))))
    assert {episode.attrs["device"] for episode in episodes} == {"Virtual Pad"}


# By a wheel -----------------------------------------------------------------------------------------------------------

STEERING, BRAKE, GAS = 0, 1, 2
"""Axes: the wheel is turned half way at most; the gas rests at +1, the brake at -1."""
PAUSE, REWIND, FINISH, DISCARD, ONWARD, QUIT = BUTTONS = (9, 8, 7, 6, 5, 4)
"""In the wizard's order."""
HELD, AT_REST = 32, 70
"""Ticks: longer than the wizard wants."""


def plugged_wheel() -> VirtualWheel:
    wheel = VirtualWheel()
    grip(wheel)
    return wheel


def grip(wheel: VirtualWheel, turn: float = 0.0, gas: float = 0.0, brake: float = 0.0) -> None:
    """How far it is turned of its half, and pedals of their way; nothing is at rest."""
    wheel.turn(STEERING, turn / 2)
    wheel.turn(GAS, 1 - 2 * gas)
    wheel.turn(BRAKE, 2 * brake - 1)


def a_wheel_is_taught() -> Moves:
    wheel = plugged_wheel()
    yield from focus()
    yield from press(wheel, 0)  # of an unknown wheel: the wizard begins
    yield from ticks(AT_REST)
    grip(wheel, turn=-0.2)  # no hand turns it from rest to lock in a tick
    yield
    for turn, gas, brake in ((-1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0), (0, 0, 1), (0, 0, 0)):
        grip(wheel, turn, gas, brake)
        yield from ticks(HELD)
    yield from press(wheel, *BUTTONS)
    settings = Path(os.environ["TELEOP_SETTINGS"])
    yield from hold_key("Return", pygame.K_RETURN)
    yield from until(lambda: wheel.guid in settings.read_text(), "the map to be saved")
    xdotool("keyup", "Return")
    yield from hold_key("Escape", pygame.K_ESCAPE)
    xdotool("keyup", "Escape")


def a_wheel_drives() -> Moves:
    wheel = plugged_wheel()
    yield from focus()
    yield from press(wheel, PAUSE)
    yield
    yield from press(wheel, PAUSE)
    grip(wheel, turn=-0.5, gas=0.5)
    yield from ticks(60)
    yield from press(wheel, REWIND)
    grip(wheel)
    yield
    grip(wheel, turn=1.0, brake=0.5)
    yield from ticks(20)
    yield from press(wheel, FINISH)
    yield from press(wheel, ONWARD, PAUSE)
    yield from whoever_is_touched_drives(wheel)
    yield from press(wheel, DISCARD)
    yield from press(wheel, ONWARD, PAUSE)
    grip(wheel, gas=1.0)
    yield from ticks(10)
    yield from press(wheel, QUIT)


def whoever_is_touched_drives(wheel: VirtualWheel) -> Moves:
    """The wheel, the pad and Up stay where they are while another one drives."""
    pad = VirtualPad()
    yield
    hold(pad, steer=-0.8, gas=0.52)
    yield from ticks(10)
    yield from hold_key("Up", pygame.K_UP)
    yield from ticks(19)
    grip(wheel, turn=-0.5)
    yield from ticks(10)
    xdotool("keyup", "Up")
    hold(pad, steer=0.6, gas=0.52)
    yield from ticks(10)


def test_a_wheel_is_taught_and_drives_beside_other_devices(play: Play, tmp_path: Path) -> None:
    play(a_wheel_is_taught, "devices")
    play(a_wheel_drives, "record", str(tmp_path / "mine"), "--seed", "3")
    alone, shared, last = episodes = verified(tmp_path / "mine.zarr")
    assert [episode.attrs["seed"] for episode in episodes] == [3, 4, 5]
    assert [episode.attrs["end"] for episode in episodes] == ["stopped", "discarded", "stopped"]
    half = 0.5 / 0.98  # the last 2 % of what was shown are play
    left, pedal = -(((half - 0.02) / 0.98) ** 2), (half - 0.04) / 0.96
    assert_driven(alone, rows((60, (left, pedal, 0.0)), (20, (1.0, 0.0, pedal))))
    assert alone.step.tolist() == [*range(60), *range(10, 30)]
    ramps = [(min(-0.5625 + 0.1 * tick, 0.0), min(0.5 + 0.04 * tick, 1.0), 0.0) for tick in range(1, 21)]
    by_pad = shared.committed - 41  # until the key was heard
    assert by_pad >= 10
    stretches = [(1, (1.0, 0.0, pedal)), (by_pad, (-0.5625, 0.5, 0.0)), *((1, action) for action in ramps)]
    assert_driven(shared, rows(*stretches, (10, (left, 0.0, 0.0)), (10, (0.25, 0.5, 0.0))))
    assert_driven(last, rows((10, (0.0, 1.0, 0.0))))
    assert [episode.attrs["device"] for episode in episodes] == [
        "Virtual Wheel",
        "Virtual Wheel, Virtual Pad, keyboard",
        "Virtual Wheel",
    ]


# Beside a learner -----------------------------------------------------------------------------------------------------

LEARNERS = (0.125, 0.0625, 0.0)
"""What it wants, always: it rolls along the first straight."""


def a_learner_is_corrected() -> Moves:
    pad = VirtualPad()
    yield from focus()
    yield from press(pad, START, A)
    yield from ticks(20)
    hold(pad, steer=-0.6, brake=0.28)  # from tick 20 on the wheel is taken...
    yield from ticks(40)
    hold(pad)
    yield from press(pad, RELEASE)  # ...and at tick 60 given back by the button
    yield from ticks(19)
    hold(pad, steer=0.6)  # from tick 80 on taken again...
    yield from ticks(10)
    hold(pad)  # ...and from tick 90 on only let go of
    yield from ticks(110)
    yield from steered_along(pad)
    yield from press(pad, START)
    yield from ticks(5)
    yield from press(pad, A)
    yield from ticks(9)
    yield from press(pad, Y, BACK)


def steered_along(pad: VirtualPad) -> Moves:
    """The last second once more, in slow motion; then the learner drives on."""
    yield from press(pad, B, SLOWER, RELABEL)
    hold(pad, steer=0.8)
    yield from ticks(49)
    hold(pad)
    yield from press(pad, RELEASE)
    yield from ticks(9)


def test_a_learner_is_taken_over_from_given_back_to_and_labelled_as_the_rows_say(play: Play, tmp_path: Path) -> None:
    save_checkpoint(constant_checkpoint(np.array(LEARNERS, np.float32)), tmp_path / "a.safetensors")
    printed = play(a_learner_is_corrected, "dagger", str(tmp_path / "s"), "--learner", str(tmp_path / "a.safetensors"))
    assert "labelled: 50 frames in takeovers, 49 while the learner drove" in printed
    (episode,) = verified(tmp_path / "s.zarr")
    assert episode.step.tolist() == [*range(200), *range(150, 220)]
    released = let_go(episode, taken=80, touched_last=89)
    assert 90 < released < 150
    human = [*range(20, 60), *range(80, released)]
    assert np.flatnonzero(episode.driver == 0).tolist() == human
    assert np.flatnonzero(episode.hands_on).tolist() == [*range(20, 60), *range(80, 90), *range(201, 250)]
    assert episode.action[20:60] == pytest.approx(rows((40, (-0.25, 0.0, 0.25))), abs=GRAIN)
    assert np.array_equal(episode.learner_action, rows((270, LEARNERS)))
    assert np.array_equal(np.delete(episode.action, human, axis=0), rows((270 - len(human), LEARNERS)))
    assert episode.human_action[201:250] == pytest.approx(rows((49, (0.5625, 0.0, 0.0))), abs=GRAIN)
    assert episode.time_scale.tolist() == [1.0] * 200 + [0.75] * 70
    assert np.flatnonzero(LabelRule().read(episode).kind == Kind.SHADOW).tolist() == list(range(201, 250))
    assert (episode.attrs["mode"], episode.attrs["gate"], episode.attrs["figures"]["interventions"]) == (
        "dagger",
        "takeover",
        2,
    )


def let_go(episode: Episode, taken: int, touched_last: int) -> int:
    """The first row on which hands had been off for long enough, the wheel held for long enough, and on the road."""
    off = episode.time_ns - episode.time_ns[touched_last] >= RELEASE_S * 1e9
    held = episode.time_ns - episode.time_ns[taken] >= HOLD_S * 1e9
    return int(np.flatnonzero(off & held & (episode.wheels_on_road > 0))[0])
