"""`python -m ivr`: profiles."""

from ivr.cli import main

main()
