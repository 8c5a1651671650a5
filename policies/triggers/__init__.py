"""What can call for a rebalance: each trigger asks one question and leaves its gates."""
