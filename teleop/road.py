"""Geometry of a track, numpy only."""

from __future__ import annotations


class Road:
    """The centre line of a closed track."""
