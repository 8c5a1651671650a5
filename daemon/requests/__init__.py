"""What a person hands to the daemon through the spool folder, and how the daemon acts on it."""
