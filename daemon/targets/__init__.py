"""Where the weights of a look come from while the daemon runs: series, feeds, plug-ins, profiles."""
