"""What the console is told of driving in a live world."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from teleop.frame import End
from teleop.sinks.account import Account
from tests.fakes import ToyWorld


def summed_up(human_s: float) -> str:
    """After an episode of ten seconds, so many of them by hand."""
    console = Console(record=True, width=200)
    account = Account(console)
    figures = {"driven_s": 10.0, "interventions": int(human_s > 0), "human_s": human_s, "hz": 20.0}
    account.on_end(End("stopped", 200, 200, ToyWorld().reset(1), figures))
    account.sum_up(Path("sessions/live"))
    return console.export_text()


def test_what_was_corrected_is_to_be_learned_from() -> None:
    assert "next: policy train --arch pilotnet --out better.safetensors sessions/live" in summed_up(human_s=2.0)


def test_where_nobody_took_over_there_is_nothing_to_learn_from() -> None:
    told = summed_up(human_s=0.0)
    assert "saved in sessions/live" in told
    assert "policy train" not in told


def test_nothing_is_told_where_nothing_was_driven() -> None:
    console = Console(record=True)
    Account(console).sum_up(Path("sessions/live"))
    assert console.export_text() == ""
