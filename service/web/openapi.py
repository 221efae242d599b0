"""The addresses of the API and their description in OpenAPI 3.1, made from the same table.

The shapes come from service.web.api_shapes; nothing is described by hand a second time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.web import api_shapes as shapes
from service.web.api_errors import WHAT_TO_DO
from service.web.api_params import Param, of_groups, of_lists, of_receipts

PREFIX = "/api/v1"
_EVERYWHERE = (400, 401, 429, 503)
_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}},
}
_ABOUT = """Answers, lists and counts for programs: what the commands print with `--json`.

A token stands for a person and sees what that person sees. Days are those of the workspace's time
zone, moments are ISO 8601 in UTC. Every counted number comes with `n`, `of` and `receipt`, the
address where it is counted again. Answers may gain names; none is renamed or taken away.
A workspace's own metrics can be filtered and grouped by as well, by their names `custom_...`; a
second condition on drivers or tags that must hold as well is written `driver~2`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    method: str
    path: str  # as OpenAPI writes it
    summary: str
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    parameters: Callable[[], list[Param]] = list  # called late: metrics are found by then
    refusals: tuple[int, ...] = ()  # beside those that every address has

    @property
    def rule(self) -> str:
        """The address as Flask writes it."""
        return PREFIX + self.path.replace("{", "<").replace("}", ">")


ENDPOINTS = (
    Endpoint(
        name="ask",
        method="post",
        path="/ask",
        summary="Answer a question in words, as in Slack",
        answer=shapes.Answer,
        body=shapes.Question,
        refusals=(413, 415),
    ),
    Endpoint(
        name="conversations",
        method="get",
        path="/conversations",
        summary="List conversations with their labels, page by page",
        answer=shapes.Conversations,
        parameters=of_lists,
        refusals=(403,),
    ),
    Endpoint(
        name="group",
        method="get",
        path="/group",
        summary="Count by one or two dimensions",
        answer=shapes.Grouping,
        parameters=of_groups,
        refusals=(403,),
    ),
    Endpoint(
        name="receipt",
        method="get",
        path="/receipts/{receipt_id}",
        summary="Count a published number again and name what differs",
        answer=shapes.Recount,
        parameters=of_receipts,
        refusals=(403, 404),
    ),
    Endpoint(
        name="flags",
        method="get",
        path="/flags",
        summary="Accounts with a standing churn-risk flag",
        answer=shapes.Flags,
        refusals=(403,),
    ),
)


@cache
def description() -> Mapping[str, object]:
    """Return the OpenAPI description: the same for everybody, and nothing of a workspace."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Verbatim", "version": "1", "description": _ABOUT},
        "security": [{"token": []}],
        "paths": {PREFIX + one.path: {one.method: _operation(one)} for one in ENDPOINTS},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Endpoint) -> dict[str, object]:
    found: dict[str, object] = {
        "operationId": one.name,
        "summary": one.summary,
        "responses": {
            "200": _response("The answer", one.answer),
            **{str(code): _refusal(code) for code in sorted({*_EVERYWHERE, *one.refusals})},
        },
    }
    parameters = one.parameters()
    if parameters:
        found["parameters"] = parameters
    if one.body is not None:
        found["requestBody"] = {"required": True, "content": _content(one.body)}
    return found


def _refusal(code: int) -> dict[str, object]:
    found = _response(WHAT_TO_DO[code], shapes.Error)
    return {**found, "headers": _HEADERS[code]} if code in _HEADERS else found


def _response(words: str, shape: type[BaseModel]) -> dict[str, object]:
    return {"description": words, "content": _content(shape)}


def _content(shape: type[BaseModel]) -> dict[str, object]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}}


def _schemas() -> object:
    used = {one.answer for one in ENDPOINTS} | {shapes.Error}
    asked = {one.body for one in ENDPOINTS if one.body is not None}
    _, found = models_json_schema(
        [
            *((shape, "serialization") for shape in sorted(used, key=lambda each: each.__name__)),
            *((shape, "validation") for shape in asked),
        ],
        ref_template="#/components/schemas/{model}",
    )
    return found["$defs"]
