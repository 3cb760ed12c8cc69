"""Runs the command line as `python -m cli`, for processes that have no `towline` on their path."""

from cli.main import main

main()
