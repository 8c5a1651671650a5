"""The daemon as a process on a machine: systemd, the lease, clocks, its own diagnosis."""
