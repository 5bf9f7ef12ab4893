"""What watches an episode: each module is one Sink."""
