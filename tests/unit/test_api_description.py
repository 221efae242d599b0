"""Every answer of the real application is what its OpenAPI description says, whatever is asked.

schemathesis makes the requests, fitting ones and broken ones, the same in every run.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.flags import Flags
from service.links import Links
from service.tokens import Tokens
from service.web.openapi import ENDPOINTS, PREFIX, Endpoint
from tests.browser import sample
from tests.browser.sample import ANA

EXAMPLES = 30
# What a fitting request may still be refused for: rules that OpenAPI has no words for.
SAID_IN_WORDS = re.compile(
    r"period|reading|today|has no words|page of the list|can be|cannot be filtered by|"
    r"cannot be read|"
    r"is not something to|number called|conditions"
)
_bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # shrinking would take longer than reading what failed
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    site = sample.make(tmp_path_factory.mktemp("described"), api_calls_per_minute=1_000_000)
    Flags(database=site.database, links=Links("http://localhost"), clock=sample.now).update()
    _, secret = Tokens(site.database, sample.now).make(ANA.email)
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", site.app)
    schema.config.update(headers={"Authorization": f"Bearer {secret}"})
    yield schema
    site.database.close()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_answer_is_as_described(
    described: schemathesis.BaseSchema, endpoint: Endpoint
) -> None:
    operation = described[PREFIX + endpoint.path][endpoint.method]

    @_bounded
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def every_answer(case: schemathesis.Case[Any]) -> None:
        answer = case.call_and_validate(excluded_checks=[positive_data_acceptance])
        assert answer.status_code in {200, 400, 404}
        if answer.status_code == 400:
            assert SAID_IN_WORDS.search(answer.json()["error"]), answer.text

    every_answer()


@pytest.mark.parametrize(
    "endpoint",
    [one for one in ENDPOINTS if one.body or one.parameters()],
    ids=lambda one: one.name,
)
def test_every_broken_request_is_refused_as_described(
    described: schemathesis.BaseSchema, endpoint: Endpoint
) -> None:
    operation = described[PREFIX + endpoint.path][endpoint.method]

    @_bounded
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def every_refusal(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate()

    every_refusal()


def test_a_published_number_is_recounted_as_described(
    described: schemathesis.BaseSchema,
) -> None:
    """A made-up id is of no receipt, so a real one is asked for."""
    grouping = described[f"{PREFIX}/group"]["get"]
    key = dict(described.config.headers or {})
    grouped = grouping.Case(query={"group": ["driver"]}).call_and_validate(headers=key)
    receipt = grouped.json()["total"]["receipt"].rpartition("/")[2]
    operation = described[PREFIX + "/receipts/{receipt_id}"]["get"]
    recount = operation.Case(path_parameters={"receipt_id": receipt})
    answer = recount.call_and_validate(headers=key)
    assert answer.status_code == 200
