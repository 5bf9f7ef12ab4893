"""What every key means in the viewer: the one table; pressing and help both read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import groupby

import pygame

from teleop.bindings import KEY_NAMES
from teleop.replay.stops import Stop


class Do(Enum):
    """What a person can ask of the viewer, beside going to a stop."""

    PLAY = "play"
    BACKWARDS = "backwards"
    FORWARDS = "forwards"
    SLOWER = "slower"
    FASTER = "faster"
    ROW_BACK = "row back"
    ROW_ON = "row on"
    SECOND_BACK = "second back"
    SECOND_ON = "second on"
    FIRST = "first"
    LAST = "last"
    PREVIOUS_EPISODE = "previous episode"
    NEXT_EPISODE = "next episode"
    MARK_IN = "mark in"
    MARK_OUT = "mark out"
    EXCLUDE = "exclude"
    INCLUDE = "include"
    DISCARD = "discard"
    RESTORE = "restore"
    SUCCESS = "success"
    FAILURE = "failure"
    NO_JUDGEMENT = "no judgement"
    UNDO = "undo"
    GHOST = "ghost"
    HELP = "help"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class GoTo:
    """The next stop of a kind, or the one before."""

    stop: Stop
    forwards: bool


Meaning = Do | GoTo


@dataclass(frozen=True, slots=True)
class Row:
    """Of the help: what its keys do, in their order."""

    what: str
    keys: tuple[tuple[int, Meaning], ...]
    """pygame.K_... and its meaning."""

    @property
    def said(self) -> str:
        """ "J, L": other meanings; "Space or K": the same one."""
        meanings = groupby(self.keys, key=lambda bound: bound[1])
        return ", ".join(" or ".join(key_name(key) for key, _ in bound) for _, bound in meanings)


def _to(stop: Stop, sign: str, back: int, on: int) -> Row:
    return Row(f"{stop.value} ({sign}): previous, next", ((back, GoTo(stop, False)), (on, GoTo(stop, True))))


ROWS = (
    Row("play, pause; click the picture", ((pygame.K_SPACE, Do.PLAY), (pygame.K_k, Do.PLAY))),
    Row("play backwards, forwards", ((pygame.K_j, Do.BACKWARDS), (pygame.K_l, Do.FORWARDS))),
    Row("slower, faster", ((pygame.K_COMMA, Do.SLOWER), (pygame.K_PERIOD, Do.FASTER))),
    Row("one row back, on; wheel", ((pygame.K_LEFT, Do.ROW_BACK), (pygame.K_RIGHT, Do.ROW_ON))),
    Row("one second back, on", ((pygame.K_DOWN, Do.SECOND_BACK), (pygame.K_UP, Do.SECOND_ON))),
    Row("first row, last row", ((pygame.K_HOME, Do.FIRST), (pygame.K_END, Do.LAST))),
    Row("previous, next episode", ((pygame.K_b, Do.PREVIOUS_EPISODE), (pygame.K_n, Do.NEXT_EPISODE))),
    _to(Stop.TAKEOVER, "triangle", pygame.K_1, pygame.K_2),
    _to(Stop.OFF_ROAD, "cross", pygame.K_3, pygame.K_4),
    _to(Stop.DISAGREEMENT, "diamond", pygame.K_5, pygame.K_6),
    _to(Stop.REWIND, "arrow", pygame.K_7, pygame.K_8),
    Row("mark from here, to here; drag right", ((pygame.K_i, Do.MARK_IN), (pygame.K_o, Do.MARK_OUT))),
    Row("exclude, include what is marked", ((pygame.K_e, Do.EXCLUDE), (pygame.K_w, Do.INCLUDE))),
    Row(
        "discard, restore the episode",
        ((pygame.K_DELETE, Do.DISCARD), (pygame.K_x, Do.DISCARD), (pygame.K_r, Do.RESTORE)),
    ),
    Row(
        "judge: success, failure, neither",
        ((pygame.K_s, Do.SUCCESS), (pygame.K_f, Do.FAILURE), (pygame.K_c, Do.NO_JUDGEMENT)),
    ),
    Row("undo the last mark", ((pygame.K_u, Do.UNDO), (pygame.K_z, Do.UNDO))),
    Row("the learner's next second", ((pygame.K_g, Do.GHOST),)),
    Row("help", ((pygame.K_F1, Do.HELP), (pygame.K_h, Do.HELP))),
    Row("quit", ((pygame.K_ESCAPE, Do.QUIT),)),
)
MEANINGS: dict[int, Meaning] = {key: meaning for row in ROWS for key, meaning in row.keys}
HELD = (Do.ROW_BACK, Do.ROW_ON, Do.SECOND_BACK, Do.SECOND_ON)
"""These go on while their key is held."""


def key_name(key: int) -> str:
    """ "Space"."""
    return KEY_NAMES.get(key, pygame.key.name(key).title())


def key_of(meaning: Meaning) -> str:
    """The first key that means it."""
    return key_name(next(key for key, meant in MEANINGS.items() if meant == meaning))
