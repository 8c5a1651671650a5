"""The one door for errors: each known one ends in a sentence that says what to do, and in its code.

A traceback is only for a bug of ours, and goes to a file. Nothing that is printed shows a secret.
"""

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from daemon.exit_codes import ExitCode

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
_WRITE_ERRORS = {errno.EACCES, errno.EPERM, errno.EROFS}


class Refusal(Exception):
    """A command that cannot do what was asked: one sentence, one exit code."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(sentence)
        self.code = code


def guarded(command: Callable[[], object]) -> int:
    """Run a command; print what an error means and return its exit code."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe went away: there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001  the last door before the person
        sentence, code = sentence_for(error)
        print(f"trimtab: {sentence}", file=sys.stderr)
        return code
    return ExitCode.OK


def sentence_for(error: Exception) -> tuple[str, ExitCode]:
    """What an error means to a person, and the exit code."""
    if isinstance(error, Refusal):
        return str(error), error.code
    known = _known(error)
    if known is not None:
        return known
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error)
    return _of_ours(error), ExitCode.INTERNAL


def _known(error: Exception) -> tuple[str, ExitCode] | None:
    for names, code, advice in _TABLE:
        if type(error).__name__ in names:
            text = str(error).strip() or type(error).__name__
            if advice:
                text = f"{text if text.endswith(('.', '!', '?')) else text + '.'} {advice}"
            return text, code
    return None


# By name: importing every room that can fail only to fail would make the happy path slow.
_TABLE: tuple[tuple[tuple[str, ...], ExitCode, str], ...] = (
    (("ConfigurationError", "NoConfiguration"), ExitCode.CONFIGURATION, ""),
    (
        ("PriceFileError", "HistoryFileError"),
        ExitCode.CONFIGURATION,
        "Mend the file, or name another one.",
    ),
    (
        ("Unavailable",),
        ExitCode.BROKER_UNAVAILABLE,
        "Nothing was sent. Look at the network and the broker's status page, then try again.",
    ),
    (
        ("CalendarDisagreement",),
        ExitCode.BROKER_UNAVAILABLE,
        "Nothing is traded on a day that is in doubt; look at the exchange's calendar.",
    ),
    (
        ("CredentialsRefused",),
        ExitCode.KEYS_REFUSED,
        "Check the keys file and the account at the broker; nothing was sent.",
    ),
    (
        ("JournalUnwritable",),
        ExitCode.STATE_UNWRITABLE,
        "Nothing was sent. Free some disk or mend the rights of the state directory.",
    ),
    (
        ("JournalMissing",),
        ExitCode.JOURNAL_REFUSED,
        "It is made by the first `trimtab run`; name its directory with --state.",
    ),
    (
        ("JournalTooNew",),
        ExitCode.JOURNAL_REFUSED,
        "Run the newer trimtab, or restore the journal that was kept before the upgrade.",
    ),
    (
        ("JournalTooOld",),
        ExitCode.JOURNAL_REFUSED,
        "Start this version's `trimtab run` once; it brings the journal up to date.",
    ),
    (
        ("JournalCorrupt", "Undecodable"),
        ExitCode.JOURNAL_REFUSED,
        "Restore a backup: `trimtab restore FILE`; docs/runbook.md says how. Nothing was sent.",
    ),
    (
        ("JournalMismatch",),
        ExitCode.JOURNAL_REFUSED,
        "Use another --state directory, or `trimtab promote` to go from dry run to paper.",
    ),
    (
        ("AlreadyRunningError",),
        ExitCode.ALREADY_RUNNING,
        "Stop that one first, or use another --state directory.",
    ),
    (
        ("BackupFailed",),
        ExitCode.STATE_UNWRITABLE,
        "Nothing was changed; what was there before is still there.",
    ),
    (("NothingKnown", "NotAPeriod", "NothingToReview"), ExitCode.USAGE, ""),
    (
        ("StateDirectoryError",),
        ExitCode.STATE_UNWRITABLE,
        "Name another one with --state, or mend its rights.",
    ),
    (
        ("WrongAccount", "AccountMismatch"),
        ExitCode.KEYS_REFUSED,
        "Nothing was sent. Use the keys of that account, or mend account_number.",
    ),
    (
        ("AccountFileError",),
        ExitCode.JOURNAL_REFUSED,
        "Move the file aside and restore a backup, or begin with an empty --state directory.",
    ),
    (("NoWeights",), ExitCode.USAGE, ""),
    (("NoSuchCycle",), ExitCode.USAGE, "`trimtab history` lists them."),
    (
        ("BrokenInvariant",),
        ExitCode.INTERNAL,
        "Trading stays off until a person has looked; docs/runbook.md says how.",
    ),
)


def _of_the_system(error: OSError) -> tuple[str, ExitCode]:
    what = os.strerror(error.errno or 0)
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in _DISK_ERRORS:
        return f"The disk does not take any more: {what}{where}. Free some space.", ExitCode.DISK
    if error.errno in _WRITE_ERRORS:
        advice = "Mend the rights, or run it as the user who owns it."
        return f"Not allowed: {what}{where}. {advice}", ExitCode.STATE_UNWRITABLE
    if error.errno == errno.ENOENT:
        return f"There is no such file or directory{where}.", ExitCode.USAGE
    return f"{what}{where}.", ExitCode.STATE_UNWRITABLE


def _of_ours(error: Exception) -> str:
    kept = _keep_traceback(error)
    where = f" The details are in {kept}." if kept else ""
    return (
        f"This is a bug in trimtab ({type(error).__name__}).{where}"
        " What was committed stays true; please report it."
    )


def _keep_traceback(error: Exception) -> Path | None:
    """Write the traceback, without the values that could hold a secret, where only we can read it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    text = "".join(traceback.format_exception(error))
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"trimtab-bug-{stamp}-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_redacted(text))
    except OSError:
        return None
    return Path(name)


def _redacted(text: str) -> str:
    from config.problems import looks_secret
    from daemon.redaction import Redactor

    return "\n".join(
        " ".join("(not shown)" if looks_secret(word) else word for word in line.split(" "))
        for line in Redactor()(text).split("\n")
    )
