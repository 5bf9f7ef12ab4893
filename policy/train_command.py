"""`policy train`: what a person sees while a policy learns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from policy.config import TrainConfig
from policy.metrics import Progress, Watch

if TYPE_CHECKING:
    from policy.batches import Ingredient
    from policy.selection import Selection
    from policy.train import Trained

PLAIN_LINE_EVERY = 500
"""Steps, where there is no terminal to draw a bar on."""
VALIDATION_TRACKS = 100
"""Those from VALIDATION_SEED on."""


@dataclass(frozen=True)
class Train(TrainConfig):
    """Learn a policy from recorded sessions, by behavioral cloning."""

    select_tracks: int = 10
    """Validation tracks that each of the four candidates drives, to choose the best: more choose better. 10 take about
    as long as training bc does, a minute or two on two cores; 0 keeps the average of the weights unseen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.select_tracks <= VALIDATION_TRACKS:
            raise ValueError(f"--select-tracks is from 0 to {VALIDATION_TRACKS}; got {self.select_tracks}")

    def run(self, console: Console) -> int:
        try:
            # Only now: torch takes seconds to load, and an interrupt meanwhile is one like any other.
            from policy.selection import Driving, select
            from policy.train import train
            from policy.worlds import world_of

            say = partial(console.print, markup=False)
            simulated = world_of(self.sessions) == "CarRacing-v3"
            score = Driving(self.select_tracks) if self.select_tracks and simulated else None
            with _shown(console, self.steps) as watch:
                trained = train(self, watch, say, lambda found: console.print(_recipe(found)))
            say(_learned(trained))
            if score:
                say(_choosing(trained, self.select_tracks))
                say(_chosen(select(trained.candidates, trained.checkpoint, score, say)))
            elif not simulated:
                say("Udacity's simulator can't be driven from here: nothing is chosen, the weights' average is kept")
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(str(interrupt) or "interrupted; no checkpoint was written") from interrupt
        evaluate = "evaluate" if simulated else "udacity --learner"
        say(f"{trained.checkpoint} is ready. Next: teleop {evaluate} {trained.checkpoint}")
        return 0


def _recipe(found: Sequence[Ingredient]) -> Table:
    table = Table("a batch holds", box=SIMPLE)
    for heading in ("rows", "of episodes", "weight of a row", "share of a batch"):
        table.add_column(heading, justify="right")
    for one in found:
        table.add_row(one.kind, f"{one.rows:,}", str(one.episodes), f"{one.weight:.2f}", f"{one.share:.1%}")
    return table


@contextmanager
def _shown(console: Console, steps: int) -> Iterator[Watch]:
    """A bar on a terminal; elsewhere a line now and then."""
    if not console.is_terminal:
        yield lambda progress: _print_line(console, progress)
        return
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as bars:
        task = bars.add_task("", total=steps, note="")
        yield lambda progress: bars.update(task, completed=progress.step, note=_note(progress))


def _print_line(console: Console, progress: Progress) -> None:
    if progress.step % PLAIN_LINE_EVERY == 0:
        console.print(f"step {progress.step} of {progress.steps}: {_note(progress)}, {progress.left_s:.0f} s left")


def _note(progress: Progress) -> str:
    validation = "" if progress.validation_loss is None else f", validation {progress.validation_loss:.4f}"
    return f"loss {progress.loss:.4f}{validation}, {progress.samples_per_s:,.0f} samples/s"


def _learned(trained: Trained) -> str:
    last = trained.progress[-1]
    return f"{_note(last)}; {last.elapsed_s:.0f} s of training, {trained.cpu_s:.0f} s of CPU time in all"


def _choosing(trained: Trained, tracks: int) -> str:
    return (
        f"choosing among {len(trained.candidates)} candidates by their mean score on validation tracks: {tracks} each"
    )


def _chosen(selection: Selection) -> str:
    cost = f"choosing took {selection.elapsed_s:.0f} s, {selection.cpu_s:.0f} s of CPU time"
    return f"chosen: {selection.chosen}; {cost}"
