"""How a row came by its label, and the rules' names. Imports nothing, so that --help answers at once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Kind(IntEnum):
    """How a row came by its label."""

    DEMO = 0
    """The expert drove a demonstration; coasting with hands off is a label there."""
    TAKEOVER = 1
    """The expert drove with hands on, having taken over from a learner."""
    SHADOW = 2
    """The expert showed with hands on what to do, while a learner drove."""
    LAYER = 3
    """Somebody labelled it later, in a layer."""
    NONE = 255
    """It has no label."""


LABELLED = tuple(kind for kind in Kind if kind is not Kind.NONE)
KINDS: Mapping[str, tuple[Kind, ...]] = {
    "demos": (Kind.DEMO,),
    "corrections": (Kind.DEMO, Kind.TAKEOVER),
    "labelled": (Kind.DEMO, Kind.TAKEOVER, Kind.SHADOW),
}
"""What each rule takes of what was recorded, by the name that `--labels` takes."""
LAYER = "layer:"
"""Before a layer's name: that layer is laid over what `labelled` takes."""


def check_rule(name: str) -> None:
    """Raise ValueError unless this is a label rule's name."""
    if name not in KINDS and not name.removeprefix(LAYER) != name != LAYER:
        raise ValueError(f"--labels is {', '.join(KINDS)} or {LAYER}NAME; got {name!r}")
