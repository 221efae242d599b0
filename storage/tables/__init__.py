"""Every table, one file an aggregate. Importing this package declares them all.

Tables know their columns and nothing of the domain; stores translate.
"""

from storage.tables import (
    accounts,
    alerts,
    analyses,
    checks,
    conversations,
    costs,
    erasures,
    facts,
    feedback,
    flags,
    follows,
    installations,
    people,
    receipts,
    taxonomies,
    work,
)

__all__ = [
    "accounts",
    "alerts",
    "analyses",
    "checks",
    "conversations",
    "costs",
    "erasures",
    "facts",
    "feedback",
    "flags",
    "follows",
    "installations",
    "people",
    "receipts",
    "taxonomies",
    "work",
]
