"""The periodic review: how the portfolio stands and did, what was done and why, what comes next."""
