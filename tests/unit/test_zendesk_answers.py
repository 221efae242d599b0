"""Answers of Zendesk as they are read: the odd ones, too, as Python's own reader takes them."""

import json

import pytest
import requests

from connectors.zendesk.audits import Audit, audits_in, page_of_audits, with_audits
from connectors.zendesk.transport import body_of
from service.errors import Misbehaving


def answer(content: bytes) -> requests.Response:
    found = requests.Response()
    found.status_code = 200
    found._content = content
    return found


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": 35436, "subject": "caf\\u00e9", "fields": [1.5, null, true]}',
        b'{"half": "\\ud83d"}',
        b'{"half": "\xed\xa0\xbd"}',
        b'{"score": NaN, "most": 1e400}',
        b'\xef\xbb\xbf{"mark": 1}',
        b'{"id": 1, "id": 2}',
        b'{"id": 18446744073709551616, "of": [123456789012345678901234567890]}',
    ],
)
def test_an_answer_reads_as_it_always_did(content: bytes) -> None:
    assert repr(body_of(answer(content))) == repr(json.loads(content))


@pytest.mark.parametrize("content", [b"<html>", b"", b"[" * 100_000, b'{"id": 1', b"[1]"])
def test_what_is_no_json_object_is_no_answer(content: bytes) -> None:
    with pytest.raises(Misbehaving):
        body_of(answer(content))


_SAID = b'{"id": 123456789012345678901, "event_type": "Comment", "html_body": "<p>caf\\u00e9</p>"}'


@pytest.mark.parametrize(
    "audit",
    [
        b'{"id": 1, "ticket_id": 2, "child_events": [%b]}' % _SAID,
        b'{"id": 18446744073709551616, "ticket_id": 2.5, "child_events": []}',
        b'{"id": "7", "timestamp": 1.5, "via": {"other": ["things"]}, "child_events": null}',
        b'{"created_at": null, "updater_id": [3]}',
        b"{}",
    ],
)
def test_a_page_of_audits_is_read_as_if_it_was_read_whole(audit: bytes) -> None:
    content = b'{"ticket_events": [%b], "end_time": 5, "count": 1}' % audit
    page, whole = page_of_audits(content), with_audits(json.loads(content))
    assert page is not None
    assert audits_in(page)[0].told() == audits_in(whole)[0].told()
    assert shown(audits_in(page)[0]) == shown(audits_in(whole)[0])
    assert (page["end_time"], "end_of_stream" in page) == (5, False)


def shown(audit: Audit) -> list[str]:
    names = ("id", "ticket_id", "updater_id", "timestamp", "created_at")
    return [repr(getattr(audit, name)) for name in names]


@pytest.mark.parametrize(
    "content",
    [
        b'{"ticket_events": [{"child_events": {"id": 1}}]}',
        b'{"ticket_events": [{"child_events": ["no"]}, 5]}',
        b'{"ticket_events": [{"id": 1, "half": "\\ud83d"}]}',
        b'{"ticket_events": "none"}',
        b'{"end_of_stream": true}',
        b"<html>",
    ],
)
def test_an_odd_page_of_audits_is_left_to_the_patient_reader(content: bytes) -> None:
    assert page_of_audits(content) is None


def test_an_audit_whose_words_are_no_list_spoils_no_page() -> None:
    page = with_audits({"ticket_events": [{"child_events": 5}, "no audit", {"id": 2}]})
    spoilt, good = audits_in(page)
    assert good.told() == []
    with pytest.raises(Misbehaving):
        spoilt.told()
