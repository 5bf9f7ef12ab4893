"""Let every policy drive the same tracks, ask it about the demonstrations, and sum up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from teleop.errors import UserError
from teleop.evaluate import MakeDriver, drive_track, summary
from teleop.frame import DIAGNOSIS_SEED, EVALUATION_SEED
from teleop.loop import Driver
from teleop.progress import progress
from teleop.session import open_session
from teleop.shift.coverage import coverage
from teleop.shift.demonstrations import Answer, Recorded, recorded_in, without_copies
from teleop.shift.disagreement import disagreement
from teleop.shift.failures import Moment, departures, worst_departures
from teleop.shift.horizon import horizon
from teleop.shift.report import PolicyShift, ShiftReport
from teleop.shift.rollouts import AutopilotLap, Demonstration, Driving, RollOut, Rollout
from teleop.shift.survival import survival
from teleop.sinks.recorder import Recorder
from teleop.words import counted
from teleop.workers import working
from teleop.worlds.track import TrackWorld

AUTOPILOT_LAPS = 5
"""Driven for comparison where every demonstration was trained on."""
MOST_DIAGNOSIS_TRACKS = 20
"""On which the worst moments are looked for."""
ROLLOUTS = "rollouts.zarr"


@dataclass(frozen=True)
class Policy:
    """What is measured."""

    name: str
    make_driver: MakeDriver
    """Builds it, once a worker process; its driver may offer `rollouts.Featured`."""
    trained_on: frozenset[str] = frozenset()
    """Digests of the episodes that it learned from; empty for one that learned from none."""
    learner: Mapping[str, str] | None = None
    """{name, sha256} of its checkpoint, kept with what is recorded."""


Job = Callable[[Driver], Driving]


@dataclass(frozen=True)
class Plan:
    """Which tracks are driven, and which demonstrations compared with."""

    seeds: range
    diagnosis_seeds: range
    recorded: tuple[Recorded, ...]
    held_out: tuple[Recorded, ...]
    """That no policy was trained on, so that all are asked about the same states; empty: the autopilot drives some."""

    @classmethod
    def of(cls, policies: Sequence[Policy], recorded: Sequence[Recorded], tracks: int) -> Plan:
        trained_on = frozenset[str]().union(*(policy.trained_on for policy in policies))
        return cls(
            seeds=range(EVALUATION_SEED, EVALUATION_SEED + tracks),
            diagnosis_seeds=range(DIAGNOSIS_SEED, DIAGNOSIS_SEED + min(tracks, MOST_DIAGNOSIS_TRACKS)),
            recorded=tuple(recorded),
            held_out=tuple(one for one in recorded if one.digest not in trained_on),
        )

    @property
    def origin(self) -> str:
        """Where the demonstrations are from that no policy was trained on, for people."""
        if self.held_out:
            return f"{counted(len(self.held_out), 'episode')} of the sessions"
        return f"{AUTOPILOT_LAPS} laps that the autopilot drove on tracks {DIAGNOSIS_SEED} and up"

    def trained_on(self, policy: Policy) -> tuple[Recorded, ...]:
        """As far as the sessions hold them."""
        return tuple(one for one in self.recorded if one.digest in policy.trained_on)

    def jobs(self, policy: Policy) -> list[Job]:
        """All that its driver is needed for."""
        asked = (self.trained_on(policy) or self.recorded) + self.held_out
        autopilot_seeds = [] if self.held_out else range(DIAGNOSIS_SEED, DIAGNOSIS_SEED + AUTOPILOT_LAPS)
        return [
            *(RollOut(policy.name, seed) for seed in [*self.seeds, *self.diagnosis_seeds]),
            *(Answer(policy.name, one) for one in dict.fromkeys(asked)),
            *(AutopilotLap(policy.name, seed) for seed in autopilot_seeds),
        ]


@dataclass(frozen=True, eq=False)
class Drives:
    """What came of one policy's jobs."""

    rollouts: tuple[Rollout, ...]
    """On the evaluation tracks."""
    diagnosis: tuple[Rollout, ...]
    demonstrations: Mapping[str, Demonstration]
    """By the recording's digest."""
    autopilot_laps: tuple[Demonstration, ...]


def measure(
    policies: Sequence[Policy],
    sessions: Sequence[Path],
    tracks: int,
    workers: int,
    out: Path,
    console: Console,
    command: str,
) -> ShiftReport:
    """Measure every policy on the first `tracks` evaluation tracks, against the demonstrations in `sessions`.

    The worst moments, from diagnosis tracks, are recorded into `out`/rollouts.zarr. UserError when the sessions hold
    no demonstration; SessionError when one can't be read or the moments can't be written.
    """
    began = time.monotonic()
    recorded, notes = _recorded(sessions, console)
    plan = Plan.of(policies, recorded, tracks)
    drives = {policy.name: _drive(policy, plan, workers, console) for policy in policies}
    moments = _record_worst(policies, [drives[policy.name].diagnosis for policy in policies], out / ROLLOUTS, console)
    return ShiftReport(
        command=command,
        sessions=tuple(str(session) for session in sessions),
        seeds=plan.seeds,
        diagnosis_seeds=plan.diagnosis_seeds,
        policies=tuple(_summed_up(policy, plan, drives[policy.name]) for policy in policies),
        moments=tuple(moments),
        rollouts=out / ROLLOUTS,
        notes=tuple(notes),
        minutes=(time.monotonic() - began) / 60,
    )


def _recorded(sessions: Sequence[Path], console: Console) -> tuple[tuple[Recorded, ...], list[str]]:
    """Every demonstration once, and what was left out. UserError when there is none."""
    found: list[Recorded | str] = []
    with progress(console, "reading the demonstrations", len(sessions)) as update:
        for done, path in enumerate(sessions, start=1):
            found += recorded_in(path)
            update(done, escape(path.name))
    recorded = without_copies([one for one in found if isinstance(one, Recorded)])
    if not recorded:
        raise UserError(
            "shift is measured against demonstrations: rows that an expert drove and nobody took back; "
            f"{', '.join(map(str, sessions))} has none: record some with `teleop record`"
        )
    return recorded, [note for note in found if isinstance(note, str)]


def _drive(policy: Policy, plan: Plan, workers: int, console: Console) -> Drives:
    done: list[Driving] = []
    jobs = plan.jobs(policy)
    with (
        progress(console, escape(f"{policy.name}: driving and asking"), len(jobs)) as update,
        working(policy.make_driver, _do, workers) as do_all,
    ):
        for driving in do_all(jobs):
            done.append(driving)
            update(len(done), f"track {driving.seed}")
    demonstrations = [driving for driving in done if isinstance(driving, Demonstration)]
    return Drives(
        rollouts=tuple(_rollouts(done, plan.seeds)),
        diagnosis=tuple(_rollouts(done, plan.diagnosis_seeds)),
        demonstrations={one.digest: one for one in demonstrations if one.digest},
        autopilot_laps=tuple(one for one in demonstrations if not one.digest),
    )


def _do(driver: Driver, job: Job) -> Driving:
    return job(driver)


def _rollouts(done: Sequence[Driving], seeds: range) -> Iterator[Rollout]:
    return (driving for driving in done if isinstance(driving, Rollout) and driving.seed in seeds)


def _summed_up(policy: Policy, plan: Plan, drives: Drives) -> PolicyShift:
    trained_on = plan.trained_on(policy)
    held_out = [drives.demonstrations[one.digest] for one in plan.held_out] or list(drives.autopilot_laps)
    demonstrations = [drives.demonstrations[one.digest] for one in trained_on or plan.recorded]
    return PolicyShift(
        name=policy.name,
        evaluation=summary([rollout.track for rollout in drives.rollouts]),
        survival=survival(drives.rollouts),
        horizon=horizon(drives.rollouts),
        disagreement=disagreement(drives.rollouts, held_out, plan.origin),
        coverage=coverage(drives.rollouts, demonstrations, held_out if trained_on else ()),
        departures=tuple(departure for rollout in drives.rollouts for departure in departures(rollout)),
        rollouts=drives.rollouts,
        demonstrations=tuple(demonstrations),
        trained_on_known=bool(trained_on),
    )


def _record_worst(
    policies: Sequence[Policy], diagnosis: Sequence[Sequence[Rollout]], session: Path, console: Console
) -> list[Moment]:
    """Drive the worst rollouts once more, exactly as they were, and record them."""
    worst = worst_departures(diagnosis)
    if not worst:
        return []
    by_name = {policy.name: policy for policy in policies}
    drivers = {name: by_name[name].make_driver() for name in {departure.policy for _, departure in worst}}
    with (
        progress(console, "recording the worst moments", len(worst)) as update,
        Recorder(session, _environment(), block_when_behind=True) as recorder,
    ):
        for done, (_, departure) in enumerate(worst, start=1):
            name = departure.policy
            drive_track(drivers[name], departure.seed, [recorder], by_name[name].learner)
            update(done, f"track {departure.seed}")
    episodes = open_session(session).episodes[-len(worst) :]
    return [
        Moment(departure, session, episode.name, departure.frame, rollout.track.score, rollout.track.why)
        for (rollout, departure), episode in zip(worst, episodes, strict=True)
    ]


def _environment() -> Mapping[str, object]:
    return TrackWorld().environment()
