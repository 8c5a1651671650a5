"""What makes the daemon look: the queue of wakes, alarms, sessions, watched files, price edges."""
