"""The figures of the house, measured on this machine: `make bench`, or `python -m benchmarks`."""
