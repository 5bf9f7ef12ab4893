"""A session's zarr.json files: read, and held against the format before anything trusts them.

Read by hand: small files, and errors that name the one at fault.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from teleop.errors import SessionError

JUDGEMENTS = ("success", "failure", "")
"""What a person may say of an attempt; empty for nothing."""


def group_attributes(group: Path) -> dict[str, Any]:
    """A group's own, or SessionError."""
    attrs = node_metadata(group, "group").get("attributes", {})
    if not isinstance(attrs, dict):
        raise SessionError(f"{group / 'zarr.json'} has no attributes: restore the file from a backup")
    return attrs


def node_metadata(node: Path, node_type: str) -> dict[str, Any]:
    """What describes a group or an array, or SessionError."""
    file = node / "zarr.json"
    try:
        metadata = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise SessionError(f"{file} is missing: restore it from a backup") from error
    except (OSError, ValueError, RecursionError) as error:
        raise SessionError(f"{file} can't be read ({error}): restore it from a backup") from error
    if not isinstance(metadata, dict) or metadata.get("node_type") != node_type:
        raise SessionError(f"{file} does not describe a Zarr {node_type}: restore it from a backup")
    return metadata


def array_layout(array: Path) -> tuple[list[int], int, str]:
    """(shape, rows of a chunk, separator in the names of chunks), or SessionError."""
    metadata = node_metadata(array, "array")
    try:
        shape, chunk_shape = metadata["shape"], metadata["chunk_grid"]["configuration"]["chunk_shape"]
        separator = metadata["chunk_key_encoding"]["configuration"]["separator"]
    except (KeyError, TypeError) as error:
        raise SessionError(f"{array / 'zarr.json'} is incomplete ({error!r}): restore it from a backup") from error
    sound = {
        "shape": _are_sizes(shape, 0),
        "chunk_shape": _are_sizes(chunk_shape, 1),
        "separator": separator in (".", "/"),
    }
    _refuse_unsound(array / "zarr.json", sound)
    return shape, chunk_shape[0], separator


def check_root(file: Path, attrs: Mapping[str, Any]) -> None:
    """Raise SessionError unless a session's attributes are complete and sane."""
    hz, env, shape = attrs.get("hz"), attrs.get("env"), attrs.get("observation_shape")
    sound = {
        "id": isinstance(attrs.get("id"), str),
        "created_utc": isinstance(attrs.get("created_utc"), str),
        "hz": isinstance(hz, int | float) and hz > 0,
        "env": isinstance(env, dict) and isinstance(env.get("id"), str) and isinstance(env.get("kwargs"), dict),
        "observation_shape": isinstance(shape, list) and len(shape) == 3 and all(type(size) is int for size in shape),
        "cameras": _are_names(attrs.get("cameras")),
        "unknown": _are_names(attrs.get("unknown")),
    }
    _refuse_unsound(file, sound)


def check_episode(file: Path, attrs: Mapping[str, Any]) -> None:
    """Raise SessionError unless readers can rely on an episode's attributes; what is merely odd, `verify` finds."""
    sound = {name: isinstance(attrs.get(name, ""), str) for name in ("mode", "expert", "operator", "device")}
    sound["seed"] = type(attrs.get("seed")) is int
    sound["round"] = isinstance(attrs.get("round"), int | None)
    sound["origin"] = _is_origin(attrs.get("origin"))
    sound["judgement"] = attrs.get("judgement", "") in JUDGEMENTS
    figures, excluded, parent = attrs.get("figures", {}), attrs.get("excluded", []), attrs.get("parent")
    if attrs.get("mode") == "retake":
        sound["parent"] = isinstance(parent, dict) and type(parent.get("step")) is int
    sound["figures"] = isinstance(figures, dict) and all(
        isinstance(figure, int | float | None) for figure in figures.values()
    )
    sound["excluded"] = isinstance(excluded, list) and all(
        isinstance(bounds, list) and len(bounds) == 2 and all(type(bound) is int for bound in bounds)
        for bounds in excluded
    )
    archive = attrs.get("archive")
    sound["archive"] = archive is None or _is_archive(archive)
    _refuse_unsound(file, sound)


def _is_archive(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    names, digests = value.get("columns"), value.get("digests")
    return _are_names(names) and isinstance(digests, dict) and isinstance(digests.get("observation"), str)


def _refuse_unsound(file: Path, sound: Mapping[str, bool]) -> None:
    if wrong := ", ".join(name for name in sound if not sound[name]):
        raise SessionError(f"{file} gives no valid {wrong}: restore the file from a backup")


def _is_origin(value: object) -> bool:
    """None, of an episode that stands where it was recorded."""
    return value is None or (
        isinstance(value, dict)
        and value.keys() == {"session", "episode"}
        and all(isinstance(name, str) for name in value.values())
    )


def _are_names(value: object) -> bool:
    """Such as may be part of a folder's name."""
    return isinstance(value, list) and all(isinstance(name, str) and name.isidentifier() for name in value)


def _are_sizes(value: object, least: int) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(type(size) is int and size >= least for size in value)
