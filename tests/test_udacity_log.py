from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import zarr
from PIL import Image as Pillow

from teleop.cli import run
from teleop.errors import SessionError
from teleop.exchange import udacity_log
from teleop.exchange.driving_log import LogError, Numbers, read_numbers
from teleop.exchange.udacity_log import Imported, Recording, import_recording
from teleop.frame import Source
from teleop.library import info, verify
from teleop.session import Session, open_session
from teleop.udacity import CAMERAS, ENVIRONMENT, MPH, UNKNOWN
from tests.driving_logs import BEGAN, Format, names, record_log, road_scene, spaced


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drives of eight lines each."""
    folder = tmp_path_factory.mktemp("recording")
    return record_log(record_log(folder, seed=1), seed=2)


@pytest.fixture(scope="module")
def session(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Session:
    path = tmp_path_factory.mktemp("sessions") / "drives"
    return open_session(import_recording(Recording(recording), path).session)


def imported(folder: Path, most_missing: float = 0.05) -> tuple[Imported, Session]:
    told = import_recording(Recording(folder), folder / "drives", most_missing)
    return told, open_session(told.session)


def error_of(call: Callable[[], object], kind: type[Exception] = LogError) -> str:
    with pytest.raises(kind) as raised:
        call()
    return str(raised.value)


def rewrite(folder: Path, change: Callable[[list[str]], object]) -> None:
    """Change the lines of a log."""
    log = folder / "driving_log.csv"
    lines = log.read_text().splitlines()
    change(lines)
    log.write_text("\n".join(lines) + "\n")


def test_a_log_becomes_a_session_with_three_cameras_and_real_time(session: Session) -> None:
    assert session.attrs["env"] == ENVIRONMENT
    assert (session.attrs["hz"], session.attrs["cameras"]) == (10, list(CAMERAS))
    first, second = session.episodes
    assert (first.committed, second.committed) == (7, 7)
    bends = np.random.default_rng(1).uniform(-1, 1, 8).round(7).astype(np.float32)
    np.testing.assert_array_equal(first.action[:, 0], bends[:7])
    np.testing.assert_array_equal(first.action[:, 1:], np.tile(np.array([0.5, 0], np.float32), (7, 1)))
    np.testing.assert_array_equal(first.human_action, first.action)
    np.testing.assert_array_equal(first.time_ns, np.arange(7) * 100_000_000)
    np.testing.assert_allclose(first.pose[:, 3], (20.5 + np.arange(7) / 8) * MPH, rtol=1e-6)
    assert set(first.driver) == {Source.HUMAN}


def test_every_picture_is_where_its_camera_is(session: Session) -> None:
    episode = session.episodes[1]
    bends = np.random.default_rng(2).uniform(-1, 1, 8).round(7)
    for name, side in (("observation", 0.0), ("observation_left", 0.3), ("observation_right", -0.3)):
        pictures = episode.column(name)
        assert pictures.shape == (7, 160, 320, 3)
        for row, picture in enumerate(pictures):
            away = np.abs(picture.astype(int) - road_scene(bends[row] + side, seed=row))
            assert away.mean() < 8, "but for what JPEG leaves out"
    final = episode.final_observation
    assert final is not None
    assert np.abs(final.astype(int) - road_scene(bends[7], seed=7)).mean() < 8


def test_an_imported_session_keeps_the_formats_laws_and_says_what_it_does_not_know(session: Session) -> None:
    checked = verify(session.path, lambda _: None, {})
    assert checked.ok
    assert (checked.episodes, checked.rows) == (2, 14)
    assert session.attrs["unknown"] == list(UNKNOWN)
    assert np.isnan(session.episodes[0].reward).all()
    summed = info(session.path)
    assert (summed.rows, summed.hz, summed.episodes[0].mode) == (14, 10, "import")
    assert summed.episodes[0].end == "stopped"


def test_an_episode_says_which_log_it_is_from(session: Session, recording: Path) -> None:
    source = session.episodes[0].attrs["source"]
    assert (source["format"], source["folder"]) == ("udacity", recording.name)
    assert len(source["sha256"]) == 64


def test_pictures_can_be_read_some_at_a_time_and_by_camera(session: Session) -> None:
    episode = session.episodes[0]
    chosen = np.array([0, 1, 0, 0, 1, 0, 0], bool)
    np.testing.assert_array_equal(list(episode.pictures(chosen)), episode.observation[chosen])
    np.testing.assert_array_equal(list(episode.pictures(chosen, "left")), episode.column("observation_left")[chosen])


def bare(pictures: Sequence[str], numbers: Sequence[float]) -> str:
    return ",".join([*pictures, *(f"{number:.7g}" for number in numbers)])


def decimal_commas(pictures: Sequence[str], numbers: Sequence[float]) -> str:
    return ", ".join([*pictures, *(f"{number:.7g}".replace(".", ",") for number in numbers)])


def exponents(pictures: Sequence[str], numbers: Sequence[float]) -> str:
    return ",".join([*pictures, *(f"{number:.6E}" for number in numbers)]) + "\r"


@pytest.mark.parametrize("line", [spaced, bare, decimal_commas, exponents])
@pytest.mark.parametrize("path", ["./IMG/", "C:\\Users\\Jo, Ann\\sim\\IMG\\", "/home/jo/data/IMG/"])
@pytest.mark.parametrize("header", ["", "center,left,right,steering,throttle,brake,speed\n"])
def test_every_versions_way_to_write_a_log_is_read(tmp_path: Path, line: Format, path: str, header: str) -> None:
    (tmp_path / "IMG").mkdir()
    (tmp_path / "driving_log.csv").write_text(header)
    record_log(tmp_path, rows=3, line=line, path=path)
    rows = Recording(tmp_path).rows
    bends = np.random.default_rng(0).uniform(-1, 1, 3)
    np.testing.assert_allclose([row.steering for row in rows], bends, atol=1e-6)
    assert [(row.throttle, row.brake, row.speed_mph) for row in rows] == [
        (0.5, 0, 20.5), (0.5, 0, 20.625), (0.5, 0, 20.75)
    ]  # fmt: skip
    assert rows[1].time_ns - rows[0].time_ns == 100_000_000


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (" 0, 0, 0, 22.14829", (0, 0, 0, 22.14829)),
        ("-7.87E-06,1,0,30.19", (-7.87e-06, 1, 0, 30.19)),
        ("-0,08581576, 0,1286689, 0, 12,1822", (-0.08581576, 0.1286689, 0, 12.1822)),
        ("-0,08581576,0,1286689,0,12,1822", (-0.08581576, 0.1286689, 0, 12.1822)),
        ("0,1,0,12,1822", (0, 1, 0, 12.1822)),
        ("0,0,1286689,0,0", (0, 0.1286689, 0, 0)),
        ("-1,5E-06,1,0,7,87E-06", (-1.5e-06, 1, 0, 7.87e-06)),
    ],
)
def test_numbers_with_decimal_commas_are_told_apart(text: str, numbers: Numbers) -> None:
    assert read_numbers(text) == numbers


def test_random_drives_written_with_decimal_commas_are_never_misread() -> None:
    rng = np.random.default_rng(5)
    read = 0
    for _ in range(500):
        pedals = rng.choice([0.0, 1.0, rng.random()], 2)
        written = [f"{number:.7g}" for number in (rng.uniform(-1, 1), *pedals, rng.uniform(0, 31))]
        try:
            assert read_numbers(",".join(written).replace(".", ",")) == tuple(map(float, written))
            read += 1
        except ValueError:
            pass
    assert read > 480, "few are refused"


def test_decimal_commas_that_can_be_read_in_two_ways_are_refused_with_the_remedy(tmp_path: Path) -> None:
    record_log(tmp_path, rows=3)
    two_ways = bare(names(BEGAN), []) + ",0,1,0,1,12,3"
    rewrite(tmp_path, lambda lines: lines.insert(1, two_ways))
    message = error_of(lambda: Recording(tmp_path))
    assert "line 2 of driving_log.csv: decimal commas" in message
    assert "leaves 2: record again with the computer set to English" in message
    assert "LC_ALL=C" in message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (bare(names(BEGAN), [1.5, 0, 0, 20]), "steering is in [-1, 1], throttle and brake in [0, 1], speed from 0 up"),
        (bare(names(BEGAN), [0, 0, 20]), "after the pictures come four numbers"),
        (bare(names(BEGAN), []) + ",nan,0,0,20", "got 'nan,0,0,20': mend or delete this line"),
        ("IMG/center.jpg,IMG/left.jpg,IMG/right.jpg,0,0,0,1", "only a picture's name tells when it was taken"),
        ("hello", "a line names three .jpg pictures and gives four numbers; got 'hello'"),
    ],
)
def test_a_line_that_is_none_is_named_with_the_rule(tmp_path: Path, line: str, words: str) -> None:
    record_log(tmp_path, rows=3)
    rewrite(tmp_path, lambda lines: lines.insert(1, line))
    message = error_of(lambda: Recording(tmp_path))
    assert message.startswith("line 2 of driving_log.csv: ")
    assert words in message


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    record_log(tmp_path, rows=4)
    log = tmp_path / "driving_log.csv"
    log.write_text(log.read_text()[:-30])
    assert len(Recording(tmp_path).rows) == 3


def test_a_gap_or_time_that_goes_back_begins_another_episode(tmp_path: Path) -> None:
    """The gap between the seventh line and the eighth leaves that one alone."""
    record_log(tmp_path, rows=8)
    rewrite(tmp_path, lambda lines: lines.__delitem__(slice(2, 7)))
    record_log(tmp_path, rows=3)
    told, session = imported(tmp_path)
    assert [episode.committed for episode in session.episodes] == [1, 2]
    assert (told.lines, told.rows, told.ends, told.episodes) == (6, 3, 3, 2)


def test_a_long_drive_is_cut_into_episodes_without_losing_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udacity_log, "LONGEST_EPISODE", 4)
    told, session = imported(record_log(tmp_path, rows=11, step_ms=70))
    assert [episode.committed for episode in session.episodes] == [4, 4, 2]
    assert (told.hz, told.ends) == (14, 1)
    before, after = session.episodes[:2]
    final = before.final_observation
    assert final is not None
    np.testing.assert_array_equal(final, after.observation[0])


def test_rows_whose_pictures_are_missing_or_damaged_are_counted_and_left_out(tmp_path: Path) -> None:
    record_log(tmp_path, rows=10)
    third, fourth = (names(BEGAN + timedelta(milliseconds=ms)) for ms in (200, 300))
    (tmp_path / third[1]).unlink()
    picture = tmp_path / fourth[2]
    picture.write_bytes(picture.read_bytes()[:900])
    told, session = imported(tmp_path, most_missing=0.2)
    assert (told.missing, told.rows, told.ends) == (2, 7, 1)
    assert session.episodes[0].time_ns.tolist()[:3] == [0, 100_000_000, 400_000_000]
    assert session.episodes[0].step.tolist() == list(range(7))


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"no picture")])
def test_too_many_missing_pictures_are_refused_and_nothing_is_left(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    record_log(tmp_path, rows=10)
    damage(tmp_path / names(BEGAN)[0])
    message = error_of(lambda: imported(tmp_path))
    assert "at most 5% of a log's lines may lack a picture; 1 of 10 do" in message
    assert "--most-missing" in message
    assert not [path for path in tmp_path.iterdir() if "drives" in path.name and path.suffix != ".lock"]


def test_pictures_are_found_in_whatever_case_and_beside_the_log(tmp_path: Path) -> None:
    record_log(tmp_path, rows=3)
    (tmp_path / "IMG").rename(tmp_path / "img")
    center = Path(names(BEGAN)[0]).name
    (tmp_path / "img" / center).rename(tmp_path / center.upper())
    assert imported(tmp_path)[0].missing == 0


def test_names_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    folder = record_log(tmp_path / "recording", rows=3)
    secret = tmp_path / Path(names(BEGAN)[0]).name
    (folder / names(BEGAN)[0]).rename(secret)
    (folder / names(BEGAN)[0]).symlink_to(secret)
    message = error_of(lambda: imported(folder))
    assert "line 1 of driving_log.csv names a picture outside the recording's folder" in message
    rewrite(folder, lambda lines: lines.__setitem__(1, lines[1].replace("IMG/center", "../IMG/center")))
    rewrite(folder, lambda lines: lines.pop(0))
    assert "'../IMG/center_2016_12_01_13_30_48_387.jpg'" in error_of(lambda: imported(folder))


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    record_log(tmp_path, rows=3)
    Pillow.new("RGB", (640, 320)).save(tmp_path / names(BEGAN)[0])
    assert "the simulator's pictures are 320x160" in error_of(lambda: imported(tmp_path))


def test_an_import_makes_a_new_session(tmp_path: Path) -> None:
    record_log(tmp_path, rows=3)
    imported(tmp_path)
    message = error_of(lambda: imported(tmp_path), SessionError)
    assert "drives.zarr is there already: choose another name" in message
    assert len(open_session(tmp_path / "drives").episodes) == 1


def test_a_folder_without_a_drive_is_refused(tmp_path: Path) -> None:
    assert "there is no" in error_of(lambda: Recording(tmp_path / "nowhere"))
    (tmp_path / "file").touch()
    assert "a recording of Udacity's simulator is a folder" in error_of(lambda: Recording(tmp_path / "file"))
    record_log(tmp_path, rows=1)
    assert "pictures that follow each other within 0.5 s; driving_log.csv has none, in 1 line:" in error_of(
        lambda: Recording(tmp_path)
    )


def test_a_log_without_any_pictures_makes_no_session_whatever_is_allowed(tmp_path: Path) -> None:
    record_log(tmp_path, rows=4, path="elsewhere/")
    message = error_of(lambda: imported(tmp_path, most_missing=1.0))
    assert "which 4 lines of 4 lack: find the pictures" in message
    assert not (tmp_path / "drives.zarr").exists()


def test_the_command_says_what_became_of_the_log(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", "udacity", str(recording), str(tmp_path / "drives")]) == 0
    said = capsys.readouterr().out
    assert "14 rows in 2 episodes, 1 s of driving at 10 Hz" in said
    assert "2 lines ended a drive" in said
    made = tmp_path / "drives"
    assert f"next: policy train --arch pilotnet --out {made}.safetensors {made}.zarr" in said
    assert run(["import", "udacity", str(recording), str(tmp_path / "more"), "--most-missing", "2"]) == 2
    assert run(["import", "udacity", str(tmp_path), str(tmp_path / "more")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def copied(session: Session, folder: Path) -> Path:
    return Path(shutil.copytree(session.path, folder / "copy.zarr"))


def test_a_side_cameras_missing_chunk_is_damage(session: Session, tmp_path: Path) -> None:
    path = copied(session, tmp_path)
    (path / "episodes/000001/observation_left/c.0.0.0.0").unlink()
    (finding,) = verify(path, lambda _: None, {}).findings
    assert (finding.episode, finding.law) == ("000001", "integrity")
    assert "observation_left/c.0.0.0.0 is missing" in finding.message


def test_what_this_world_does_know_has_to_be_written(session: Session, tmp_path: Path) -> None:
    path = copied(session, tmp_path)
    for name, nothing in (("pose", np.nan), ("observation_right", 0)):
        column = zarr.open_array(str(path / "episodes/000000" / name), zarr_format=3)
        column[3] = nothing
    found = [finding.message for finding in verify(path, lambda _: None, {}).findings]
    assert [message.split(" that was never written; ")[0] for message in found] == [
        "a committed row has a pose", "a committed row has a observation_right"
    ]  # fmt: skip
    assert "broken at row 3, 1 of 7 rows" in found[0]
