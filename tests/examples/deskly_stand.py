"""A working stand-in of Deskly over loopback HTTP, filled from a corpus.

A list by sequence number: every change gives the thread the next number, so nothing shifts out of
a page. A deleted thread stays in the list as a row without words.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, abort

from connectors.sandbox.corpus import Corpus, CorpusConversation
from connectors.sandbox.faults import FaultKind, Faults, install
from connectors.sandbox.server import Stand

Json = dict[str, Any]
_OWN = "/_sandbox"


class DesklyState:
    """The threads, and what people do to them."""

    def __init__(self, corpus: Corpus, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._people = {each.id: each for each in (*corpus.agents, *corpus.requesters)}
        self._companies = {each.id: each for each in corpus.accounts}
        self.fields: dict[str, list[str]] = {}
        self.threads = {each.id: self._thread(each) for each in corpus.conversations}

    def say(self, id_: str, text: str, *, by: str, public: bool) -> None:
        row = self.threads[id_]
        name = "Ria Customer" if by == "customer" else "Gus Agent"
        row["messages"].append(self._message(self._now(), by, name, text, public=public))
        self.touch(row)

    def label(self, id_: str, body: Mapping[str, Any]) -> Json:
        """Set values; what stands there already is no change, as in any list of values."""
        row = self.threads[id_]
        fields = {**row["fields"], **body["fields"]}
        tags = sorted({*row["tags"], *body["add_tags"]} - set(body["remove_tags"]))
        if (fields, tags) != (row["fields"], row["tags"]):
            row["fields"], row["tags"], row["labelled"] = fields, tags, row["labelled"] + 1
            self.touch(row)
        return row

    def delete(self, id_: str) -> None:
        row = self.threads[id_]
        row["deleted"], row["messages"] = True, []
        self.touch(row)

    def touch(self, row: Json) -> None:
        row["updated"], row["sequence"] = self._now(), next(self._numbers)

    def living(self, id_: str) -> Json:
        row = self.threads.get(id_)
        if row is None or row["deleted"]:
            abort(404)
        return row

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _thread(self, told: CorpusConversation) -> Json:
        company = self._companies.get(told.account or "")
        agent = self._people.get(told.agent or "")
        shown = company and {
            "id": company.id,
            "name": company.name,
            "segment": company.segment,
            "owner": company.owner,
        }
        number = next(self._numbers)
        return {
            "id": told.id,
            "born": number,
            "sequence": number,
            "deleted": False,
            "channel": told.channel,
            "subject": told.subject,
            "status": told.status,
            "created": int(told.created_at.timestamp()),
            "updated": int(told.updated_at.timestamp()),
            "customer": told.requester,
            "company": shown,
            "assignee": agent and {"id": agent.id, "name": agent.name},
            "tags": sorted(told.helpdesk_tags),
            "fields": {},
            "labelled": 0,
            "messages": [
                self._message(
                    int(said.created_at.timestamp()),
                    said.role,
                    self._people[said.author].name if said.author else None,
                    said.text,
                    public=said.public,
                )
                for said in told.messages
            ],
        }

    def _message(self, at: int, by: str, name: str | None, text: str, *, public: bool) -> Json:
        id_ = next(self._numbers)
        return {"id": id_, "at": at, "by": by, "name": name, "text": text, "public": public}


def deskly_app(
    corpus: Corpus, *, token: str, clock: Callable[[], datetime], page_size: int
) -> Stand[DesklyState]:
    state, faults, app = DesklyState(corpus, clock), Faults(), Flask("deskly")

    @app.before_request
    def signed_in() -> None:
        if request.headers.get("Authorization") != f"Bearer {token}":
            abort(401)

    @app.get("/changes")
    def changes() -> Json:
        after = int(request.args.get("after") or 0)
        rows = sorted(state.threads.values(), key=lambda row: int(row["sequence"]))
        rows = [row for row in rows if row["sequence"] > after]
        page, more = rows[:page_size], len(rows) > page_size
        last = page[-1]["sequence"] if page else after
        if faults.spoils_page(FaultKind.EMPTY_PAGE):
            page, more, last = [], True, after
        elif faults.spoils_page(FaultKind.REPEAT_CURSOR) and after:
            more, last = True, after
        return {"threads": page, "next": str(last), "more": more}

    @app.get("/threads/<id_>")
    def thread(id_: str) -> Json:
        return state.living(id_)

    @app.put("/threads/<id_>/labels")
    def label(id_: str) -> Json:
        state.living(id_)
        return state.label(id_, request.get_json())

    @app.get("/exists")
    def exists() -> Json:
        asked = request.args["ids"].split(",")
        return {"ids": [i for i in asked if i in state.threads and not state.threads[i]["deleted"]]}

    @app.get("/created")
    def created() -> Json:
        start, end = int(request.args["start"]), int(request.args["end"])
        after = int(request.args.get("after") or 0)
        living = [row for row in state.threads.values() if not row["deleted"]]
        rows = sorted(living, key=lambda row: int(row["born"]))
        rows = [row for row in rows if row["born"] > after and start <= row["created"] < end]
        page, more = rows[:page_size], len(rows) > page_size
        last = page[-1]["born"] if page else after
        return {"threads": [{"id": row["id"]} for row in page], "next": str(last), "more": more}

    @app.get("/fields")
    def fields() -> Json:
        return {"fields": [{"name": n, "options": o} for n, o in state.fields.items()]}

    @app.put("/fields/<name>")
    def put_field(name: str) -> Json:
        there = state.fields.setdefault(name, [])
        there.extend(o for o in request.get_json()["options"] if o not in there)
        return {"name": name}

    @app.get("/me")
    def me() -> Json:
        return {"name": "Verbatim"}

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.name), error.code or 500

    install(app, faults, _words)
    return Stand(app=app, state=state, faults=faults)


def _words(status: int, path: str, retry_after: str | None) -> tuple[dict[str, str], Json]:
    del path
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return headers, {"error": json.dumps(status)}
