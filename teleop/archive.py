"""An archived episode's rows as one array, and the digests of the pictures that it was recorded with.

The columns lie side by side, a row's bytes in a row of the array; compressed a byte's place at a time, that takes
less than half of what the columns take one by one, whose sources mostly propose what is executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

ARCHIVE = "archive"
"""The array of an archived episode; and the attribute {columns, digests} that says that it is one."""

Kind = tuple[str, str, tuple[int, ...]]
"""A column's name, its type, and the shape of one row."""


def row_type(columns: Sequence[Kind]) -> np.dtype[np.void]:
    """Of a row in which these columns lie side by side in this order, little endian and without gaps."""
    return np.dtype([(name, np.dtype(kind).newbyteorder("<"), shape) for name, kind, shape in columns])


def packed(columns: Sequence[Kind], values: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.uint8]:
    """The values (T, ...) of these columns as (T, bytes of a row)."""
    rows = np.empty(len(values[columns[0][0]]), row_type(columns))
    for name, _, _ in columns:
        rows[name] = values[name]
    return rows.view(np.uint8).reshape(len(rows), -1)


def unpacked(columns: Sequence[Kind], name: str, rows: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """One column (T, ...) out of such rows, bit for bit."""
    values: npt.NDArray[Any] = np.ascontiguousarray(rows).view(row_type(columns))[:, 0][name]
    return values.astype(values.dtype.newbyteorder("="))


def digest_of(pictures: Iterable[npt.NDArray[np.uint8]]) -> str:
    """sha256, hex, of these pictures' bytes in order, however they are cut into arrays."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(np.ascontiguousarray(picture).data)
    return digest.hexdigest()
