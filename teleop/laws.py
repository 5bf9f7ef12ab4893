"""What every row of an episode promises, as checks on its columns; and driving it again from its actions.

A law takes an episode's columns (one takes its attributes too) and yields what is broken, as a sentence with the
rule and what was got. Only the first broken row of a kind is told, with how many there are.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from teleop.frame import ACTION_HIGH, ACTION_LOW, VALIDATION_SEED, Image, Mode, Outcome, Why
from teleop.loop import Rewindable, World
from teleop.session import PROPOSAL_COLUMNS

Columns = Mapping[str, npt.NDArray[Any]]
"""The committed rows of every column, by name; of pictures only whether each shows anything: not all are black."""

ATTRIBUTES: dict[str, type | tuple[type, ...]] = {
    "seed": int,
    "mode": str,
    "expert": str,
    "operator": str,
    "device": str,
    "gate": str,
    "round": (int, type(None)),
    "learner": (dict, type(None)),
    "parent": (dict, type(None)),
    "versions": dict,
    "paced": bool,
    "end": (str, type(None)),
    "figures": dict,
    "error": str,
    "discarded": bool,
    "excluded": list,
}
PHYSICS_VERSIONS = ("box2d", "gymnasium", "numpy", "machine")
"""Rewards, poses, wheels and tiles are exactly repeatable while these stay the same (measured across pygame builds):
the engine, the rewards and the tracks made of it, the random numbers that tracks are made of."""
PIXEL_VERSIONS = (*PHYSICS_VERSIONS, "pygame", "sdl")
"""Observations are exactly repeatable only while these stay the same too."""


def attributes(attrs: Mapping[str, Any], columns: Columns) -> Iterator[str]:
    """Complete and sane."""
    wrong_types = list(_wrong_types(attrs))
    yield from wrong_types
    if wrong_types:
        return
    if attrs["mode"] not in typing.get_args(Mode):
        yield f"mode is one of {', '.join(typing.get_args(Mode))}; got {attrs['mode']!r}"
    if attrs["end"] not in (None, *typing.get_args(Why)):
        yield f"end is null or one of {', '.join(typing.get_args(Why))}; got {attrs['end']!r}"
    if not 0 <= attrs["seed"] < VALIDATION_SEED:
        yield f"seeds from {VALIDATION_SEED} up measure and are never recorded; got seed {attrs['seed']}"
    if attrs["parent"] is None and columns["step"][0] != 0:
        yield f"the first row of an episode without a parent is step 0; got {columns['step'][0]}"
    for bounds in attrs["excluded"]:
        if not _is_range(bounds, len(columns["step"])):
            yield f"excluded rows are [start, stop) ranges within the {len(columns['step'])} rows; got {bounds!r}"


def _wrong_types(attrs: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in ATTRIBUTES.items():
        if name not in attrs:
            yield f"an episode has the attribute {name}; it is missing"
        elif not isinstance(attrs[name], kind):
            yield f"the attribute {name} must be of another type; got {attrs[name]!r}"


def _is_range(bounds: Any, rows: int) -> bool:
    return (
        isinstance(bounds, list)
        and len(bounds) == 2
        and all(type(bound) is int for bound in bounds)
        and 0 <= bounds[0] <= bounds[1] <= rows
    )


def written(columns: Columns, unknown: Collection[str] = ()) -> Iterator[str]:
    """No row holds what was never written, but in the columns that its world tells nothing about."""
    pose = columns["pose"][:, 3:] if "pose" in unknown else columns["pose"]
    never = {
        "action": np.isnan(columns["action"]).any(axis=1),
        "pose": np.isnan(pose).any(axis=1),
        "driver": columns["driver"] == 255,
        "wheels_on_road": columns["wheels_on_road"] == 255,
    }
    never |= {name: ~shown for name, shown in columns.items() if name.startswith("observation")}
    never |= {name: np.isnan(columns[name]) for name in ("nudge", "time_scale", "reward")}
    never |= {name: columns[name] < 0 for name in ("step", "tiles_visited", "time_ns", "late_ns")}
    for name in PROPOSAL_COLUMNS.values():
        absent = np.isnan(columns[name])
        never[name] = absent.any(axis=1) & ~absent.all(axis=1)
    for name, rows in never.items():
        if name == "pose" or name not in unknown:
            yield from _rows(rows, f"a committed row has a {name} that was never written")


def ranges(columns: Columns) -> Iterator[str]:
    """Everything within its unit's range; a fill value is the business of `written`."""
    for name in ("action", *PROPOSAL_COLUMNS.values()):
        clipped = np.clip(columns[name], ACTION_LOW, ACTION_HIGH)
        outside = ((clipped != columns[name]) & ~np.isnan(clipped)).any(axis=1)
        yield from _rows(np.asarray(outside), f"{name} is steering in [-1, 1], gas in [0, 1], brake in [0, 1]")
    yield from _rows(np.abs(columns["nudge"]) > 1, "nudge is in [-1, 1]", columns["nudge"])
    scale = columns["time_scale"]
    yield from _rows((scale <= 0) | (scale > 1), "time_scale is in (0, 1]", scale)
    wheels = columns["wheels_on_road"]
    yield from _rows((wheels > 4) & (wheels < 255), "wheels_on_road is 0 to 4", wheels)


def row_law(columns: Columns) -> Iterator[str]:
    """action == clip(float32(the driver's proposal + nudge on the steering)), bit for bit."""
    expected = np.full_like(columns["action"], np.nan)
    for source, name in PROPOSAL_COLUMNS.items():
        drove = columns["driver"] == source
        expected[drove] = columns[name][drove]
    expected[:, 0] += columns["nudge"]
    expected = np.clip(expected, ACTION_LOW, ACTION_HIGH)
    differs = (expected != columns["action"]).any(axis=1)
    yield from _rows(differs, "action is the driver's proposal with the nudge on its steering, clipped")


def steps_follow(columns: Columns) -> Iterator[str]:
    """Each row's step follows the one before, or a rewind went back."""
    step = columns["step"]
    jumped = np.append(False, step[1:] > step[:-1] + 1)
    yield from _rows(jumped, "a row's step is one more than the row's before, or no more than it (a rewind)", step)


def time_grows(columns: Columns) -> Iterator[str]:
    """Time only goes on."""
    time_ns = columns["time_ns"]
    back = np.append(False, time_ns[1:] <= time_ns[:-1])
    yield from _rows(back, "time_ns grows from row to row", time_ns)


_COLUMN_LAWS: Mapping[str, Callable[[Columns], Iterator[str]]] = {
    "ranges": ranges,
    "row law": row_law,
    "steps": steps_follow,
    "time": time_grows,
}


def broken_laws(attrs: Mapping[str, Any], columns: Columns, unknown: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """(law, what is broken), for every law. `unknown` columns need not have been written."""
    yield from (("attributes", message) for message in attributes(attrs, columns))
    yield from (("written", message) for message in written(columns, unknown))
    for name, law in _COLUMN_LAWS.items():
        yield from ((name, message) for message in law(columns))


def _rows(broken: npt.NDArray[np.bool_], rule: str, values: npt.NDArray[Any] | None = None) -> Iterator[str]:
    rows = np.flatnonzero(broken)
    if len(rows):
        got = "" if values is None else f" (got {values[rows[0]]})"
        yield f"{rule}; broken at row {rows[0]}{got}, {len(rows)} of {len(broken)} rows"


def layer(name: str, attrs: Mapping[str, Any], labels: npt.NDArray[np.float32]) -> Iterator[str]:
    """Somebody's, and of whole actions; `labels` (T, 3) are NaN where it says nothing."""
    for attribute in ("author", "created_utc", "rule"):
        if not isinstance(got := attrs.get(attribute), str) or not got:
            yield f"a layer says its {attribute}; of {name} got {got!r}"
    whole = np.isfinite(labels).all(axis=1) | np.isnan(labels).all(axis=1)
    yield from _rows(np.asarray(~whole), f"a label of layer {name} is a whole action, or NaN")
    outside = ((labels < ACTION_LOW) | (labels > ACTION_HIGH)).any(axis=1)
    yield from _rows(
        np.asarray(outside & whole), f"a label of layer {name} is steering in [-1, 1], gas in [0, 1], brake in [0, 1]"
    )


def differences(attrs: Mapping[str, Any], versions: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Which of these versions are not this machine's, in words."""
    recorded = attrs.get("versions") or {}
    return [
        f"{name} {recorded.get(name, 'unknown')} then, {versions.get(name, 'unknown')} here"
        for name in names
        if recorded.get(name) is None or recorded[name] != versions.get(name)
    ]


def needs_rewind(columns: Columns) -> bool:
    """The episode can only be driven again in a world that goes back."""
    return not np.array_equal(columns["step"], np.arange(len(columns["step"])))


class DrivenOtherwiseError(Exception):
    """Which row is not what the seed and the actions give again, and how it differs."""

    def __init__(self, columns: Columns, row: int, wrong: str) -> None:
        step = columns["step"][row]
        self.row = row
        """Of these columns."""
        super().__init__(f"row {row} (step {step}) is not what the seed and the actions give again: {wrong}")


def hindrance(attrs: Mapping[str, Any], columns: Columns, world: World | None, versions: Mapping[str, str]) -> str:
    """Why the episode can't be driven again here, in words; empty when it can."""
    if world is None:
        return "there is no world to drive it in again"
    if other := differences(attrs, versions, PHYSICS_VERSIONS):
        return f"rewards and observations: {'; '.join(other)}"
    if columns["step"][0] != 0:
        return "it begins in the middle of another episode's drive"
    if needs_rewind(columns) and not isinstance(world, Rewindable):
        return "it was rewound, and its world can't rewind"
    return ""


def driven_again(attrs: Mapping[str, Any], columns: Columns, world: World) -> Iterator[Outcome]:
    """Drive the episode again from its seed and actions, rewinds included: what stood before each row, then what
    followed the last. DrivenOtherwiseError at the first row whose place or reward is another than recorded."""
    outcome, stands_at = world.reset(attrs["seed"]), 0
    for row, step in enumerate(columns["step"].tolist()):
        if step != stands_at:
            assert isinstance(world, Rewindable)
            outcome = world.rewind(step)
        if wrong := _elsewhere(outcome, columns, row):
            raise DrivenOtherwiseError(columns, row, wrong)
        yield outcome
        outcome, stands_at = world.step(columns["action"][row]), step + 1
        if np.float32(outcome.reward) != columns["reward"][row]:
            rewards = f"reward {columns['reward'][row]} then, {np.float32(outcome.reward)} now"
            raise DrivenOtherwiseError(columns, row, rewards)
    yield outcome


def resimulate(
    attrs: Mapping[str, Any], columns: Columns, final_observation: Image | None, world: World, pixels: bool
) -> Iterator[str]:
    """Drive the episode again, and say where it went otherwise.

    `pixels`: compare the observations too. Stops at the first row that differs: all later ones would.
    """
    rows = len(columns["step"])
    try:
        for row, outcome in enumerate(driven_again(attrs, columns, world)):
            if pixels and row < rows and not np.array_equal(columns["observation"][row], outcome.observation):
                changed = (columns["observation"][row] != outcome.observation).any(axis=2).sum()
                raise DrivenOtherwiseError(columns, row, f"{changed} pixels of the observation")
    except DrivenOtherwiseError as error:
        yield str(error)
        return
    if pixels and final_observation is not None and not np.array_equal(outcome.observation, final_observation):
        yield "the final observation is not what the seed and the actions give again"


def _elsewhere(outcome: Outcome, columns: Columns, row: int) -> str:
    """What differs between a row and its re-simulation, but for the pixels; empty if nothing does."""
    now = (
        ("pose", outcome.pose),
        ("wheels_on_road", np.uint8(outcome.wheels_on_road)),
        ("tiles_visited", np.int16(outcome.tiles_visited)),
    )
    for name, value in now:
        if not np.array_equal(columns[name][row], value):
            return f"{name} {columns[name][row]} then, {value} now"
    return ""
