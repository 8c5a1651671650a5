"""Telling systemd how the daemon is (sd_notify(3)); does nothing where no systemd listens."""

import os
import socket
import time


def notify(*assignments: str) -> bool:
    """Send `NAME=value` lines to `NOTIFY_SOCKET`; False when there is none or it does not take them."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(1.0)
            channel.connect(address)
            channel.sendall("\n".join(assignments).encode())
    except OSError:
        return False
    return True


def ready(status: str) -> bool:
    """The daemon has recovered and looks after things."""
    return notify("READY=1", _status(status))


def status(text: str) -> bool:
    """One line for `systemctl status`."""
    return notify(_status(text))


def reloading(text: str = "reading the configuration again") -> bool:
    """SIGHUP arrived; `ready` must follow."""
    microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify("RELOADING=1", f"MONOTONIC_USEC={microseconds}", _status(text))


def stopping(text: str) -> bool:
    """The daemon is on its way out."""
    return notify("STOPPING=1", _status(text))


def watchdog() -> bool:
    """A tick was completed; call it from nowhere else."""
    return notify("WATCHDOG=1")


def watchdog_interval_seconds() -> float | None:
    """How often `watchdog` is wanted: half of systemd's limit; None when it does not watch us."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not for_us or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 2 / 1_000_000


def _status(text: str) -> str:
    # A line break would start another assignment.
    return "STATUS=" + " ".join(text.split())
