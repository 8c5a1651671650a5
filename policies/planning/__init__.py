"""From a call to orders: how much of what, in which account, in real quantities at real limits."""
