"""Distribution shift, measured: what becomes of a policy on the states that its own driving leads to."""
