"""Exit codes of `trimtab`, explained in docs/runbook.md; numbered as in sysexits.h where it can be."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Why the command ended. systemd does not restart after CONFIGURATION: a person must mend it."""

    OK = 0
    DIFFERS = 1
    """The command ran well and the answer is no: `explain`, `audit verify`, nothing to approve."""
    USAGE = 2
    BROKER_UNAVAILABLE = 69
    INTERNAL = 70
    STATE_UNWRITABLE = 73
    DISK = 74
    ALREADY_RUNNING = 75
    JOURNAL_REFUSED = 76
    """Corrupt, of a newer version, or of another mode or account."""
    KEYS_REFUSED = 77
    CONFIGURATION = 78
    INTERRUPTED = 130
    """Ctrl-C, as shells report it."""
