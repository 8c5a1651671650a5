"""First floor: a snapshot in, a decision out; pure, and the only place that says what to trade."""
