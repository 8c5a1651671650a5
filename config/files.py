"""Small files from the disk, refused with half a sentence and what to do; private to this room."""

import os
import stat
from pathlib import Path


class Unreadable(Exception):
    """A file that cannot be used: what was found and what to do. Never holds any of its content."""

    def __init__(self, found: str, instead: str) -> None:
        """Keep both halves."""
        self.found = found
        self.instead = instead
        super().__init__(f"{found}. {instead}.")


def read_small(path: Path, *, at_most: int, private: bool = False) -> bytes:
    """The bytes of a plain file of at most `at_most` bytes.

    `private` refuses a file that its group or everybody may read or write. Raises `Unreadable`.
    """
    try:
        # a pipe would make a plain open wait for a writer
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable("there is no such file", f"Write it, or name another: {path}") from None
    except PermissionError:
        raise Unreadable(
            "this user may not read it",
            f"Give it to the user that runs trimtab: sudo chown {_user()} {path}",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise Unreadable(f"it cannot be read ({reason})", "Check the path and the disk") from None
    try:
        _check(path, os.fstat(handle), private=private)
        with os.fdopen(handle, "rb", closefd=False) as file:
            raw = file.read(at_most + 1)
    except OSError as error:
        raise Unreadable(f"it cannot be read ({error.strerror})", "Check the disk") from None
    finally:
        os.close(handle)
    if len(raw) > at_most:
        size = "1 MiB" if at_most == 1024 * 1024 else f"{at_most // 1024} KiB"
        raise Unreadable(f"it is larger than {size}", "Name the right file, it is a small one")
    return raw


def _check(path: Path, state: os.stat_result, *, private: bool) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise Unreadable("it is a folder", "Name a file in it")
    if not stat.S_ISREG(state.st_mode):
        raise Unreadable("it is not a plain file", "Name a plain file")
    if private and state.st_mode & 0o077:
        raise Unreadable(
            f"other users can reach it (its mode is {stat.S_IMODE(state.st_mode):04o})",
            f"Make it yours alone: chmod 600 {path}",
        )


def _user() -> str:
    """The login name of this process, its number when it has none."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
