"""`python -m teleop`."""

from teleop.cli import main

main()
