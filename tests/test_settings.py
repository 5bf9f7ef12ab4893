"""The settings file: what it says is what happens, and whatever in it makes no sense is told and ignored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pygame
import pytest
import tomlkit
from hypothesis import given

from teleop.bindings import BINDINGS, Binding, Bindings, Drive, Flow, Meaning, Rewind
from teleop.devices.feel import Feel
from teleop.devices.joystick_map import JoystickMap, PedalAxis, SteeringAxis
from teleop.errors import UserError
from teleop.frame import Command
from teleop.settings.joysticks import save_joysticks
from teleop.settings.rebinding import BUTTONS, MEANINGS, key_codes
from teleop.settings.settings import RANGES, Settings, load_settings, settings_path
from teleop.settings.template import settings_template

GUID = "030000006d0400004fc2000011010000"
PEDALS = "030000006d0400004fc2000011010001"
WHEEL = JoystickMap(
    "Old Wheel",
    SteeringAxis(0, -0.9, 0.1, 1.0),
    PedalAxis(1, 1.0, -1.0),
    PedalAxis(1, 0.0, 1.0),
    {9: Command.PAUSE, 3: Rewind(2)},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def loaded(path: Path, text: str) -> Settings:
    path.write_text(text)
    return load_settings(path)


def binding(settings: Settings, meaning: Meaning) -> Binding:
    return next(one for one in settings.bindings.table if one.meaning == meaning)


def is_default(settings: Settings) -> bool:
    changed = [field.name for field in dataclasses.fields(Settings) if field.name not in ("bindings", "problems")]
    same = all(getattr(settings, name) == getattr(Settings(), name) for name in changed)
    return same and settings.bindings.table == BINDINGS


def test_without_a_file_everything_is_the_default_and_that_is_no_problem(path: Path) -> None:
    assert is_default(load_settings(path))
    assert not load_settings(path).problems


def test_the_file_is_where_the_environment_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEOP_SETTINGS", str(path))
    path.write_text("[cues]\nsound = false\n")
    assert settings_path() == path
    assert not load_settings().sound
    monkeypatch.delenv("TELEOP_SETTINGS")
    assert settings_path().parts[-2:] == ("teleop", "settings.toml")


def test_everything_the_file_says_is_taken(path: Path) -> None:
    settings = loaded(
        path,
        """
        [keyboard]
        gas = ["Space", "kp8"]
        faster = "PLUS"
        [gamepad]
        steering = "right stick"
        gas = "right stick up"
        finish = ["rs"]
        [feel]
        dead_zone = 0.2
        curve = 2
        [cues]
        rumble = false
        """,
    )
    assert settings.problems == ()
    assert binding(settings, Drive.GAS).keys == (pygame.K_SPACE, pygame.K_KP8)
    assert settings.bindings.keys[pygame.K_PLUS] is Command.FASTER
    assert settings.bindings.buttons[pygame.CONTROLLER_BUTTON_RIGHTSTICK] is Command.FINISH
    assert settings.bindings.steering.axis == pygame.CONTROLLER_AXIS_RIGHTX
    assert (settings.bindings.gas.axis, settings.bindings.gas.sign) == (pygame.CONTROLLER_AXIS_RIGHTY, -1)
    assert settings.feel == Feel(dead_zone=0.2, curve=2.0)
    assert (settings.sound, settings.rumble) == (True, False)


def test_a_key_that_is_asked_for_leaves_its_old_meaning(path: Path) -> None:
    settings = loaded(path, '[keyboard]\ngas = ["space"]\n')
    assert binding(settings, Command.PAUSE).keys == (pygame.K_p,)
    assert ("pause, go on", "P", "Start or A") in settings.bindings.help_table()
    assert settings.bindings.hint(Command.PAUSE) == ("P", "Start")


def test_two_meanings_may_swap_their_keys(path: Path) -> None:
    settings = loaded(path, '[keyboard]\nnext = ["r"]\nagain = ["n"]\n')
    assert settings.problems == ()
    assert settings.bindings.keys[pygame.K_r] is Flow.NEXT
    assert settings.bindings.keys[pygame.K_n] is Flow.AGAIN


def test_no_meaning_loses_its_only_key(path: Path) -> None:
    settings = loaded(path, '[keyboard]\ngas = ["return"]\n')
    (problem,) = settings.problems
    assert "gas" in problem
    assert "finish" in problem
    assert settings.bindings.table == BINDINGS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[keyboard]\ngas = [ ] ]", ["TOML", "line 2"]),
        ("[keyboard]\njump = ['j']", ["[keyboard] jump", "no such meaning", "left"]),
        ("[keyboard]\ngas = ['banana']", ["[keyboard] gas", "'banana'", "default stays"]),
        ("[keyboard]\ngas = []", ["gas", "at least one key"]),
        ("[keyboard]\ngas = 3", ["gas", "got 3"]),
        ("[keyboard]\ngas = [3]", ["gas", "got [3]"]),
        ("[gamepad]\npause = ['square']", ["[gamepad] pause", "'square'", "start"]),
        ("[gamepad]\nleft = ['a']", ["[gamepad] left", "no such meaning"]),
        ("[gamepad]\nsteering = 'left trigger'", ["steering", "left stick, right stick"]),
        ("[gamepad]\ngas = ['a']", ["gas", "right trigger", "['a']"]),
        ("[gamepad]\ngas = 'left trigger'", ["gas and brake", "'left trigger'"]),
        ("[feel]\ncurve = 0.5", ["curve", "from 1 to 5", "0.5"]),
        ("[feel]\ncurve = nan", ["curve", "nan"]),
        ("[feel]\ndead_zone = true", ["dead_zone", "True"]),
        ("[feel]\nsoftness = 1", ["softness", "steering_scale"]),
        ("[cues]\nsound = 1", ["sound", "true or false"]),
        ("[cues]\nlight = true", ["light", "rumble"]),
        ("[keybord]\ngas = ['w']", ["[keybord]", "keyboard"]),
        ("feel = 3", ["[feel]", "feel = 3"]),
        ("[joystick.G29]\nname = 'x'", ["[joystick.G29]", "GUID", "--list"]),
        (f"joystick.{GUID} = 3", [GUID, "got 3"]),
        (f"[joystick.{GUID}]\nname = 'x'", [GUID, "neither", "teleop devices"]),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence_and_the_defaults_stay(
    path: Path, text: str, words: list[str]
) -> None:
    settings = loaded(path, text)
    (problem,) = settings.problems
    assert all(word in problem for word in [str(path), *words])
    assert "\n" not in problem
    assert is_default(settings)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("steering = { axis = 0, left = 1, centre = 0, right = 1 }", "two sides"),
        ("steering = { axis = 0, left = -1, right = 1 }", "centre"),
        ("gas = { axis = -1, released = 1, pressed = 0 }", "whole number"),
        ("gas = { axis = 1, released = 1, pressed = 7 }", "-1 to 1"),
        ("gas = { axis = 1, released = 1, pressed = 0.99 }", "apart"),
        ("gas = 1", "got 1"),
        ("buttons = { jump = 1 }", "no such meaning"),
        ("buttons = { quit = 'x' }", "'x'"),
        ("buttons = { quit = 9, pause = 9 }", "one meaning"),
        ("buttons = 3", "got 3"),
        ("clutch = 3", "no such line"),
    ],
)
def test_of_a_bad_joystick_map_the_good_lines_are_used(path: Path, line: str, word: str) -> None:
    good = f"[joystick.{GUID}]\nname = 'mine'\nbrake = {{ axis = 2, released = -1, pressed = 1 }}\n"
    settings = loaded(path, good + line)
    (problem,) = settings.problems
    assert word in problem
    assert settings.joysticks[GUID].brake == PedalAxis(2, -1.0, 1.0)
    assert set(settings.joysticks[GUID].axes) == {"brake"}


def test_a_name_that_could_not_be_drawn_is_not_taken(path: Path) -> None:
    settings = loaded(path, f'[joystick.{GUID}]\nname = "\\u0000"\nbuttons = {{ quit = 1 }}')
    assert settings.joysticks[GUID].name == "joystick"


def test_of_very_many_problems_no_more_are_told_than_a_person_reads(path: Path) -> None:
    problems = loaded(path, "\n".join(f"nonsense_{number} = 1" for number in range(100))).problems
    assert len(problems) == 21
    assert problems[-1].endswith("and 80 more of the kind")


def test_one_bad_line_costs_no_other(path: Path) -> None:
    settings = loaded(path, "[keyboard]\njump = ['j']\ngas = ['g']\n[feel]\ncurve = 9\ndead_zone = 0.3\n")
    assert len(settings.problems) == 2
    assert settings.bindings.keys[pygame.K_g] is Drive.GAS
    assert settings.feel == Feel(dead_zone=0.3)


@pytest.mark.parametrize("content", [b"\xff\xfe gas", b"[" * 100_000, b"\xef\xbb\xbf[cues]\r\nsound = 1\r\n"])
def test_no_bytes_whatever_break_the_start(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    settings = load_settings(path)
    assert len(settings.problems) == 1
    assert is_default(settings)


WORDS = st.sampled_from([*MEANINGS, *BUTTONS, *RANGES, "space", "p", "return", "steering", "left stick", "axis", "x\0"])
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-2, 300), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.dictionaries(st.sampled_from(list(MEANINGS)), st.lists(st.sampled_from(list(key_codes())[:60]), max_size=3))
FILES = st.fixed_dictionaries(
    {},
    optional={
        "keyboard": st.one_of(KEYS, VALUES),
        "gamepad": VALUES,
        "feel": VALUES,
        "cues": VALUES,
        "joystick": st.dictionaries(st.sampled_from([GUID, PEDALS, "x"]), VALUES, max_size=2),
        "x": VALUES,
    },
)


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@given(FILES)
def test_whatever_the_file_says_every_meaning_keeps_a_key_of_its_own(content: dict[str, Any]) -> None:
    with NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        tomlkit.dump(content, file)
        file.flush()
        settings = load_settings(Path(file.name))
    table = settings.bindings.table
    assert all(binding.keys for binding in table)
    assert len(settings.bindings.keys) == sum(len(binding.keys) for binding in table)
    assert len(settings.bindings.buttons) == sum(len(binding.buttons) for binding in table)
    assert all(problem.isprintable() for problem in settings.problems)


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert "can't be read" in settings.problems[0]
    assert is_default(settings)


def test_a_saved_map_is_the_one_that_is_loaded(path: Path) -> None:
    pedals = JoystickMap("Pedals", gas=PedalAxis(2, -1.0, 0.5))
    save_joysticks({GUID: WHEEL, PEDALS: pedals}, path, "")
    settings = load_settings(path)
    assert settings.problems == ()
    assert settings.joysticks == {GUID: WHEEL, PEDALS: pedals}


def test_the_help_names_the_buttons_of_the_persons_own_wheel(path: Path) -> None:
    save_joysticks({GUID: WHEEL}, path, "")
    bindings = load_settings(path).bindings
    assert ("pause, go on", "Space or P", "Start or A or button 9") in bindings.help_table()
    assert ("rewind 2 s", "2", "button 3") in bindings.help_table()
    assert ("gas", "Up or W", "right trigger or pedal") in bindings.help_table()
    assert bindings.hint(Command.PAUSE) == ("Space", "Start or button 9")
    assert Bindings().hint(Rewind(2)) == ("2", "")


def test_saving_a_map_keeps_what_the_person_wrote(path: Path) -> None:
    path.write_text(f"# mine\n[feel]\ncurve = 2 # nice\n\n[joystick.{GUID}] # the red one\nname = 'Red'\n")
    save_joysticks({GUID: WHEEL, PEDALS: WHEEL}, path, "")
    text = path.read_text()
    assert text.startswith("# mine\n[feel]\ncurve = 2 # nice\n")
    assert "# the red one" in text
    assert load_settings(path).joysticks == {GUID: WHEEL, PEDALS: WHEEL}
    assert load_settings(path).feel.curve == 2.0
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("text", ["[keyboard\n", "joystick = 3\n", f"joystick.{GUID} = 3\n"])
def test_a_file_that_can_take_no_map_stays_as_it_is(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError, match="mend or move the file"):
        save_joysticks({GUID: WHEEL}, path, "")
    assert path.read_text() == text


def test_a_link_to_the_settings_stays_a_link(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "real.toml")
    save_joysticks({GUID: WHEEL}, path, "")
    assert path.is_symlink()
    assert load_settings(tmp_path / "real.toml").joysticks == {GUID: WHEEL}


def test_a_new_file_begins_with_every_default_to_change(path: Path) -> None:
    save_joysticks({GUID: WHEEL}, path, settings_template())
    assert load_settings(path).joysticks == {GUID: WHEEL}
    assert '# pause = ["space", "p"]' in path.read_text()
    settings = loaded(path, "\n".join(line.removeprefix("# ") for line in settings_template().splitlines()[2:]))
    assert settings.problems == ()
    assert is_default(settings)
