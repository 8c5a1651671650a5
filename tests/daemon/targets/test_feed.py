"""Weights from a file and from a real HTTPS server: signatures, schema, certificates, limits."""

import base64
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemon.targets.feed import MOST_BYTES, NoWeights, from_feed, from_file, parse_weights
from tests.support.feeds import PUBLIC_KEY, Feed, serving, signature, weights_text

GOOD = weights_text("2026-03-10", stocks=70, bonds=30)


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(tmp_path) as found:
        yield found


def fetched(feed: Feed) -> dict[str, Decimal]:
    return dict(from_feed(feed.url, PUBLIC_KEY, feed.ca_file).weights)


def test_a_signed_feed_gives_its_weights(feed: Feed) -> None:
    feed.publish(GOOD)
    given = from_feed(feed.url, PUBLIC_KEY, feed.ca_file)
    assert given.weights == {"stocks": Decimal("0.7"), "bonds": Decimal("0.3")}
    assert given.as_of == date(2026, 3, 10)
    assert given.origin == f"feed 127.0.0.1:{feed.port}"
    assert feed.asked == ["/weights.json", "/weights.json.sig"]


def test_a_changed_byte_breaks_the_signature(feed: Feed) -> None:
    feed.publish(GOOD.replace(b"70", b"71").replace(b"30", b"29"), signed=signature(GOOD))
    with pytest.raises(NoWeights, match="signature does not verify"):
        fetched(feed)


def test_another_publishers_signature_is_refused(feed: Feed) -> None:
    feed.publish(GOOD, signed=signature(GOOD, Ed25519PrivateKey.from_private_bytes(bytes(32))))
    with pytest.raises(NoWeights, match="signature"):
        fetched(feed)


def test_a_signature_that_is_no_base64_is_refused(feed: Feed) -> None:
    feed.publish(GOOD, signed=b"not base64!")
    with pytest.raises(NoWeights, match="signature"):
        fetched(feed)


def test_a_missing_signature_is_said(feed: Feed) -> None:
    feed.pages["/weights.json"] = GOOD
    with pytest.raises(NoWeights, match=r"weights\.json\.sig answers 404"):
        fetched(feed)


def test_a_certificate_of_a_stranger_is_refused(feed: Feed) -> None:
    feed.publish(GOOD)
    with pytest.raises(NoWeights, match="cannot be fetched"):
        from_feed(feed.url, PUBLIC_KEY, None)


def test_a_feed_that_moved_is_not_followed(feed: Feed) -> None:
    feed.publish(GOOD)
    feed.moved["/weights.json"] = "/elsewhere.json"
    with pytest.raises(NoWeights, match="answers 302"):
        fetched(feed)
    assert feed.asked == ["/weights.json"]


def test_a_feed_that_never_ends_is_cut_off(feed: Feed) -> None:
    feed.publish(b" " * (MOST_BYTES + 1))
    with pytest.raises(NoWeights, match="larger than"):
        fetched(feed)


def test_plain_http_is_refused() -> None:
    with pytest.raises(NoWeights, match="not https"):
        from_feed("http://127.0.0.1:1/weights.json", PUBLIC_KEY, None)


def test_nobody_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(tmp_path) as gone:
        pass
    with pytest.raises(NoWeights, match="cannot be fetched"):
        fetched(gone)


def test_a_file_needs_no_signature_unless_a_key_is_configured(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_bytes(GOOD)
    assert from_file(file, "").weights["stocks"] == Decimal("0.7")
    with pytest.raises(NoWeights, match=r"weights\.json\.sig cannot be read"):
        from_file(file, PUBLIC_KEY)
    (tmp_path / "weights.json.sig").write_bytes(signature(GOOD))
    assert from_file(file, PUBLIC_KEY).weights["stocks"] == Decimal("0.7")


def changed(**keys: object) -> bytes:
    return json.dumps(json.loads(GOOD) | keys).encode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"[]", '"schema": 1'),
        (changed(schema=2), '"schema": 1'),
        (changed(more=1), "unknown key 'more'"),
        (changed(as_of="yesterday"), '"as_of" must be a date'),
        (changed(as_of=20260310), '"as_of" must be a date'),
        (changed(note=1), '"note" must be a text'),
        (changed(weights_percent=[]), "must name slices"),
        (changed(weights_percent={}), "must name slices"),
        (changed(weights_percent={"a": "100"}), "weight of 'a' is no number"),
        (changed(weights_percent={"a": True}), "weight of 'a' is no number"),
        (changed(weights_percent={"a": 110, "b": -10}), "weight of 'a' is no number"),
        (changed(weights_percent={"a": 60, "b": 39.9}), "sum to 99.9000 %"),
        (b'{"schema": 1, "as_of": "2026-03-10", "weights_percent": {"a": NaN}}', "not JSON"),
        (b'{"schema": 1, "schema": 1, "x": Infinity}', "not JSON"),
        (base64.b64decode("/w=="), "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_not_exactly_the_schema_is_refused_with_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(NoWeights, match=why):
        parse_weights(data, origin="file a")


def test_a_sum_that_is_off_by_rounding_is_made_whole() -> None:
    given = parse_weights(
        changed(weights_percent={"a": 33.3333, "b": 33.3333, "c": 33.3333}), origin="file a"
    )
    assert abs(sum(given.weights.values(), Decimal(-1))) < Decimal("1e-20")
