from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from policy.metrics import Metrics, Progress
from policy.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.of(tmp_path / "policy")
    folder.make()
    return folder


def ignore(_: Progress) -> None:
    pass


def take_steps(metrics: Metrics, count: int) -> None:
    """With losses that tell the step."""
    for _ in range(count):
        metrics.note(float(metrics.step + 1))
        metrics.report()


def shown(folder: RunFolder, name: str) -> dict[int, float]:
    """What TensorBoard would draw: later files win, and hide what an interrupted run showed from their start on."""
    values: dict[int, float] = {}
    for file in sorted(folder.tensorboard.iterdir(), key=lambda file: file.stat().st_mtime_ns):
        for event in events(file.read_bytes()):
            if event.HasField("session_log"):
                values = {step: value for step, value in values.items() if step < event.step}
            values.update((event.step, value.simple_value) for value in event.summary.value if value.tag == name)
    return values


def events(content: bytes) -> Iterator[Event]:
    """Records of an event file: 8 bytes of length, 4 of checksum, the event, 4 of checksum."""
    while content:
        length = int.from_bytes(content[:8], "little")
        yield Event.FromString(content[12 : 12 + length])
        content = content[16 + length :]


def test_tensorboard_shows_what_metrics_jsonl_keeps(folder: RunFolder) -> None:
    metrics = Metrics(folder, steps=60, batch_size=64, watch=ignore)
    metrics.validation_loss = 0.5
    take_steps(metrics, 60)
    metrics.close()
    assert (
        shown(folder, "loss") == {report.step: report.loss for report in metrics.progress} == {25: 13, 50: 38, 60: 55.5}
    )
    assert shown(folder, "validation_loss") == {25: 0.5, 50: 0.5, 60: 0.5}


def test_without_held_out_episodes_there_is_no_validation_loss_to_show(folder: RunFolder) -> None:
    metrics = Metrics(folder, steps=30, batch_size=64, watch=ignore)
    take_steps(metrics, 30)
    metrics.close()
    assert shown(folder, "loss").keys() == {25, 30}
    assert shown(folder, "validation_loss") == {}


def test_going_on_takes_back_what_was_told_of_later_steps(folder: RunFolder) -> None:
    first = Metrics(folder, steps=100, batch_size=64, watch=ignore)
    take_steps(first, 40)
    standing = first.standing()
    take_steps(first, 40)
    first.close()
    second = Metrics(folder, steps=100, batch_size=64, watch=ignore)
    second.go_on(standing)
    assert [report.step for report in second.progress] == [25]
    take_steps(second, 60)
    second.close()
    assert [(report.step, report.loss) for report in second.progress] == [(25, 13), (50, 38), (75, 63), (100, 88)]
    assert shown(folder, "loss") == {report.step: report.loss for report in second.progress}
    assert len(folder.metrics.read_text().splitlines()) == 4
    assert second.progress[-1].elapsed_s > standing["elapsed_s"]
