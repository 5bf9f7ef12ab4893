"""The viewer, used as a person uses it: keys, mouse, and what is then seen."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from teleop.cli import run
from teleop.clock import SimulatedMetronome
from teleop.editing.changes import find_episode
from teleop.editing.compacting import compact
from teleop.errors import SessionError, UsageError
from teleop.frame import HZ, Source, Start
from teleop.gates import Only
from teleop.loop import run_episode
from teleop.pen import DARK
from teleop.rendering import recorded_pictures
from teleop.replay.keys import MEANINGS, ROWS, Do
from teleop.replay.marking import NO_RANGE
from teleop.replay.player import SPEEDS, Player
from teleop.replay.stops import Stop, neighbour, stops
from teleop.replay.viewer import Viewer, wrapped
from teleop.replay_command import index_of
from teleop.session import Session, open_session
from teleop.sinks.recorder import Recorder
from teleop.window import Window
from teleop.worlds.track import versions
from teleop.writer import session_lock
from tests.corrected_session import REWOUND, SHORT, TAKEN_OVER, TRACK, record_corrected
from tests.corrected_session import ROWS as RECORDED_ROWS
from tests.fakes import TOY_ENV, ScriptedDevice, ToyWorld, steering
from tests.replaying import at, drag, press, ticks
from tests.test_hud import ReadPen


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_corrected(tmp_path_factory.mktemp("recorded") / "town")


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Session:
    """One of its own, to be marked."""
    return open_session(shutil.copytree(recorded, tmp_path / "town.zarr"))


@pytest.fixture
def pen(window: Window) -> ReadPen:
    window.pen = ReadPen()
    return window.pen


@pytest.fixture
def viewer(window: Window, pen: ReadPen, session: Session) -> Viewer:
    assert window.pen is pen
    return Viewer(window, session, versions())


def said(viewer: Viewer, pen: ReadPen) -> str:
    """Everything that is written on one picture."""
    pen.written.clear()
    viewer.draw()
    return "\n".join(pen.written)


def driven_again(viewer: Viewer, pen: ReadPen) -> Viewer:
    while "re-simulating" in said(viewer, pen):
        viewer.tick(0.0)
    return viewer


def marked(session: Session) -> list[tuple[int, int]]:
    episode = find_episode(session.path, "0")
    return [tuple(bounds) for bounds in episode.attrs["excluded"]]


def test_stops_are_takeovers_departures_disagreements_and_rewinds(viewer: Viewer) -> None:
    there = stops(viewer.reel)
    assert there[Stop.TAKEOVER][0] == TAKEN_OVER
    assert there[Stop.REWIND] == [REWOUND]
    assert there[Stop.OFF_ROAD]
    assert all(viewer.reel.wheels_on_road[row] == 0 for row in there[Stop.OFF_ROAD])
    worst = there[Stop.DISAGREEMENT][0]
    assert abs(viewer.reel.human[worst, 0] - viewer.reel.learner[worst, 0]) > 0.5


def test_the_first_row_after_a_rewind_was_led_to_by_the_last_that_it_left(viewer: Viewer) -> None:
    reel = viewer.reel
    assert reel.before[:3] == [-1, 0, 1]
    assert reel.step[reel.before[REWOUND]] == reel.step[REWOUND] - 1
    assert reel.before[REWOUND] < REWOUND - 40


def test_the_score_of_a_row_is_what_the_rows_that_led_there_earned(viewer: Viewer) -> None:
    reel = viewer.reel
    assert reel.score[REWOUND] == pytest.approx(reel.score[reel.before[REWOUND] + 1])
    assert reel.score[REWOUND - 1] == pytest.approx(reel.episode.reward[: REWOUND - 1].sum(), rel=1e-5)


def test_hands_that_are_off_beside_a_learner_have_no_opinion(viewer: Viewer) -> None:
    assert np.isnan(viewer.reel.human[:TAKEN_OVER]).all()
    assert not np.isnan(viewer.reel.human[TAKEN_OVER:REWOUND]).any()


def test_the_neighbour_of_a_row_is_beyond_it() -> None:
    assert neighbour([3, 7, 9], 7, forwards=True) == 9
    assert neighbour([3, 7, 9], 7, forwards=False) == 3
    assert neighbour([3, 7, 9], 9, forwards=True) is None


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_player_goes_as_fast_as_it_says_both_ways(speed: float) -> None:
    player = Player(rows=1000, hz=50)
    player.change_speed(SPEEDS.index(speed) - SPEEDS.index(1.0))
    player.go(500)
    player.play(1)
    for _ in range(50):
        player.tick(0.02)
    assert player.row == pytest.approx(500 + 50 * speed, abs=1)
    player.play(-1)
    for _ in range(50):
        player.tick(0.02)
    assert player.row == pytest.approx(500, abs=1)


def test_a_player_stops_at_the_end_and_plays_from_the_start_again() -> None:
    player = Player(rows=100, hz=50)
    player.play(1)
    player.tick(10.0)
    assert (player.row, player.direction) == (99, 0)
    player.pause_or_play()
    assert (player.row, player.direction) == (0, 1)


def test_every_key_is_in_the_help_and_means_one_thing() -> None:
    assert len(MEANINGS) == sum(len(row.keys) for row in ROWS)
    assert set(Do) <= set(MEANINGS.values())
    assert next(row for row in ROWS if row.what == "slower, faster").said == "Comma, Full stop"
    assert ROWS[0].said == "Space or K"


def test_keys_step_and_jump_and_a_held_key_goes_on(viewer: Viewer) -> None:
    press(viewer, pygame.K_RIGHT, pygame.K_RIGHT, pygame.K_LEFT)
    assert viewer.player.row == 1
    press(viewer, pygame.K_UP)
    assert viewer.player.row == 51
    press(viewer, pygame.K_2)
    assert viewer.player.row == TAKEN_OVER
    press(viewer, pygame.K_END, pygame.K_7)
    assert viewer.player.row == REWOUND
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_LEFT))
    ticks(viewer, 30)
    held = REWOUND - viewer.player.row
    assert held > 2
    pygame.event.post(pygame.Event(pygame.KEYUP, key=pygame.K_LEFT))
    ticks(viewer, 30)
    assert REWOUND - viewer.player.row == held


def test_space_plays_in_real_time_and_a_drag_on_the_time_line_pauses(viewer: Viewer) -> None:
    press(viewer, pygame.K_SPACE)
    ticks(viewer, 10, seconds=0.1)
    assert viewer.player.row == pytest.approx(50, abs=1)
    drag(viewer, 0.1, 0.5)
    assert viewer.player.row == pytest.approx(RECORDED_ROWS / 2, abs=3)
    ticks(viewer, 10)
    assert viewer.player.row == pytest.approx(RECORDED_ROWS / 2, abs=3)


def test_until_a_row_was_driven_again_its_recorded_picture_shows_and_is_said_to(viewer: Viewer, pen: ReadPen) -> None:
    press(viewer, pygame.K_END)
    assert "as recorded; re-simulating" in said(viewer, pen)
    assert "re-simulated" in said(driven_again(viewer, pen), pen).splitlines()


def picture(viewer: Viewer, window: Window) -> npt.NDArray[np.int64]:
    """Of the row, between the plates."""
    viewer.draw()
    return pygame.surfarray.array3d(window.canvas.subsurface((300, 120, 400, 300))).astype(np.int64)


def test_what_is_driven_again_shows_what_was_recorded_but_sharper(viewer: Viewer, window: Window, pen: ReadPen) -> None:
    press(viewer, pygame.K_END, pygame.K_g)
    recorded = picture(viewer, window)
    again = picture(driven_again(viewer, pen), window)
    assert 0 < np.abs(again - recorded).mean() < 8
    assert np.abs(np.diff(again, axis=0)).max() > np.abs(np.diff(recorded, axis=0)).max()


def test_where_other_versions_recorded_it_the_recorded_picture_stays_and_it_says_why(
    window: Window, pen: ReadPen, session: Session
) -> None:
    viewer = Viewer(window, session, versions() | {"box2d": "9.9"})
    ticks(viewer, 5)
    assert "as recorded; not checkable here: box2d" in said(viewer, pen)


def test_where_only_pygame_is_another_it_is_driven_again_and_says_so(
    window: Window, pen: ReadPen, session: Session
) -> None:
    viewer = driven_again(Viewer(window, session, versions() | {"pygame": "pygame 9"}), pen)
    assert "re-simulated, drawn by pygame" in said(viewer, pen)


def test_pictures_of_another_world_are_shown_as_recorded_in_their_own_proportions(
    window: Window, pen: ReadPen, tmp_path: Path
) -> None:
    shape = (80, 160, 3)
    with Recorder(tmp_path / "toy", TOY_ENV, block_when_behind=True, observation_shape=shape) as recorder:
        run_episode(
            Start(seed=1, mode="demo", paced=False, versions={"box2d": "1"}),
            ToyWorld(observation_shape=shape),
            ScriptedDevice(steering(30)),
            {},
            Only(Source.HUMAN),
            [recorder],
            SimulatedMetronome(HZ),
        )
    viewer = Viewer(window, open_session(recorder.path), versions())
    assert "as recorded; not checkable here: Toy-v0 can't be driven again" in said(viewer, pen)
    shown = [y for y in range(60, 480) if window.canvas.get_at((500, y)) != pygame.Color(DARK)]
    assert shown[-1] - shown[0] == pytest.approx(780 / 2, abs=8)  # as wide as CarRacing-v3's, half as high


def test_an_archived_episode_has_its_pictures_once_it_was_driven_again(
    window: Window, pen: ReadPen, tmp_path: Path
) -> None:
    path = record_corrected(tmp_path / "town", [SHORT])
    compact(path, recorded_pictures())
    viewer = Viewer(window, open_session(path), versions())
    assert "archived without pictures; re-simulating" in said(viewer, pen)
    assert "re-simulated" in said(driven_again(viewer, pen), pen).splitlines()


def test_a_rewound_branch_and_who_drives_are_said(viewer: Viewer, pen: ReadPen) -> None:
    press(viewer, pygame.K_2)
    assert {"abandoned: a rewind took this back", "Ada drives"} <= set(said(viewer, pen).splitlines())
    press(viewer, pygame.K_END)
    assert "abandoned: a rewind took this back" not in said(viewer, pen)
    assert "town.safetensors drives" in said(viewer, pen)


def test_a_range_is_marked_with_the_right_button_excluded_and_taken_back(viewer: Viewer, session: Session) -> None:
    drag(viewer, 0.25, 0.5, button=3)
    press(viewer, pygame.K_e)
    [(start, stop)] = marked(session)
    assert start == pytest.approx(0.25 * viewer.reel.rows, abs=3)
    assert stop == pytest.approx(0.5 * viewer.reel.rows, abs=3)
    assert viewer.reel.excluded.sum() == stop - start
    press(viewer, pygame.K_u)
    assert marked(session) == []
    assert not viewer.reel.excluded.any()


def test_keys_mark_from_here_to_here_both_rows_included(viewer: Viewer, session: Session, pen: ReadPen) -> None:
    press(viewer, *[pygame.K_RIGHT] * 3, pygame.K_i, pygame.K_RIGHT, pygame.K_RIGHT, pygame.K_o, pygame.K_e)
    assert marked(session) == [(3, 6)]
    assert "excluded: not learned from" in said(viewer, pen)
    press(viewer, pygame.K_i, pygame.K_o, pygame.K_w)
    assert marked(session) == [(3, 5)]


def test_nothing_is_excluded_without_a_range(viewer: Viewer, session: Session, pen: ReadPen) -> None:
    press(viewer, pygame.K_e)
    assert NO_RANGE in said(viewer, pen)
    assert marked(session) == []


def test_an_episode_is_discarded_restored_and_judged(viewer: Viewer, session: Session, pen: ReadPen) -> None:
    press(viewer, pygame.K_DELETE, pygame.K_s)
    assert find_episode(session.path, "0").discarded
    assert "the episode is discarded" in said(viewer, pen)
    assert f"episode 000000 · track {TRACK} · success" in said(viewer, pen)
    press(viewer, pygame.K_r)
    assert not find_episode(session.path, "0").discarded


def test_while_the_session_is_recorded_a_mark_is_refused_in_words_and_the_viewer_goes_on(
    viewer: Viewer, session: Session, pen: ReadPen
) -> None:
    lock = session_lock(session.path)
    press(viewer, pygame.K_DELETE)
    lock.release()
    assert "the episode is discarded" not in said(viewer, pen)
    assert str(session.path.name) in said(viewer, pen)
    press(viewer, pygame.K_RIGHT)
    assert viewer.player.row == 1


def test_a_damaged_picture_is_said_and_the_viewer_goes_on(window: Window, pen: ReadPen, session: Session) -> None:
    chunk = session.path / "episodes" / "000000" / "observation" / "c.2.0.0.0"
    chunk.write_bytes(chunk.read_bytes()[:100])
    viewer = Viewer(window, session, {})
    press(viewer, pygame.K_UP, pygame.K_UP)
    assert "the recorded picture is damaged: teleop verify says where" in said(viewer, pen)
    press(viewer, pygame.K_HOME)
    assert "damaged" not in said(viewer, pen)


def test_the_next_episode_opens_and_after_the_last_there_is_none(viewer: Viewer, pen: ReadPen) -> None:
    press(viewer, pygame.K_n)
    assert f"episode 000001 · track {TRACK + 1} · dagger" in said(viewer, pen)
    press(viewer, pygame.K_n)
    assert "this is the last episode" in said(viewer, pen)


def test_escape_leaves_the_help_first_and_then_the_viewer(viewer: Viewer, pen: ReadPen) -> None:
    press(viewer, pygame.K_h)
    assert "exclude, include what is marked" in said(viewer, pen)
    press(viewer, pygame.K_ESCAPE)
    assert not viewer.left
    press(viewer, pygame.K_ESCAPE)
    assert viewer.left


def test_the_ghost_goes_and_comes_with_its_key(viewer: Viewer, window: Window, pen: ReadPen) -> None:
    press(viewer, *[pygame.K_UP] * 2, *[pygame.K_LEFT] * 22)
    shown = picture(driven_again(viewer, pen), window)
    press(viewer, pygame.K_g)
    assert (picture(viewer, window) != shown).any()
    press(viewer, pygame.K_g)
    assert (picture(viewer, window) == shown).all()


def test_a_scrubbed_frame_costs_less_than_50_ms(viewer: Viewer, pen: ReadPen) -> None:
    driven_again(viewer, pen)
    costs = []
    for share in np.linspace(0.02, 0.98, 25):
        pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=at(float(share)), button=1))
        began = time.process_time()
        viewer.tick(0.0)
        costs.append(time.process_time() - began)
    assert np.percentile(costs, 95) < 0.05


def test_lines_wrap_between_words() -> None:
    assert wrapped("one two three", len, 8) == ["one two", "three"]
    assert wrapped("extraordinarily", len, 5) == ["extraordinarily"]


def test_an_episode_that_is_not_there_is_a_usage_error(session: Session) -> None:
    assert index_of(session, 1) == 1
    with pytest.raises(UsageError, match="has no episode 7"):
        index_of(session, 7)


def test_a_session_without_episodes_has_nothing_to_look_at(recorded: Path, tmp_path: Path) -> None:
    empty = shutil.copytree(recorded, tmp_path / "empty.zarr")
    for episode in (empty / "episodes").glob("0*"):
        shutil.rmtree(episode)
    with pytest.raises(SessionError, match="no episode to look at"):
        index_of(open_session(empty), None)


def test_without_a_screen_it_names_the_film(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(recorded)]) == 2
    assert "teleop export video" in capsys.readouterr().err
