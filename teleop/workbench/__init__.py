"""`teleop devices`: everything that is plugged in, live, and the wizard that learns a wheel."""
