"""Answers of Zendesk as they are read: the odd ones, too, as Python's own reader takes them."""

import json

import pytest
import requests

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
    ],
)
def test_an_answer_reads_as_it_always_did(content: bytes) -> None:
    assert repr(body_of(answer(content))) == repr(json.loads(content))


@pytest.mark.parametrize("content", [b"<html>", b"", b"[" * 100_000, b'{"id": 1', b"[1]"])
def test_what_is_no_json_object_is_no_answer(content: bytes) -> None:
    with pytest.raises(Misbehaving):
        body_of(answer(content))
