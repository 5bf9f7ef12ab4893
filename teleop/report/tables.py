"""Figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from teleop.evaluate import Evaluation, TrackScore
from teleop.library import EpisodeInfo, SessionInfo, Verification

WORST_SHOWN = 10


def _table(title: str | None = None) -> Table:
    """Light enough for 80 columns."""
    return Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", title_style="bold")


def evaluation_table(name: str, evaluation: Evaluation) -> Table:
    """Over all tracks; tiles missed and time off the track are means a track."""
    tracks = len(evaluation.tracks)
    table = _table(f"{name} on {tracks} tracks")
    for heading in ("mean", "95% interval", "median", "min", "at 900", "laps", "missed", "off track"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row(
        f"{evaluation.mean:.1f}",
        f"{evaluation.low:.1f} to {evaluation.high:.1f}",
        f"{evaluation.median:.1f}",
        f"{evaluation.min:.1f}",
        f"{evaluation.share_900:.0%}",
        f"{evaluation.laps_finished:.0%}",
        f"{evaluation.tiles_missed:.1f} tiles",
        f"{evaluation.off_track_s:.2f} s",
    )
    return table


def worst_tracks_table(evaluation: Evaluation) -> Table:
    """The rare catastrophes decide the mean, so they come first."""
    table = _table("worst tracks first")
    for heading in ("track", "score", "ended", "lap time", "tiles missed", "off track"):
        table.add_column(heading, justify="right", no_wrap=True)
    for track in evaluation.tracks[:WORST_SHOWN]:
        table.add_row(*_track_cells(track))
    return table


def _track_cells(track: TrackScore) -> tuple[str, ...]:
    lap_time = "-" if track.lap_time_s is None else f"{track.lap_time_s:.2f} s"
    missed = f"{track.tiles_missed} of {track.tiles}"
    return str(track.seed), f"{track.score:.1f}", track.why, lap_time, missed, f"{track.off_track_s:.2f} s"


def session_line(session: SessionInfo) -> str:
    """A session in one line."""
    operators = f" by {', '.join(session.operators)}" if session.operators else ""
    return escape(
        f"{session.path}: {len(session.episodes)} episodes{operators}, {session.rows:,} rows, {session.seconds:.0f} s "
        f"of driving, {session.laps_finished} laps finished, {session.bytes_on_disk / 1e6:.1f} MB; "
        f"{session.env['id']} at {session.hz:g} Hz, begun {session.created_utc}"
    )


def episodes_table(session: SessionInfo) -> Table:
    """One line an episode."""
    table = _table()
    for heading in ("episode", "track", "mode", "driver", "ended"):
        table.add_column(heading, no_wrap=heading != "driver")
    for heading in ("rows", "score", "lap", "missed", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for episode in session.episodes:
        table.add_row(*_episode_cells(episode))
    return table


def _episode_cells(episode: EpisodeInfo) -> tuple[str, ...]:
    abandoned = episode.rows - episode.kept_rows
    score, lap_time_s, missed = (episode.figures.get(name) for name in ("score", "lap_time_s", "tiles_missed"))
    return (
        episode.name,
        str(episode.seed),
        episode.mode,
        escape(episode.operator or episode.device or episode.expert),
        episode.end or "killed",
        f"{episode.rows}" + (f" (-{abandoned})" if abandoned else ""),
        "-" if score is None else f"{score:.1f}",
        "-" if lap_time_s is None else f"{lap_time_s:.2f} s",
        "-" if missed is None else str(missed),
        f"{episode.bytes_on_disk / 1e6:.2f}",
    )


def verification_lines(verification: Verification) -> Iterator[str]:
    """What is wrong, what this machine can't check, and the sum."""
    for finding in verification.findings:
        yield f"[bold red]broken[/] episode {finding.episode}, {finding.law}: {escape(finding.message)}"
    for gap in verification.not_checkable:
        yield f"[yellow]note[/] episode {gap.episode}, {gap.law}: {escape(gap.message)}"
    read = (
        f"{verification.episodes} episodes read to the last byte, {verification.rows:,} rows hold the format's laws; "
        f"{verification.rows_resimulated:,} rows driven again from their actions"
    )
    verdict = "[bold green]ok[/]" if verification.ok else f"[bold red]{len(verification.findings)} broken[/]"
    yield f"{verdict} {escape(str(verification.path))}: {read}"
