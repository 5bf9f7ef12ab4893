"""What the colours of the time lines mean; none of them says it alone."""

from __future__ import annotations

from teleop.pen import ACCENT, RECORDING, WARNING

PERSON = RECORDING
LEARNER = ACCENT
EXECUTED = "#6b7480"
EXCLUDED = WARNING
GROUND = "#23282f"
"""Of a time line."""
ABANDONED = "#4a4f57"
"""Hatched, over what a rewind took back."""
