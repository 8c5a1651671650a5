"""Notices: worded from the journal, queued in its outbox, delivered beside the loop."""
