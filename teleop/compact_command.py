"""`teleop compact`: what may be asked for. The work is in `teleop.editing.compacting`, loaded once it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from teleop.arguments import SessionArgument
from teleop.words import counted

if TYPE_CHECKING:
    from teleop.editing.compacting import Compacted


@dataclass(frozen=True)
class Compact:
    """Archive recorded episodes: drop their pictures, which their seeds and actions draw again, to the last bit."""

    session: SessionArgument
    """The session's folder; `.zarr` is added if missing."""
    episodes: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[EPISODE ...]")] = ()
    """Numbers of episodes, as `teleop info` lists them. By default all."""
    restore: bool = False
    """Put the pictures of archived episodes back instead, for training and for other programs."""

    def run(self, console: Console) -> int:
        # Only now: the simulator takes a second to load, and --help needs none of it.
        from teleop.editing.compacting import compact, episodes_of, restore
        from teleop.progress import progress
        from teleop.rendering import recorded_pictures
        from teleop.session import open_session

        session = open_session(self.session)
        chosen = episodes_of(session, self.episodes, archived=self.restore)
        frames, drawn = sum(episode.committed + 1 for episode in chosen), 0
        change = restore if self.restore else compact
        with progress(console, f"drawing {counted(frames, 'frame')} again", frames) as update:

            def tell(pictures: int) -> None:
                nonlocal drawn
                drawn += pictures
                update(drawn, "")

            changed = change(session.path, recorded_pictures(), self.episodes, tell)
        for one in changed:
            if one.left:
                console.print(f"[yellow]left as it was[/] {one.episode}: {escape(one.left)}", highlight=False)
        console.print(escape(f"{session.path}: {self._sum(changed)}"), highlight=False)
        return int(any(one.left for one in changed))

    def _sum(self, changed: Sequence[Compacted]) -> str:
        done = [one for one in changed if not one.left]
        how = "made whole" if self.restore else "archived"
        if not changed:
            return f"no episode is left to be {how}"
        if not done:
            return f"no episode was {how}"
        before, after, rows = (sum(getattr(one, name) for one in done) for name in ("before", "after", "rows"))
        return (
            f"{counted(len(done), 'episode')} {how}: {before / 1e6:.2f} MB before, {after / 1e6:.2f} MB after; "
            f"{before / rows:,.0f} bytes a frame before, {after / rows:,.0f} after"
        )
