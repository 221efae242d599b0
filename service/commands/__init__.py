"""The commands of `verbatim`, one module for each kind of work; service/cli.py gathers them."""
