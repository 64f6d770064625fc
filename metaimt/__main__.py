"""`python -m metaimt`."""

from metaimt.cli.main import main

main()
