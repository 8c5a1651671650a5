"""What can be wrong with a journal beside a failed commit (`portfolio.ports.JournalUnwritable`)."""


class JournalMissing(Exception):
    """There is no journal where one was to be read."""


class JournalTooNew(Exception):
    """A newer trimtab wrote it; this one must not touch it."""


class JournalTooOld(Exception):
    """An older trimtab wrote it, and a reader may not bring it up to date."""


class JournalCorrupt(Exception):
    """The file is damaged or is no journal at all."""


class JournalMismatch(Exception):
    """The journal belongs to another mode, household or account."""
