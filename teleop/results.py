"""Places for results: what can't take one is told before the work for it is done.

What was recorded is never written over by what was made of it, so no place within a session takes any.
"""

from __future__ import annotations

import os
from pathlib import Path

from teleop.errors import UsageError, UserError


def check_file(file: Path, *read: Path) -> None:
    """UsageError where `file` could not be written, or would take the place of one that is `read`."""
    if file.exists() and any(other.exists() and file.samefile(other) for other in read):
        raise UsageError(f"{file} can't be written, it is what the result is about: choose another name")
    if not file.parent.is_dir():
        raise UsageError(f"{file} can't be written, there is no folder {file.parent}: make it first")
    if file.is_dir():
        raise UsageError(f"{file} can't be written, it is a folder: add a file name")
    if session := session_around(file):
        raise UsageError(f"{file} can't be written, {session} holds what was recorded: choose a place outside of it")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError(f"{file} can't be written, it is protected: choose another place")


def check_folder(folder: Path) -> None:
    """UsageError where `folder`, an --out, could be no folder of results."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out is a folder; {folder} is a file: choose another --out")
    if session := session_around(folder):
        raise UsageError(f"{folder} can't be used, {session} holds what was recorded: choose another --out")


def session_around(place: Path) -> Path | None:
    """The session that this file or folder is in, or is; None outside of any. It need not exist."""
    whole = place.resolve()
    return next((folder for folder in (*reversed(whole.parents), whole) if (folder / "zarr.json").exists()), None)


def write(file: Path, text: str) -> None:
    """UserError, and no half a file, where it can't be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        file.unlink(missing_ok=True)
        raise UserError(f"{file} can't be written ({error.strerror}): choose another place") from error
