"""The laws that every helpdesk's connector keeps, to be inherited in one line.

    class TestZendesk(HelpdeskContract):
        desk = ZendeskBench

The laws know the port and the verbs of a bench; they know no vendor.
"""

import pytest

# Before they are imported: a law that is broken then shows both sides of what it compared.
pytest.register_assert_rewrite(
    "tests.contract.helpdesk_failing_laws",
    "tests.contract.helpdesk_listing_laws",
    "tests.contract.helpdesk_reading_laws",
    "tests.contract.helpdesk_writing_laws",
)

from tests.contract.helpdesk_failing_laws import FailingLaws  # noqa: E402 -- see above
from tests.contract.helpdesk_listing_laws import ListingLaws  # noqa: E402 -- see above
from tests.contract.helpdesk_reading_laws import ReadingLaws  # noqa: E402 -- see above
from tests.contract.helpdesk_writing_laws import WritingLaws  # noqa: E402 -- see above


class HelpdeskContract(ReadingLaws, ListingLaws, FailingLaws, WritingLaws):
    """Every law; `desk` says on which bench."""
