"""The worlds a household trades in: Alpaca, the built-in brokers, and time that a demo can step."""
