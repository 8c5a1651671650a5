"""The channels: real files, a real webhook, and nothing that raises or shows a secret."""

import io
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.machine.clocks import SteppedClock
from daemon.notices.delivery import (
    MAX_BODY,
    MAX_TITLE,
    AppriseChannel,
    ChannelRefused,
    ConsoleChannel,
    FileChannel,
    prepared,
)
from daemon.redaction import Redactor
from portfolio.records import Notice
from tests.support.journals import NOW
from tests.support.webhook import listening

NEWS = Notice(key="k", urgent=False, title="core: resumed by ann", body="checked\nall fine")
PAGE = Notice(key="p", urgent=True, title="core: HALTED", body="by ann")


def test_the_console_shows_title_and_body() -> None:
    stream = io.StringIO()
    assert ConsoleChannel(stream).send(NEWS) == ""
    assert ConsoleChannel(stream).send(PAGE) == ""
    assert stream.getvalue() == (
        "* core: resumed by ann\n    checked\n    all fine\n! core: HALTED\n    by ann\n"
    )


def test_a_console_that_is_gone_or_plain_is_no_failure() -> None:
    closed = io.StringIO()
    closed.close()
    assert ConsoleChannel(closed).send(NEWS) == ""
    raw = io.BytesIO()
    plain = io.TextIOWrapper(raw, encoding="ascii")
    assert ConsoleChannel(plain).send(Notice(key="k", urgent=False, title="5 €", body="→")) == ""
    assert b"5 \\u20ac" in raw.getvalue()


def test_the_file_gets_one_line_for_each_notice(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path / "notices.log", SteppedClock(NOW))
    assert channel.send(NEWS) == ""
    assert channel.send(PAGE) == ""
    assert (tmp_path / "notices.log").read_text() == (
        "2026-03-11T14:00:00+00:00 news core: resumed by ann | checked | all fine\n"
        "2026-03-11T14:00:00+00:00 URGENT core: HALTED | by ann\n"
    )
    assert (tmp_path / "notices.log").stat().st_mode & 0o007 == 0


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path / "nowhere" / "notices.log", SteppedClock(NOW))
    assert "cannot be written (No such file or directory)" in channel.send(NEWS)
    assert "No space left" in FileChannel(Path("/dev/full"), SteppedClock(NOW)).send(NEWS)


def test_a_webhook_gets_the_notice() -> None:
    with listening() as hook:
        assert AppriseChannel(1, hook.address).send(PAGE) == ""
    assert len(hook.posted) == 1
    assert hook.posted[0]["title"] == "core: HALTED"
    assert hook.posted[0]["message"] == "by ann"
    assert hook.posted[0]["type"] == "warning"


def test_a_webhook_that_refuses_is_a_failure_without_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    with listening() as hook:
        hook.status = 500
        channel = AppriseChannel(1, hook.address)
        error = channel.send(NEWS)
    assert error == "the service refused it or did not answer"
    assert "Canary" not in error + repr(channel) + channel.name + caplog.text


def test_a_webhook_that_nobody_answers_is_a_failure() -> None:
    with listening() as hook:
        address = hook.address
    assert AppriseChannel(1, address).send(NEWS) == "the service refused it or did not answer"


def test_a_webhook_that_hangs_is_given_up() -> None:
    with listening() as hook:
        hook.may_answer.clear()
        channel = AppriseChannel(1, hook.address + "?rto=0.2&cto=0.2")
        assert channel.send(NEWS) == "the service refused it or did not answer"


@pytest.mark.parametrize(
    "address",
    ["", "no address", "file:///etc/passwd", "syslog://", "dbus://", "Canary9Zw5Lr2T", "https://x"],
)
def test_an_address_of_another_kind_is_refused_unseen(address: str) -> None:
    with pytest.raises(ChannelRefused, match="notice address 3 is of no kind") as refusal:
        AppriseChannel(3, address)
    assert not address or address not in str(refusal.value)


def test_an_incomplete_address_fails_in_words() -> None:
    assert "not complete" in AppriseChannel(1, "mailto://").send(NEWS)


HOSTILE = "\x1b[31m\r\nBcc: eve@example.org\u2028\x00"


def test_a_title_is_one_line_and_adds_no_header() -> None:
    notice = prepared(Notice(key="k", urgent=False, title=HOSTILE, body=HOSTILE), Redactor())
    assert notice.title.isprintable()
    assert notice.body.replace("\n", "").isprintable()


def test_a_long_notice_is_cut_and_a_secret_taken_out() -> None:
    long = Notice(key="k", urgent=False, title="t" * 900, body="b" * 9000)
    assert len(prepared(long, Redactor()).title) == MAX_TITLE
    assert len(prepared(long, Redactor()).body) == MAX_BODY
    leaky = Notice(key="k", urgent=False, title="x", body="key PKABCDEFGHIJKLMN1234 refused")
    assert "PKABC" not in prepared(leaky, Redactor()).body


@given(title=st.text(), body=st.text())
def test_any_text_can_be_delivered(title: str, body: str) -> None:
    notice = prepared(Notice(key="k", urgent=False, title=title, body=body), Redactor())
    assert notice.title
    assert notice.body
    stream = io.StringIO()
    assert ConsoleChannel(stream).send(notice) == ""
