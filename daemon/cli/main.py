"""The entry point of the `trimtab` command: the version at once, all else through the one door."""

import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Before anything is imported: scripts ask this often.
        print(f"trimtab {version()}")
        return
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an old terminal shows "?", never a traceback

    from daemon.cli.app import application
    from daemon.cli.door import guarded

    sys.exit(guarded(application()))


def version() -> str:
    """The installed version."""
    from importlib.metadata import version as version_of

    return version_of("trimtab")


if __name__ == "__main__":
    run()
