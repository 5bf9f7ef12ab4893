"""Looking at what was recorded: the viewer's parts."""
