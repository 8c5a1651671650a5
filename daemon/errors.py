"""Expected failures of the daemon itself; the command line turns each into one sentence."""

from pathlib import Path


class AlreadyRunningError(Exception):
    """Another daemon holds the lease of the state directory."""

    def __init__(self, state_dir: Path, pid: int | None) -> None:
        """Name the directory, and the other process when it is known."""
        who = "another daemon" if pid is None else f"a daemon with process number {pid}"
        super().__init__(f"{who} runs on {state_dir}")


class WrongAccount(Exception):
    """The keys open another account than the configuration names."""


class StateDirectoryError(Exception):
    """The state directory cannot be made or written."""
