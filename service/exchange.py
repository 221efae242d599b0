"""The Conversation JSONL that people bring in and take out, and the line that `label` prints.

Knows the file's shape and turns each row into domain values or one sentence that says why not. It
stores nothing and measures nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TextIO

from service.domain.conversations import (
    Account,
    Agent,
    Conversation,
    ConversationHead,
    ConversationKey,
    Message,
    Rating,
    Role,
    Status,
    account_key,
    agent_key,
    conversation_key,
)
from service.domain.measurements import CUSTOM, Analysis, Measurement, YesNo
from service.errors import BadRow
from service.measures import all_metrics
from service.spelled import storable

LONGEST_LINE = 4 * 1024 * 1024  # characters; a longer row is no conversation

_STATUS_WORDS = {
    **{status.value: status for status in Status},
    "new": Status.OPEN,
    "hold": Status.PENDING,
    "snoozed": Status.PENDING,
}
_ROLE_WORDS = {
    **{role.value: role for role in Role},
    "user": Role.CUSTOMER,
    "end-user": Role.CUSTOMER,
    "admin": Role.AGENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a person, or another system, says was measured. A missing metric was not measured; None
    was measured as empty.
    """

    measured: Mapping[str, str | None] = field(default_factory=dict)
    drivers: tuple[str, ...] | None = None  # None: those of the tags
    tags: tuple[str, ...] = ()
    custom: Mapping[str, str | None] = field(default_factory=dict)  # by the name in their file

    def by_metric(self) -> Mapping[str, str | None]:
        """Every label by its metric's name, the workspace's own metrics among them."""
        return {**self.measured, **{f"{CUSTOM}{name}": v for name, v in self.custom.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    line: int
    conversation: Conversation
    account: Account | None = None
    agent: Agent | None = None
    labels: Labels | None = None
    analysis: Analysis | None = None  # everything that was measured elsewhere; beats the labels
    known_names: tuple[str, ...] = ()  # people named in the row, for masking
    whole: bool = True  # every message of the conversation is in the row


def bounded_lines(file: TextIO) -> Iterator[str]:
    """Yield a file's lines; of one that is too long only as much as shows that it is."""
    while line := file.readline(LONGEST_LINE + 1):
        more = line
        while more and not more.endswith("\n") and len(line) > LONGEST_LINE:
            more = file.readline(LONGEST_LINE)
        yield line


def read_rows(
    lines: Iterable[str], *, source: str = "import", first: int = 1
) -> Iterator[Row | BadRow]:
    """Yield a Row or, in its place, the BadRow that says what is wrong; never stop at a bad one."""
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            yield read_row(line, number=number, source=source)
        except BadRow as bad:
            yield bad


def read_row(line: str, *, number: int = 1, source: str = "import") -> Row:
    """Read one line. `source` is the helpdesk's name when the row does not say."""
    if len(line) > LONGEST_LINE:
        raise BadRow(number, f"it has more than {LONGEST_LINE} characters")
    try:
        data = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadRow(number, "it is not JSON") from error
    if not isinstance(data, dict):
        raise BadRow(number, "it is not a JSON object")
    return _Reader(data, number).row(source)


class _Reader:
    """Reads the fields of one row; every complaint carries its line."""

    def __init__(self, data: Mapping[str, Any], line: int) -> None:
        self._data = data
        self._line = line

    def row(self, default_source: str) -> Row:
        data = self._data
        if "messages" not in data and "labels" not in data:
            raise self._bad("it needs `messages` or `labels`")
        source = self._text(data, "source") or default_source
        if ":" in source:
            raise self._bad("`source` must not contain a colon")
        account, agent = self._account(source), self._agent(source)
        messages = self._messages()
        head = self._head(source, messages, account, agent)
        return Row(
            line=self._line,
            conversation=Conversation(head=head, messages=messages),
            account=account,
            agent=agent,
            labels=self._labels(),
            analysis=self._analysis(head.key),
            known_names=self._names(),
            whole="messages" in data,
        )

    def _head(
        self,
        source: str,
        messages: tuple[Message, ...],
        account: Account | None,
        agent: Agent | None,
    ) -> ConversationHead:
        data = self._data
        created_at = self._time(data, "created_at", None)
        last = max((message.created_at for message in messages), default=created_at)
        requester = self._object(data, "requester")
        return ConversationHead(
            key=conversation_key(source, self._identifier(data, "`id`")),
            channel=self._text(data, "channel") or "import",
            subject=self._text(data, "subject") or "",
            status=self._status(),
            created_at=created_at,
            updated_at=self._time(data, "updated_at", max(created_at, last)),
            account=account.key if account else None,
            requester=self._optional_identifier(requester, "`requester.id`"),
            agent=agent.key if agent else None,
            helpdesk_tags=self._texts(data, "tags"),
            rating=self._rating(),
            url=self._text(data, "url"),
        )

    def _messages(self) -> tuple[Message, ...]:
        raw = self._data.get("messages")
        if raw is None:
            return ()
        if not isinstance(raw, list):
            raise self._bad("`messages` is not a list")
        start = self._time(self._data, "created_at", None) if raw else None
        messages = [self._message(item, index, start) for index, item in enumerate(raw)]
        ids = {message.id for message in messages}
        if len(ids) != len(messages):
            raise self._bad("two messages have the same `id`")
        return tuple(sorted(messages, key=attrgetter("created_at")))

    def _message(self, item: object, index: int, start: datetime | None) -> Message:
        where = f"messages[{index}]."
        if not isinstance(item, dict):
            raise self._bad(f"`messages[{index}]` is not an object")
        public = item.get("public", True)
        if not isinstance(public, bool):
            raise self._bad(f"`messages[{index}]`.public is not true or false")
        return Message(
            id=self._optional_identifier(item, f"`messages[{index}]`.id") or f"m{index + 1}",
            role=self._role(item, where),
            public=public,
            created_at=self._time(item, "created_at", start, where=where),
            text=self._text(item, "text", where=where) or "",
        )

    def _role(self, item: Mapping[str, Any], where: str) -> Role:
        word = (self._text(item, "role", where=where) or "").lower()
        role = _ROLE_WORDS.get(word)
        if role is None:
            named = where.rstrip(".")
            raise self._bad(f"`{named}`.role is {word!r}; it can be {', '.join(Role)}")
        return role

    def _status(self) -> Status:
        word = (self._text(self._data, "status") or Status.CLOSED).lower()
        status = _STATUS_WORDS.get(word)
        if status is None:
            raise self._bad(f"`status` is {word!r}; it can be {', '.join(Status)}")
        return status

    def _account(self, source: str) -> Account | None:
        data = self._object(self._data, "account")
        identifier = self._optional_identifier(data, "`account.id`")
        if identifier is None:
            return None
        return Account(
            key=account_key(source, identifier),
            name=self._text(data, "name", where="account.") or identifier,
            segment=self._text(data, "segment", where="account."),
            owner=self._text(data, "owner", where="account."),
            aliases=self._texts(data, "aliases"),
            renewal=self._text(data, "renewal", where="account."),
        )

    def _agent(self, source: str) -> Agent | None:
        data = self._object(self._data, "agent")
        identifier = self._optional_identifier(data, "`agent.id`")
        if identifier is None:
            return None
        name = self._text(data, "name", where="agent.") or identifier
        return Agent(key=agent_key(source, identifier), name=name)

    def _names(self) -> tuple[str, ...]:
        people = (self._object(self._data, part) for part in ("requester", "agent"))
        names = (self._text(person, "name") for person in people)
        return tuple(name for name in names if name)

    def _rating(self) -> Rating | None:
        data = self._object(self._data, "rating")
        score = data.get("score")
        if score is None:
            return None
        return Rating(score=str(score), comment=self._text(data, "comment", where="rating."))

    def _labels(self) -> Labels | None:
        if self._data.get("labels") is None:
            return None
        data = self._object(self._data, "labels")
        measured = {
            metric.name: self._label(data[metric.name], metric.name, metric.values)
            for metric in all_metrics()
            if metric.name in data and not metric.is_custom
        }
        custom = self._object(data, "custom")
        return Labels(
            measured=measured,
            drivers=None if data.get("drivers") is None else self._texts(data, "drivers"),
            tags=self._texts(data, "tags"),
            custom={storable(name): self._custom(name, value) for name, value in custom.items()},
        )

    def _custom(self, name: str, value: object) -> str | None:
        """A metric that this workspace has not defined may have any value."""
        known = {m.name: m.values for m in all_metrics() if m.is_custom}.get(f"{CUSTOM}{name}")
        if known is not None:
            return self._label(value, f"custom.{name}", known)
        return None if value is None else _word(value)

    def _label(self, value: object, name: str, values: Sequence[str]) -> str | None:
        if value is None:
            return None
        word = _word(value)
        if word not in values:
            raise self._bad(f"`labels.{name}` is {word!r}; it can be {', '.join(values)} or null")
        return word

    def _analysis(self, key: ConversationKey) -> Analysis | None:
        data = self._data.get("analysis")
        if data is None:
            return None
        from service import carried_analysis  # late: it loads pydantic, and few rows need it

        try:
            return carried_analysis.read(data, key)
        except ValueError as error:
            raise self._bad(str(error)) from error

    def _object(self, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._bad(f"`{name}` is not an object")
        return value

    def _identifier(self, data: Mapping[str, Any], name: str) -> str:
        identifier = self._optional_identifier(data, name)
        if identifier is None:
            raise self._bad(f"{name} is missing")
        return identifier

    def _optional_identifier(self, data: Mapping[str, Any], name: str) -> str | None:
        value = data.get("id")
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._bad(f"{name} is not a text")
        return storable(str(value))

    def _text(self, data: Mapping[str, Any], name: str, *, where: str = "") -> str | None:
        value = data.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._bad(f"`{where}{name}` is not a text")
        return storable(value)

    def _texts(self, data: Mapping[str, Any], name: str) -> tuple[str, ...]:
        value = data.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._bad(f"`{name}` is not a list of texts")
        return tuple(storable(item) for item in value)

    def _time(
        self, data: Mapping[str, Any], name: str, default: datetime | None, *, where: str = ""
    ) -> datetime:
        value = data.get(name)
        if value is None:
            if default is None:
                raise self._bad(f"`{where}{name}` is missing")
            return default
        try:
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is None:
                return moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            why = f"`{where}{name}` is not a time such as 2026-11-02T09:14:00Z"
            raise self._bad(why) from error

    def _bad(self, why: str) -> BadRow:
        return BadRow(self._line, why)


def _word(value: object) -> str:
    """True and false are how people write yes and no in JSON."""
    if isinstance(value, bool):
        return YesNo.YES if value else YesNo.NO
    return storable(str(value)).strip().lower()


def label_line(analysis: Analysis, *, row_id: str) -> dict[str, Any]:
    """Return what `label` prints for one row."""
    first = analysis.tags[0] if analysis.tags else None
    line: dict[str, Any] = {"id": row_id}
    own = [m for m in analysis.measurements if m.metric.startswith(CUSTOM)]
    line.update((m.metric, _measured(m)) for m in analysis.measurements if m not in own)
    if own:
        line["custom"] = {m.metric.removeprefix(CUSTOM): _measured(m) for m in own}
    line.update(
        raw_tags=[tag.raw for tag in analysis.tags],
        canonical_tag=first.canonical if first else None,
        driver={
            "value": first.driver if first else None,
            "confidence": first.confidence if first else None,
        },
        drivers=list(analysis.drivers()),
        summary=analysis.summary,
        tone={"start": analysis.tone_start, "end": analysis.tone_end},
        quotes=[
            {"message": q.message, "start": q.start, "end": q.end, "text": q.text, "shows": q.shows}
            for q in analysis.quotes
        ],
        language=analysis.language,
        analyser=analysis.analyser,
    )
    return line


def _measured(measurement: Measurement) -> dict[str, Any]:
    line: dict[str, Any] = {
        "value": measurement.value,
        "confidence": measurement.confidence,
        "reason": measurement.reason,
    }
    if measurement.detail is not None:
        line["detail"] = measurement.detail
    return line
