import pytest

from producers.dialects.mail.reports import Report, reports_of
from producers.dialects.mail.structure import UnreadableError, parse


def report(kind: str, fields: str, original: str = "", report_type: str = "x") -> list[Report]:
    parts = f"--b\r\n\r\nfor people\r\n--b\r\nContent-Type: {kind}\r\n\r\n{fields}\r\n{original}--b--\r\n"
    head = f"Content-Type: multipart/report; report-type={report_type}; boundary=b\r\n\r\n"
    return reports_of(parse((head + parts).replace("\r\n", "\n").replace("\n", "\r\n").encode()))


def dsn(fields: str, original: str = "") -> list[tuple[str, str]]:
    return [(one.name, one.recipient) for one in report("message/delivery-status", fields, original)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Action: failed\nStatus: 5.1.1", "bounce"),
        ("Action: FAILED (really)", "bounce"),
        ("Action: delayed", "deferred"),
        ("Action: delivered", "delivered"),
        ("Action: relayed", "relayed"),
        ("Action: expanded", "expanded"),
        ("Status: 4.2.2", "deferred"),
        ("Status: 2.0.0", "delivered"),
        ("", "bounce"),
    ],
)
def test_actions(fields: str, expected: str) -> None:
    assert dsn(f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@x.test\n{fields}") == [(expected, "a@x.test")]


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ("Final-Recipient: rfc822;a@x.test", "a@x.test"),
        ("Final-Recipient: RFC822; <a@x.test>", "a@x.test"),
        ("Final-Recipient: a@x.test", "a@x.test"),
        ("Final-Recipient: utf-8; ø@x.test", "ø@x.test"),
        ("Final-Recipient: x400; /G=a\nOriginal-Recipient: rfc822;b@x.test", "b@x.test"),
        ("Final-Recipient: unknown; nair_s", ""),
    ],
)
def test_recipients(fields: str, recipient: str) -> None:
    assert dsn(f"Reporting-MTA: dns; x\n\n{fields}\nAction: failed") == [("bounce", recipient)]


def test_a_recipient_that_is_no_address_is_found_in_the_original() -> None:
    original = "--b\r\nContent-Type: message/rfc822\r\n\r\nTo: Ada <ada@x.test>\r\nMessage-ID: <1@y>\r\n\r\nhello\r\n"
    fields = "Reporting-MTA: mailbus; SYS30\n\nFinal-Recipient: unknown; nair_s\nAction: failed"
    assert dsn(fields, original) == [("bounce", "ada@x.test")]
    assert dsn(fields, original.replace("<ada@x.test>", "<ada@x.test>, b@x.test")) == [("bounce", "")]


def test_blocks_may_be_one_and_lines_may_be_missing() -> None:
    together = "Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@x.test\nAction: failed"
    assert dsn(together) == [("bounce", "a@x.test")]
    apart = "Reporting-MTA: dns; x\n\n\n\nFinal-Recipient: rfc822; a@x.test\nAction: failed\n\n\n"
    assert dsn(apart) == [("bounce", "a@x.test")]


def test_internationalised_reports() -> None:
    fields = "Reporting-MTA: dns; x\n\nFinal-Recipient: utf-8; ø@x.test\nAction: failed"
    (one,) = report("message/global-delivery-status", fields)
    assert (one.name, one.recipient, one.fields["reporting_mta"]) == ("bounce", "ø@x.test", "dns; x")


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [("abuse", "complaint"), ("fraud", "complaint"), ("not-spam", "not_spam"), ("auth-failure", "auth_failure")],
)
def test_feedback(feedback: str, expected: str) -> None:
    (one,) = report("message/feedback-report", f"Feedback-Type: {feedback}\nOriginal-Rcpt-To: <a@x.test>")
    assert (one.name, one.recipient) == (expected, "a@x.test")


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "message/partial"])
def test_what_is_no_report_is_none(kind: str) -> None:
    assert report(kind, "Final-Recipient: rfc822; a@x.test") == []
    assert reports_of(parse(b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@x.test")) == []
    assert dsn("nothing here") == []


def test_a_report_on_very_many_is_refused_as_a_whole() -> None:
    one = "Final-Recipient: rfc822; a@x.test\nAction: failed\n\n"
    assert len(dsn("Reporting-MTA: dns; x\n\n" + one * 500)) == 500
    with pytest.raises(UnreadableError, match="500 recipients"):
        dsn("Reporting-MTA: dns; x\n\n" + one * 501)
