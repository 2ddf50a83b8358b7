"""`python -m holdback`."""

from holdback.cli.main import main

main()
