"""Lots and taxes of a running household: the ledger, harvests, gifts, tickets, the year so far."""
