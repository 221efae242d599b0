"""Bulk updates: Zendesk queues a job of up to a hundred tickets and tells each row's fate in it.

"completed" says nothing of the rows, and a job is forgotten after an hour or a day. Whatever is
not known of a row is left out of the result, for the caller to look at the ticket itself.
"""

from collections.abc import Mapping, Sequence

from connectors._http import Refused
from connectors.zendesk.client import Client, Json, rows_of
from service.errors import Misbehaving, RateLimited, Unreachable

_FIRST_POLL = 0.25
_LONGEST_POLL = 5.0
_PATIENCE = 180.0  # 100 tickets take about 10 seconds
_FINISHED = frozenset(("completed", "failed", "killed"))


def run(client: Client, rows: Sequence[Json]) -> Mapping[int, Json]:
    """Update the tickets once; return result rows by ticket. A refusal as a whole is raised."""
    try:
        job = _accepted(client, rows)
    except (Misbehaving, Unreachable) as error:
        if isinstance(error, Refused):
            raise
        # The answer was lost, the work perhaps not: look before doing it again.
        return {}
    try:
        return _by_id(_finished(client, job), rows)
    except (Misbehaving, Unreachable, RateLimited):
        # Refused with 404, too: the job is forgotten. Its work was accepted all the same.
        return {}


def _accepted(client: Client, rows: Sequence[Json]) -> Json:
    return _job(client.put("tickets/update_many", {"tickets": list(rows)}))


def _finished(client: Client, job: Json) -> Json:
    """Poll until the job is over; return it as it stands when patience runs out."""
    waited, pause = 0.0, _FIRST_POLL
    while job.get("status") not in _FINISHED and waited < _PATIENCE:
        client.sleep(pause)
        waited, pause = waited + pause, min(pause * 2, _LONGEST_POLL)
        job = _job(client.get(f"job_statuses/{job.get('id')}"))
    return job


def _job(answer: Json) -> Json:
    job = answer.get("job_status")
    if not isinstance(job, dict):
        raise Misbehaving("Zendesk answered no job for a bulk update.")
    return job


def _by_id(job: Json, rows: Sequence[Json]) -> dict[int, Json]:
    found: dict[int, Json] = {}
    for result in rows_of(job, "results"):
        ticket_id = result.get("id")
        if not isinstance(ticket_id, int):
            ticket_id = _id_at(result.get("index"), rows)
        if ticket_id is not None:
            found[ticket_id] = result
    return found


def _id_at(index: object, rows: Sequence[Json]) -> int | None:
    """Return the ticket of a result row that names only its place, as failures may."""
    if isinstance(index, int) and 0 <= index < len(rows):
        return int(rows[index]["id"])
    return None
