"""Tests that need more than Python skip where it is missing, and fail where every test is required (in CI)."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def cannot_run(why: str) -> NoReturn:
    """Skip this test, saying what is missing; fail it where TELEOP_REQUIRE_ALL_TESTS is 1."""
    if os.environ.get("TELEOP_REQUIRE_ALL_TESTS") == "1":
        pytest.fail(why)
    pytest.skip(why)


def need(*programs: str, packages: str) -> None:
    """`cannot_run` where a program is missing, naming its Debian packages."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        cannot_run(f"needs {', '.join(missing)}: apt-get install {packages}")
