"""The table of keys and buttons, and the help that is made from it."""

from __future__ import annotations

from teleop.bindings import BINDINGS, Bindings, Flow


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
