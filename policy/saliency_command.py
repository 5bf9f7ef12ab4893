"""`policy saliency`: pictures of where a policy looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from teleop.results import check_folder


@dataclass(frozen=True)
class Saliency:
    """Show where a policy looks: pictures and a short animation of what counts for its steering."""

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """What `policy train --out` wrote."""
    session: Annotated[Path, tyro.conf.Positional]
    """Whose pictures to look at."""
    out: Path
    """The folder for saliency.png and saliency.gif; made if it does not exist."""
    episode: int | None = None
    """Only this one; moments of the whole session, if not given."""
    frames: tuple[int, ...] = ()
    """Steps to draw; 24 evenly spread ones, if not given. The animation begins at the first."""

    def run(self, console: Console) -> int:
        check_folder(self.out)
        # Only now: torch takes seconds to load.
        from policy.checkpoint import load_checkpoint
        from policy.dataset import check_pictures
        from policy.glances import chosen_episodes, glances, moments, onward
        from policy.labels import ZOOM_STEPS
        from policy.pictures import save_animation, save_sheet
        from teleop.session import open_session

        checkpoint = load_checkpoint(self.checkpoint)
        session = open_session(self.session)
        check_pictures(session, checkpoint.vision)
        first = ZOOM_STEPS if checkpoint.vision.pedals else 0
        spread = moments(chosen_episodes(session, self.episode), self.frames, first)
        self.out.mkdir(parents=True, exist_ok=True)
        sheet, animation = self.out / "saliency.png", self.out / "saliency.gif"
        save_sheet(glances(checkpoint, spread), sheet)
        hz = session.attrs["hz"]
        save_animation(glances(checkpoint, onward(spread[0], hz)), animation, hz)
        console.print(f"wrote {sheet} and {animation}", markup=False)
        return 0
