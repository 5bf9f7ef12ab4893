"""What many commands are given, under the names that their help calls it by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

SessionArgument = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SESSION")]
"""A session's folder."""
EpisodeArgument = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="EPISODE")]
"""An episode's number."""
EpisodesArgument = Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="EPISODE [EPISODE ...]")]
"""Numbers of episodes, at least one."""
