"""Who drives."""

from __future__ import annotations

import numpy as np
import pytest

from teleop.frame import COAST, NO_CONTROLS, Source, Start, Tick
from teleop.gates import Only
from tests.fakes import ToyWorld


@pytest.mark.parametrize("source", [Source.HUMAN, Source.LEARNER])
def test_only_lets_its_source_drive_whoever_else_has_an_opinion(source: Source) -> None:
    gate = Only(source)
    gate.reset(Start(seed=1, mode="demo", paced=False))
    tick = Tick(step=0, time_ns=0, outcome=ToyWorld().reset(1))
    proposals = {Source.HUMAN: COAST, Source.LEARNER: np.ones(3, np.float32)}
    assert gate.choose(tick, NO_CONTROLS, proposals) is source
