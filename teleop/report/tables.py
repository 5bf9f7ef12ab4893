"""Figures as tables on a terminal."""

from __future__ import annotations

from rich.table import Table

from teleop.evaluate import Evaluation, TrackScore

WORST_SHOWN = 10


def evaluation_table(name: str, evaluation: Evaluation) -> Table:
    """The sums over tracks."""
    tracks = len(evaluation.tracks)
    table = Table(title=f"{name} on {tracks} tracks")
    for heading in ("mean", "95% interval", "median", "min", "at 900", "laps finished", "tiles missed", "off track"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{evaluation.mean:.1f}",
        f"{evaluation.low:.1f} to {evaluation.high:.1f}",
        f"{evaluation.median:.1f}",
        f"{evaluation.min:.1f}",
        f"{evaluation.share_900:.0%}",
        f"{evaluation.laps_finished:.0%}",
        f"{evaluation.tiles_missed:.2f} a track",
        f"{evaluation.off_track_s:.2f} s a track",
    )
    return table


def worst_tracks_table(evaluation: Evaluation) -> Table:
    """The rare catastrophes decide the mean, so they come first."""
    table = Table(title="worst tracks first")
    for heading in ("track", "score", "ended", "lap time", "tiles missed", "off track"):
        table.add_column(heading, justify="right")
    for track in evaluation.tracks[:WORST_SHOWN]:
        table.add_row(*_track_cells(track))
    return table


def _track_cells(track: TrackScore) -> tuple[str, ...]:
    lap_time = "-" if track.lap_time_s is None else f"{track.lap_time_s:.2f} s"
    missed = f"{track.tiles_missed} of {track.tiles}"
    return str(track.seed), f"{track.score:.1f}", track.why, lap_time, missed, f"{track.off_track_s:.2f} s"
