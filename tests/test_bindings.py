"""The table of keys and buttons, and the help that is made from it."""

from __future__ import annotations

import pygame

from teleop.bindings import BINDINGS, Bindings, Flow, Rewind


def test_every_key_and_button_means_one_thing() -> None:
    bindings = Bindings()
    assert len(bindings.keys) == sum(len(binding.keys) for binding in BINDINGS)
    assert len(bindings.buttons) == sum(len(binding.buttons) for binding in BINDINGS)


def test_the_help_is_made_from_the_bindings() -> None:
    bindings = Bindings()
    table = bindings.help_table()
    assert len(table) == len(BINDINGS)
    assert ("pause, go on", "Space or P", "Start or A") in table
    assert ("gas", "Up or W", "right trigger") in table
    assert all(what and keys for what, keys, _ in table)
    assert bindings.hint(Flow.QUIT) == ("Esc", "Back")


def test_what_can_not_be_done_is_not_offered() -> None:
    bindings = Bindings().without(Rewind(1), Flow.NEXT)
    assert len(bindings.help_table()) == len(BINDINGS) - 2
    assert pygame.K_n not in bindings.keys
    assert bindings.said(Flow.QUIT) == "Esc or Back"
