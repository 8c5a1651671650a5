"""The adapter for Alpaca over alpaca-py; nothing heavy loads before a connection is made."""
