"""A flag as the object that `flags --json` and the API print. Names here are fixed: add freely,
rename nothing.
"""

from service.answer_json import time
from service.domain.conversations import Account
from service.flags import Evidence, ShownFlag


def flag_json(shown: ShownFlag) -> dict[str, object]:
    """Return the JSON object of a standing flag, with the words behind it."""
    flag = shown.flag
    return {
        "account": _account(shown.account),
        "state": flag.state.value,
        "tier": flag.tier.value,
        "since": time(shown.since),
        "rule": flag.reason,
        "changed_by": flag.changed_by,
        "drivers": list(shown.drivers),
        "owner": shown.account.owner,
        "playbook": shown.playbook or None,
        "due": shown.due.isoformat() if shown.due else None,
        "signals": [_signal(one) for one in shown.evidence],
    }


def _account(account: Account) -> dict[str, object]:
    return {
        "key": account.key,
        "name": account.name,
        "segment": account.segment,
        "owner": account.owner,
        "aliases": list(account.aliases),
        "renewal": account.renewal,
    }


def _signal(evidence: Evidence) -> dict[str, object]:
    signal = evidence.signal
    return {
        "conversation": signal.conversation,
        "message": signal.message,
        "start": signal.start,
        "end": signal.end,
        "text": evidence.text,
        "tier": signal.tier.value,
        "at": time(signal.at),
        "url": evidence.url,
    }
