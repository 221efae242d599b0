"""An Answer, and a digest, as the object that `--json` and the API print. Names here are fixed: add
freely, rename nothing.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.domain.answers import Answer, Cause, Change, Counted, Coverage, EvidenceLink, Part

if TYPE_CHECKING:
    from service.digest import Digest


def as_json(answer: Answer) -> dict[str, object]:
    """Return the JSON object of an answer; times are ISO 8601 UTC, points are hundredths."""
    headline = answer.headline
    return {
        "intent": answer.intent.value,
        "reading": dict(answer.reading),
        "understood": answer.understood,
        "query": dict(_params(answer)),
        "headline": None
        if headline is None
        else {
            "metric": headline.metric,
            "current": _counted(headline.current),
            "baseline": _counted(headline.baseline),
            "change": _change(headline.change),
        },
        "cause": cause_as_json(answer.cause),
        "parts": [_part(part) for part in answer.parts],
        "groups": [
            {"values": list(group.values), **(_counted(group.counted) or {})}
            for group in answer.groups
        ],
        "quotes": [_quote(quote) for quote in answer.quotes],
        "quote_rule": answer.quote_rule,
        "counter_quote": _quote(answer.counter_quote) if answer.counter_quote else None,
        "also_changed": list(answer.also_changed),
        "caveats": list(answer.caveats),
        "coverage": _coverage(answer.coverage),
        "options": list(answer.options),
        "alternatives": [
            {"words": one.words, "reading": dict(one.reading), "url": one.url}
            for one in answer.alternatives
        ],
        "explore_url": answer.explore_url,
        "text": list(answer.text),
    }


def digest_as_json(digest: "Digest") -> dict[str, object]:
    """Return the JSON object of a weekly digest; its sentences stand in `lines`."""
    found = digest.volume.headline
    return {
        "week": digest.week,
        "from": digest.window.start.isoformat(),
        "to": digest.window.end.isoformat(),
        "conversations": {
            "current": _counted(found.current if found else None),
            "baseline": _counted(found.baseline if found else None),
        },
        "weeks": [{"monday": week.monday.isoformat(), "n": week.n} for week in digest.weeks],
        "drivers": [
            {
                "name": one.name,
                "current": _counted(one.current),
                "baseline": _counted(one.baseline),
                "points": one.points,
                "owner": one.owner or None,
                "playbook": one.playbook or None,
                "quote": _quote(one.quote) if one.quote else None,
            }
            for one in digest.drivers
        ],
        "withheld": list(digest.withheld),
        "coverage": _coverage(digest.volume.coverage),
        "pages": {"Report": digest.report_url, **dict(digest.pages)},
        "lines": list(digest.lines),
    }


def _params(answer: Answer) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in answer.query.to_params() if answer.query else ():
        found.setdefault(name, []).append(value)
    return found


def _counted(counted: Counted | None) -> dict[str, object] | None:
    if counted is None:
        return None
    return {
        "n": counted.n,
        "of": counted.of,
        "rate": counted.rate,
        "low": counted.low,
        "high": counted.high,
        "receipt": counted.receipt,
        "listing": counted.listing,
    }


def _change(change: Change | None) -> dict[str, object] | None:
    if change is None:
        return None
    return {
        "points": change.points,
        "low": change.low,
        "high": change.high,
        "clear": change.clear,
    }


def cause_as_json(cause: Cause | None) -> dict[str, object] | None:
    if cause is None:
        return None
    inside = None
    if cause.within_dimension is not None:
        inside = {"dimension": cause.within_dimension.value, "value": cause.within_value}
    return {
        "type": cause.type,
        "dimension": cause.dimension.value,
        "value": cause.value,
        "within": inside,
    }


def _part(part: Part) -> dict[str, object]:
    return {
        "dimension": part.dimension,
        "value": part.value,
        "points": part.points,
        "rate_effect": part.rate_effect,
        "mix_effect": part.mix_effect,
        "current": _counted(part.current),
        "baseline": _counted(part.baseline),
        "receipt": part.receipt,
        "clear": part.clear,
    }


def _quote(quote: EvidenceLink) -> dict[str, object]:
    return {
        "conversation": quote.conversation,
        "message": quote.message,
        "start": quote.start,
        "end": quote.end,
        "text": quote.text,
        "url": quote.url,
        "helpdesk_url": quote.helpdesk_url,
        "shows": quote.shows,
        "account": quote.account,
        "account_name": quote.account_name,
        "channel": quote.channel,
        "created_at": time(quote.created_at),
    }


def _coverage(coverage: Coverage | None) -> dict[str, object] | None:
    if coverage is None:
        return None
    return {
        "total": coverage.total,
        "analysed": coverage.analysed,
        "failed": coverage.failed,
        "waiting": coverage.waiting,
        "empty": dict(coverage.empty),
        "as_of": time(coverage.as_of) if coverage.as_of else None,
        "taxonomy": coverage.taxonomy,
        "analyser": coverage.analyser,
        "receipt": coverage.receipt,
    }


def time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
