"""Files that people hand in: every format, odd bytes, broken ends, and bounded memory."""

import gc
import gzip
import io
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

import pytest
from click.testing import CliRunner

from connectors.export_files import import_formats
from connectors.zendesk import mapping
from service.commands.files import import_command
from service.domain.conversations import Role, Status
from service.errors import BadRow, Misused
from service.exchange import Row
from service.import_files import Chosen, chosen_format, opened
from service.importing import Importer
from service.redaction import Redactor
from service.settings import settings_from
from service.taxonomy_files import default_taxonomy
from storage.database import SqlDatabase
from tests.builders import Clockwork
from verbatim import Built

TICKET: dict[str, Any] = {
    "id": 35436,
    "url": "https://acme.zendesk.com/api/v2/tickets/35436.json",
    "subject": "Charged twice",
    "status": "Closed",
    "created_at": "2026-11-02T09:14:00Z",
    "updated_at": "2026-11-03T09:14:00Z",
    "via": {"channel": "email"},
    "tags": ["vip"],
    "requester": {"id": 7, "name": "Rosa Diaz", "role": "end-user"},
    "assignee": {"id": 9, "name": "Ana Lopez", "role": "agent"},
    "organization": {"id": 5, "name": "Acme", "organization_fields": {"tier": "enterprise"}},
    "satisfaction_rating": {"score": "bad", "comment": "slow"},
    "comments": [
        {"id": 2, "author_id": 9, "public": False, "body": "a note",
         "created_at": "2026-11-02T10:00:00Z"},
        {"id": 1, "author_id": 7, "public": True, "html_body": "<p>I was charged <b>twice</b></p>",
         "body": "x", "created_at": "2026-11-02T09:14:00Z"},
    ],
}  # fmt: skip
CHAT: dict[str, Any] = {
    "type": "conversation",
    "id": "12",
    "created_at": 1793610840,
    "updated_at": 1793697240,
    "state": "closed",
    "company": {"id": "c1", "name": "Acme"},
    "source": {
        "type": "email",
        "body": "<p>It fails</p>",
        "author": {"type": "user", "id": "u1", "name": "Rosa Diaz"},
    },
    "conversation_parts": {
        "conversation_parts": [
            {
                "id": "1",
                "part_type": "comment",
                "body": "<p>Try again</p>",
                "created_at": 1793610900,
                "author": {"type": "admin", "id": "a1", "name": "Ana"},
            }
        ],
        "total_count": 1,
    },
}
TABLE = (
    '"Id","Subject","Description","Status","Created at","Updated at","Requester","Organization",'
    '"Tags"\n'
    '"35436","=cmd()","I was <b>charged</b>\ntwice","Closed","2026-11-02 09:14:00 -0500",'
    '"2026-11-03 09:14","Rosa Diaz","Acme","vip, refund"\n'
)


def read(data: bytes | str, **chosen: Any) -> tuple[Chosen, list[Row | BadRow]]:
    file = opened(io.BytesIO(data.encode() if isinstance(data, str) else data))
    found = chosen_format(file.start, import_formats, **({"name": None, "source": None} | chosen))
    return found, list(found.rows(file))


def the_row(data: bytes | str) -> Row:
    _, (row,) = read(data)
    assert isinstance(row, Row), row
    return row


def why(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    return [(row.line, row.why) for row in rows if isinstance(row, BadRow)]


def ndjson(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_zendesk_ticket_becomes_the_conversation_that_a_sync_would_store() -> None:
    row = the_row(ndjson(TICKET))
    head = row.conversation.head
    assert (head.key, head.status, head.channel) == ("zendesk:35436", Status.CLOSED, "email")
    assert (head.account, head.agent, head.requester) == ("zendesk:5", "zendesk:9", "7")
    assert head.url == "https://acme.zendesk.com/agent/tickets/35436"
    assert head.rating is not None
    assert head.rating.score == "bad"
    assert row.account is not None
    assert (row.account.name, row.account.segment) == ("Acme", "enterprise")
    assert row.known_names == ("Rosa Diaz", "Ana Lopez")
    told = [(m.id, m.role, m.public, m.text) for m in row.conversation.messages]
    assert told == [
        ("1", Role.CUSTOMER, True, "I was charged twice"),
        ("2", Role.AGENT, False, "a note"),
    ]
    by_api = mapping.message_of(TICKET["comments"][1], Role.CUSTOMER, created_at=None)
    assert row.conversation.messages[0] == by_api


def test_a_ticket_may_name_people_by_number_only() -> None:
    bare = {k: v for k, v in TICKET.items() if k not in ("requester", "assignee", "organization")}
    row = the_row(ndjson(bare | {"requester_id": 7, "assignee_id": 9, "organization_id": 5}))
    assert [m.role for m in row.conversation.messages] == [Role.CUSTOMER, Role.AGENT]
    assert (row.conversation.head.account, row.account) == ("zendesk:5", None)


def test_a_zendesk_table_gives_the_description_as_the_customers_message() -> None:
    row = the_row(TABLE)
    head, (message,) = row.conversation.head, row.conversation.messages
    assert head.key == "zendesk:35436"
    assert head.created_at == datetime(2026, 11, 2, 14, 14, tzinfo=UTC)
    assert (head.subject, head.helpdesk_tags) == ("=cmd()", ("refund", "vip"))
    assert (message.role, message.text) == (Role.CUSTOMER, "I was <b>charged</b>\ntwice")
    assert row.account is not None
    assert (row.account.name, row.account.key) == ("Acme", head.account)
    assert row.known_names == ("Rosa Diaz",)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([CHAT]),
        json.dumps([CHAT], indent=2),
        ndjson(CHAT),
        json.dumps({"type": "conversation.list", "pages": {}, "conversations": [CHAT]}),
    ],
)
def test_intercom_conversations_are_read_in_a_list_a_wrapper_or_line_by_line(data: str) -> None:
    row = the_row(data)
    assert row.conversation.key == "intercom:12"
    assert row.conversation.head.account == "intercom:c1"
    told = [(m.role, m.text) for m in row.conversation.messages]
    assert told == [(Role.CUSTOMER, "It fails"), (Role.AGENT, "Try again")]
    assert row.known_names == ("Ana", "Rosa Diaz")


def test_our_own_format_stays_what_it_was() -> None:
    ours = {"id": "1", "created_at": "2026-11-02", "messages": []}
    chosen, rows = read(ndjson(ours), source="zendesk")
    assert (chosen.name, [type(row) for row in rows]) == ("conversations", [Row])


@pytest.mark.parametrize("data", [ndjson(TICKET), TABLE, json.dumps([CHAT])])
@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress,
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.decode().encode("utf-16"),
        lambda data: data.replace(b"\n", b"\r\n"),
    ],
)
def test_packing_and_encoding_are_undone(data: str, packed: Callable[[bytes], bytes]) -> None:
    _, rows = read(packed(data.encode()))
    assert [type(row) for row in rows] == [Row]


def test_one_bad_row_is_set_aside_with_its_line_and_the_others_are_read() -> None:
    bad = [
        TICKET | {"id": None},
        TICKET | {"created_at": "yesterday"},
        TICKET | {"comments": {}},
        TICKET | {"comments": [7]},
        TICKET | {"comments": TICKET["comments"] * 2},
        TICKET | {"tags": 3},
        TICKET | {"status": "deleted"},
    ]
    _, rows = read(ndjson(TICKET) + "{broken\n[1]\n" + ndjson(*bad, TICKET))
    assert [type(row) for row in (rows[0], rows[-1])] == [Row, Row]
    assert [line for line, _ in why(rows)] == list(range(2, 11))
    assert {"`id` is missing", "`comments` is not a list"} <= {text for _, text in why(rows)}


def test_a_bad_object_of_a_list_is_set_aside_too() -> None:
    text = json.dumps([CHAT, CHAT | {"id": None}, CHAT | {"id": 3}], indent=1)
    _, rows = read(text.replace('"total_count": 1', '"total_count": 1,,', 1))
    assert [type(row) for row in rows] == [BadRow, BadRow, Row]
    assert why(rows)[0] == (2, "it is not JSON, or only half of it")


def test_a_bad_row_of_a_table_is_set_aside() -> None:
    _, rows = read(
        TABLE + '"1","x"\n"","s","d","open","2026-11-02","","","",""\n' + TABLE.split("\n", 1)[1]
    )
    assert [type(row) for row in rows] == [Row, BadRow, BadRow, Row]
    assert [line for line, _ in why(rows)] == [4, 5]


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\ud83dc", "a\ufffdc"),
        ("\u05e9\u05dc\u05d5\u05dd \u202eabc", "\u05e9\u05dc\u05d5\u05dd \u202eabc"),
        ("\U0001f624\U00020000", "\U0001f624\U00020000"),
    ],
)
def test_odd_characters_are_kept_or_replaced_one_by_one(said: str, stored: str) -> None:
    comment = TICKET["comments"][0] | {"body": said}
    row = the_row(ndjson(TICKET | {"comments": [comment]}))
    assert row.conversation.messages[0].text == stored


def test_bytes_of_another_encoding_lose_a_letter_and_not_the_file() -> None:
    row = the_row(TABLE.replace("charged", "d\u00e9bit\u00e9").encode("latin-1"))
    assert row.conversation.messages[0].text == "I was <b>d\ufffdbit\ufffd</b>\ntwice"


@pytest.mark.parametrize("text", [ndjson(TICKET, TICKET), json.dumps([CHAT, CHAT], indent=1)])
def test_half_a_file_gives_what_was_whole_and_says_where_it_broke(text: str) -> None:
    _, rows = read(text[: int(len(text) * 0.8)])
    assert [type(row) for row in rows] == [Row, BadRow]
    assert "half" in why(rows)[0][1] or "middle" in why(rows)[0][1]


def test_half_a_packed_file_gives_what_could_be_unpacked() -> None:
    many = ndjson(*(TICKET | {"id": number} for number in range(1, 4000)))
    packed = gzip.compress(many.encode())
    _, rows = read(packed[: len(packed) // 2])
    assert sum(isinstance(row, Row) for row in rows) > 100
    assert why(rows)[-1][1] == "the compressed file is damaged, or cut off, from here on"


def test_an_empty_file_has_no_rows() -> None:
    assert read(b"")[1] == []
    assert read(b"\n \n")[1] == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"<html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"Name,Price\nLamp,3\n", "neither conversation JSONL nor Zendesk JSON export"),
        (b"[1, 2]", "neither"),
    ],
)
def test_a_file_of_another_kind_is_named(data: bytes, said: str) -> None:
    with pytest.raises(Misused, match=said):
        read(data)


def test_a_format_may_be_named_and_a_wrong_name_is_refused() -> None:
    assert read(ndjson(TICKET), name="zendesk-json")[0].source == "zendesk"
    with pytest.raises(Misused, match="there is conversations, zendesk-json"):
        read(ndjson(TICKET), name="xml")
    with pytest.raises(Misused, match="is from zendesk, not from intercom"):
        read(ndjson(TICKET), source="intercom")
    _, rows = read(json.dumps({"a": 1}, indent=1), name="zendesk-json")
    assert why(rows) == [(1, "there is no list of conversations in it")]


class _Endless(io.RawIOBase):
    """A file that is written while it is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (part := next(self._parts, b"")):
            self._left += part
        found, self._left = self._left[:size], self._left[size:]
        return found


def _lines(count: int) -> Iterator[bytes]:
    for number in range(1, count + 1):
        yield (json.dumps(TICKET | {"id": number}) + "\n").encode()


@pytest.mark.parametrize(
    ("rows", "count"), [("_lines", 10_000), ("_listed", 6_000), ("_tabled", 20_000)]
)
def test_many_rows_are_read_in_constant_memory(rows: str, count: int) -> None:
    parts: Iterator[bytes] = globals()[rows](count)
    file = opened(cast(IO[bytes], _Endless(parts)))
    chosen = chosen_format(file.start, import_formats, name=None, source=None)
    tracemalloc.start()
    try:
        found = sum(isinstance(row, Row) for row in chosen.rows(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == count
    assert peak < 3_000_000


def _listed(count: int) -> Iterator[bytes]:
    yield b"["
    for number in range(1, count + 1):
        yield (json.dumps(CHAT | {"id": number}) + ("," if number < count else "]")).encode()


def _tabled(count: int) -> Iterator[bytes]:
    header, row = TABLE.split("\n", 1)
    yield header.encode() + b"\n"
    for number in range(1, count + 1):
        yield row.replace("35436", str(number)).encode()


def _ours(count: int) -> Iterator[bytes]:
    said = [{"role": "customer", "text": "I was charged twice. "}] * 3
    for number in range(1, count + 1):
        row = {"id": str(number), "created_at": "2026-11-02T09:14:00Z", "messages": said}
        yield (json.dumps(row) + "\n").encode()


@pytest.mark.parametrize("rows", ["_ours", "_lines", "_listed", "_tabled"])
def test_what_an_import_holds_does_not_grow_with_what_it_stored(
    rows: str, sqlite_database: SqlDatabase, clock: Clockwork
) -> None:
    """A row that stays would be dozens of blocks, and one word of each 1,000."""
    file = opened(cast(IO[bytes], _Endless(globals()[rows](2_000))))
    chosen = chosen_format(file.start, import_formats, name=None, source=None)
    importer = Importer(
        database=sqlite_database, taxonomy=default_taxonomy(), masks=Redactor(), clock=clock
    )
    stored, held = 0, []

    def advance(count: int) -> None:
        nonlocal stored
        stored += count
        if stored in (1_000, 2_000):
            gc.collect()
            held.append(sys.getallocatedblocks())

    importer.run(chosen.rows(file), source=chosen.source, advance=advance)
    early, late = held
    assert late - early < 600


def test_the_command_imports_masks_and_changes_nothing_the_second_time(tmp_path: Path) -> None:
    body = {"id": 1, "author_id": 7, "public": True, "body": "I am Rosa Diaz, rosa@example.com"}
    path = tmp_path / "tickets.json.gz"
    path.write_bytes(gzip.compress((ndjson(TICKET | {"comments": [body]}) + "{half").encode()))
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "home")}))
    runs = [
        CliRunner().invoke(import_command, [str(path), "--json"], obj=workspace) for _ in range(2)
    ]
    assert [run.exit_code for run in runs] == [1, 1]
    told = json.loads(runs[0].stdout)
    assert (told["format"], told["conversations"], told["bad"]) == ("zendesk-json", 1, 1)
    assert "line 2: it is not JSON" in runs[0].stderr
    (stored,) = workspace.database().conversations.get_many([mapping.ticket_key(35436)])
    assert stored.messages[0].text == "I am [name], [email]"
    assert runs[0].stdout == runs[1].stdout
    refused = CliRunner().invoke(import_command, [str(tmp_path)], obj=workspace)
    assert (refused.exit_code, "directory" in refused.stderr) == (2, True)
    cast(SqlDatabase, workspace.database()).close()
