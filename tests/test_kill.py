"""kill -9 while recording, in its quick form; the long one is `python -m tests.benchmarks.kills`."""

from __future__ import annotations

from pathlib import Path

from teleop.library import verify
from tests.benchmarks.kills import VERSIONS, kill_a_recording
from tests.fakes import ToyWorld


def test_a_kill_costs_at_most_100_rows_and_the_session_can_be_appended_to(tmp_path: Path) -> None:
    session = tmp_path / "killed.zarr"
    for after_s, paced in ((0.0, False), (0.13, False), (0.4, False), (1.3, True)):
        kill = kill_a_recording(session, after_s, paced)
        assert kill.fine, kill
    checked = verify(session, lambda _: ToyWorld(), VERSIONS)
    assert checked.ok, checked.findings
    assert checked.rows_resimulated == checked.rows > 0
