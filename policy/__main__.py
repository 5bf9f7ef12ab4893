"""`python -m policy`."""

from policy.cli import main

main()
