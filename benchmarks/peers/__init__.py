"""Other backtesters on the same work, each run by its own Python: see `benchmarks/peering.py`."""
