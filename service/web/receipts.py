"""A receipt: a published number, counted again now, with every difference named.

It shows a recount and why each conversation differs; the reasons are service.differences'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, render_template

from service.answering.desk import is_rate, numerator_query
from service.domain.answers import Difference, Recount
from service.domain.conversations import ConversationKey
from service.domain.people import Viewer
from service.errors import Forbidden
from service.measures import tells, title
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Query
from service.web.explore import listing, withheld_page
from service.web.numbers import Share, whole
from service.web.site import HERE, current_viewer, site

SHOWN = 50  # conversations named per list; the rest is counted

pages = Blueprint("receipts", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Conversations of a difference: the first ones linked with their reason, others counted."""

    links: tuple[tuple[ConversationKey, str, str], ...]
    more: int


@pages.get("/r/<receipt_id>")
def page(receipt_id: str) -> str:
    here, viewer = site(), current_viewer()
    stored_receipt = here.database.receipts.get(receipt_id)
    if stored_receipt is not None and not within(stored_receipt.query, viewer):
        raise Forbidden("This number counts accounts that are not among yours; ask for your own.")
    recount = here.answers.recount(receipt_id, viewer)
    receipt = recount.receipt
    query = receipt.query
    names = here.names(viewer)
    if tells(query, here.answers.withheld(viewer)):
        return withheld_page(query, names)
    stored = here.database.conversations.exists(recount.left)
    return render_template(
        "receipt.html",
        recount=recount,
        receipt=receipt,
        sentence=query.sentence({**names, query.metric: title(query.metric)}),
        metric_title=title(query.metric),
        difference=difference(recount),
        then=words(query.metric, receipt.n, receipt.of),
        now=words(query.metric, recount.now_n, recount.now_of),
        counted=named(counted_now(recount)),
        arrived=named(recount.arrived, recount.reasons),
        left=named([key for key in recount.left if key in stored], recount.reasons),
        joined=named(recount.joined, recount.reasons),
        parted=named(recount.parted, recount.reasons),
        counted_url=HERE.explore(numerator_query(query)),
        list_url=listing(query),
        is_share=is_rate(query.metric),
    )


def difference(recount: Recount) -> str:
    """Say how then and now differ, or why the difference cannot be named."""
    receipt = recount.receipt
    remembered = len(receipt.members) == receipt.n
    if recount.arrived or recount.left:
        gone = len(recount.left) - recount.erased
        arrived = f"{whole(len(recount.arrived))} arrived"
        return f"{arrived}, {whole(gone)} left, {whole(recount.erased)} erased"
    if not recount.differs:
        return "the same conversations" if remembered else "the same count"
    if receipt.n == recount.now_n and remembered:
        return "the same conversations, out of another total"
    return "too many to keep with a receipt, so the difference is not named one by one"


def counted_now(recount: Recount) -> list[ConversationKey]:
    """Return the conversations that a number counts now, or nothing when they are not known."""
    receipt = recount.receipt
    if receipt.query.metric == ACCOUNTS or len(receipt.members) != receipt.n:
        return []
    left = set(recount.left)
    return [*(key for key in receipt.members if key not in left), *recount.arrived]


def within(query: Query, viewer: Viewer) -> bool:
    """Whether a number was counted over accounts that this viewer may see, and no others."""
    if viewer.accounts is None:
        return True
    counted = set(query.values_of(Dimension.ACCOUNT))
    return bool(counted) and counted <= viewer.accounts


def words(metric: str, n: int, of: int) -> str:
    """A share by the rules for small numbers; a plain count where there is no share."""
    return whole(n) if metric in {CONVERSATIONS, ACCOUNTS} else Share(n=n, of=of).words


def named(
    keys: Sequence[ConversationKey],
    reasons: Mapping[ConversationKey, Difference] = MappingProxyType({}),
) -> Named:
    return Named(
        links=tuple(
            (key, HERE.conversation(key), reasons[key].words if key in reasons else "")
            for key in keys[:SHOWN]
        ),
        more=max(0, len(keys) - SHOWN),
    )
