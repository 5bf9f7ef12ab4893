"""Recorded sessions changed: marked, deleted from, merged, split, archived; and the list of them."""
