"""The `policy` command: parses, runs, and prints for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from tyro.extras import subcommand_cli_from_dict

from policy.evaluate_command import Evaluate
from policy.inspect_command import Inspect
from policy.saliency_command import Saliency
from policy.train_command import Train
from teleop.errors import UserError

COMMANDS: dict[str, Callable[..., Any]] = {
    "train": Train,
    "evaluate": Evaluate,
    "inspect": Inspect,
    "saliency": Saliency,
}
"""Dataclasses with a `run(console) -> exit code`, which loads torch only when it is called."""


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code: 0, 1 failed, 2 wrong usage (as SystemExit), 130 interrupted."""
    command = subcommand_cli_from_dict(COMMANDS, prog="policy", args=arguments)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        code: int = command.run(console)
    except KeyboardInterrupt as interrupt:
        console.print(str(interrupt) or "interrupted", markup=False)
        return 130
    except (UserError, OSError) as error:
        console.print(f"error: {error}", markup=False)
        return error.exit_code if isinstance(error, UserError) else 1
    return code
