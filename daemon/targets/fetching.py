"""Fetching a feed over HTTPS: a certificate that verifies, no redirect, and no end without a limit."""

import ssl
import urllib.error
import urllib.request
from pathlib import Path

from daemon.targets.feed import NoWeights

TIMEOUT_SECONDS = 15


def fetched(url: str, ca_file: Path | None, most_bytes: int) -> bytes:
    """What is under an address. Raises `NoWeights` for anything but a whole answer."""
    if not url.startswith("https://"):
        raise NoWeights(f"{url} is not https")
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=_context(ca_file)),
        _NoRedirect(),
    )
    try:
        with opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(most_bytes + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise NoWeights(f"{url} answers {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NoWeights(f"{url} cannot be fetched: {reason}") from None
    if len(data) > most_bytes:
        raise NoWeights(f"{url} is larger than {most_bytes:,} bytes")
    return data


def host_of(url: str) -> str:
    """The host of an address that has been fetched."""
    return urllib.request.Request(url).host  # noqa: S310  https is checked when fetched


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise NoWeights(f"the certificate authority {ca_file} cannot be read: {error}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A feed that moves is a feed to configure anew, never to follow."""

    def redirect_request(self, *_arguments: object, **_named: object) -> None:
        """No request follows."""
