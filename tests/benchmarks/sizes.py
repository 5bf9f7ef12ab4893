"""How long the functions and files are: `python -m tests.benchmarks.sizes`.

Targets: functions about 10 lines in the median and 45 at the 95th percentile, no file over 450 lines.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


def main() -> None:
    for package in ("teleop", "policy", "tests"):
        files = sorted((ROOT / package).rglob("*.py"))
        functions = sorted(function for path in files for function in functions_of(path))
        lengths = [length for length, _ in functions]
        lines, longest_file = max((len(path.read_text().splitlines()), path) for path in files)
        print(
            f"{package}: {len(files)} files, longest {longest_file.relative_to(ROOT)} ({lines} lines); "
            f"{len(functions)} functions, median {np.median(lengths):.0f} lines, "
            f"95th percentile {np.percentile(lengths, 95):.0f}, "
            f"longest {functions[-1][1]} ({lengths[-1]})"
        )


def functions_of(path: Path) -> Iterator[tuple[int, str]]:
    """(lines, name) of every function in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}"


if __name__ == "__main__":
    main()
