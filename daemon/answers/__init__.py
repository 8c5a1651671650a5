"""Answers to a person: how things stand, what a look decided and why, what a policy would do."""
