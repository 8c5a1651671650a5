"""The entry point of the `trimtab` command."""

from importlib.metadata import version


def run() -> None:
    """Print the version; the commands follow."""
    print(f"trimtab {version('trimtab')}")
