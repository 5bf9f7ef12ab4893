"""Learn to drive from recorded sessions."""
