"""`teleop doctor`: what driving needs of a machine, each with its verdict and its remedy."""
