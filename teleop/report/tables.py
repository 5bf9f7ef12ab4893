"""Figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from teleop.burden import Burden
from teleop.frame import HZ
from teleop.words import counted

if TYPE_CHECKING:  # the simulator behind them takes a second to load
    from teleop.editing.listing import Listing
    from teleop.evaluate import Evaluation, TrackScore
    from teleop.library import EpisodeInfo, SessionInfo, Verification
    from teleop.shift.report import PolicyShift, ShiftReport

WORST_SHOWN = 10


def light_table(title: str | None = None) -> Table:
    """Light enough for 80 columns."""
    return Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left", title_style="bold")


def evaluation_table(name: str, evaluation: Evaluation) -> Table:
    """Over all tracks; tiles missed and time off the track are means a track."""
    tracks = len(evaluation.tracks)
    table = light_table(escape(f"{name} on {counted(tracks, 'track')}"))
    for heading in ("mean", "95% interval", "median", "min", "at 900", "laps", "missed", "off track"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row(
        f"{evaluation.mean:.1f}",
        f"{evaluation.low:.1f} to {evaluation.high:.1f}" if tracks > 1 else "-",
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
    table = light_table("worst tracks first")
    for heading in ("track", "score", "ended", "lap time", "tiles missed", "off track"):
        table.add_column(heading, justify="right", no_wrap=True)
    for track in evaluation.tracks[:WORST_SHOWN]:
        table.add_row(*_track_cells(track))
    return table


def _track_cells(track: TrackScore) -> tuple[str, ...]:
    lap_time = "-" if track.lap_time_s is None else f"{track.lap_time_s:.2f} s"
    missed = f"{track.tiles_missed} of {track.tiles}"
    return str(track.seed), f"{track.score:.1f}", track.why, lap_time, missed, f"{track.off_track_s:.2f} s"


def shift_table(report: ShiftReport) -> Table:
    """One line a policy."""
    table = light_table(f"distribution shift on {counted(len(report.seeds), 'track')}")
    table.add_column("policy", overflow="fold")
    for heading in ("left the road", "half by", "slope", "shift factor", "distance", "novel frames"):
        table.add_column(heading, justify="right", no_wrap=True)
    for policy in report.policies:
        table.add_row(*_shift_cells(policy))
    return table


def _shift_cells(policy: PolicyShift) -> tuple[str, ...]:
    survival, slope, factor = policy.survival, policy.horizon.slope, policy.disagreement.steering.factor
    coverage = policy.coverage
    return (
        escape(policy.name),
        f"{survival.departed} of {survival.rollouts}",
        "-" if survival.median_frame is None else f"{survival.median_frame / HZ:.1f} s",
        "-" if slope is None else f"{slope:.1f}",
        "-" if factor is None else f"{factor:.1f}",
        f"{coverage.distance:.2f}",
        "-" if coverage.outside is None else f"{coverage.outside:.0%}",
    )


def session_line(session: SessionInfo) -> str:
    """A session in one line."""
    operators = f" by {', '.join(session.operators)}" if session.operators else ""
    archived = sum(episode.archived for episode in session.episodes)
    episodes = counted(len(session.episodes), "episode") + (f" ({archived} archived)" if archived else "")
    return escape(
        f"{session.path}: {episodes}{operators}, {counted(session.rows, 'row')}, "
        f"{session.seconds:.0f} s of driving, {counted(session.laps_finished, 'lap')} finished, "
        f"{session.bytes_on_disk / 1e6:.1f} MB; {session.env['id']} at {session.hz:g} Hz, begun {session.created_utc}"
    )


def sessions_table(listing: Listing) -> Table:
    """One line a session, and their sum; scores are means, and columns that say nothing are left out."""
    headings = ("episodes", "discarded", "laps", "minutes", "score", "rounds", "MB", "by")
    rows = {escape(session.path.stem): _session_cells([session]) for session in listing.sessions}
    sums = _session_cells(listing.sessions)
    telling = [column for column, cell in enumerate(sums) if cell]
    table = light_table()
    table.add_column("session", overflow="fold")
    for column in telling:
        table.add_column(
            headings[column], justify="left" if headings[column] == "by" else "right", no_wrap=headings[column] != "by"
        )
    for name, cells in rows.items():
        table.add_row(name, *(cells[column] for column in telling))
    if len(rows) > 1:
        table.add_section()
        table.add_row(counted(len(rows), "session"), *(sums[column] for column in telling))
    return table


def _session_cells(sessions: Sequence[SessionInfo]) -> tuple[str, ...]:
    scores = [score for session in sessions for score in session.scores]
    operators = {operator for session in sessions for operator in session.operators}
    return (
        f"{sum(len(session.episodes) for session in sessions):,}",
        _count(session.discarded for session in sessions),
        _count(session.laps_finished for session in sessions),
        f"{sum(session.seconds for session in sessions) / 60:,.1f}",
        f"{sum(scores) / len(scores):.1f}" if scores else "",
        _count(session.rounds for session in sessions),
        _megabytes(sum(session.bytes_on_disk for session in sessions)),
        escape(", ".join(sorted(operators))),
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.{1 if size < 1e8 else 0}f}"


def _count(numbers: Iterable[int]) -> str:
    """Empty for none."""
    total = sum(numbers)
    return f"{total:,}" if total else ""


def episodes_table(session: SessionInfo) -> Table:
    """One line an episode."""
    table = light_table()
    for heading in ("episode", "track", "driver", "ended"):
        table.add_column(heading, no_wrap=heading != "driver")
    for heading in ("rows", "score", "lap", "missed", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for episode in session.episodes:
        table.add_row(*_episode_cells(episode))
    return table


def corrections_line(session: SessionInfo) -> str | None:
    """What correcting learners cost in this session; None where there was none on tracks."""
    corrected = [one for one in session.episodes if one.mode == "dagger" and "takeover_rows" in one.figures]
    burden = sum((Burden.of(one.figures, one.discarded) for one in corrected), Burden())
    return f"learners drove, corrected: {burden}" if corrected else None


ENDS = {"": "no end", "finished": "lap finished", "stopped": "stopped by hand"}
"""How an episode ended, where the format's word alone could be misread."""


def _ended(episode: EpisodeInfo) -> Iterator[str]:
    """How, and what people said of it since."""
    yield ENDS.get(episode.end, episode.end)
    if episode.judgement:
        yield episode.judgement
    if episode.discarded and episode.end != "discarded":
        yield "discarded"


def _episode_cells(episode: EpisodeInfo) -> tuple[str, ...]:
    abandoned = episode.rows - episode.kept_rows
    driver = episode.operator or episode.expert
    score, lap_time_s, missed = (episode.figures.get(name) for name in ("score", "lap_time_s", "tiles_missed"))
    return (
        episode.name,
        str(episode.seed),
        escape(driver if episode.device in ("", driver) else f"{driver}, {episode.device}"),
        "\n".join(_ended(episode)),
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
        f"{counted(verification.episodes, 'episode')} read to the last byte, {counted(verification.rows, 'row')} held "
        f"against the format's laws, {counted(verification.rows_resimulated, 'row')} driven again from their actions"
    )
    verdict = "[bold green]ok[/]" if verification.ok else f"[bold red]{len(verification.findings)} broken[/]"
    yield f"{verdict} {escape(str(verification.path))}: {read}"
