"""`python -m holdback`."""

from holdback.cli import main

main()
