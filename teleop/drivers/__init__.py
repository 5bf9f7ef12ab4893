"""What proposes actions: each module is one Driver, or pushes one (nudge)."""
