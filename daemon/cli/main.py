"""The entry point of `trimtab`: version and help at once, all else through the one door."""

import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Before anything else is imported: scripts ask this often.
        from daemon.version import VERSION

        print(f"trimtab {VERSION}")
        return
    if sys.argv[1:2] == ["backtest"]:
        # A short life in which nearly everything made is kept: looking for rubbish is a sixth of it.
        import gc

        gc.set_threshold(100_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an old terminal shows "?", never a traceback

    if sys.argv[1:] in (["--help"], ["-h"]):
        from daemon.cli.page import help_page

        print(help_page(), end="")
        return

    from daemon.cli.app import application
    from daemon.cli.door import guarded

    sys.exit(guarded(application()))


if __name__ == "__main__":
    run()
