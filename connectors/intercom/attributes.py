"""Creates or adopts our conversation attributes, or says what to click.

Knows that only version 2.16 can create conversation attributes, that a list's options have an
address of their own, and that two live attributes with one name make Intercom refuse every update
(OAS issue 529). Touches no attribute that is not named like ours.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from connectors._http import Refused
from connectors.intercom.client import NEWER_VERSION, Client
from connectors.intercom.mapping import OUR_FIELDS, title_of
from connectors.intercom.payload import Json, identity, rows, words
from service.domain.measurements import CUSTOM
from service.domain.writeback import FieldSpec, SetupReport, field_specs, takes
from service.errors import Misbehaving, Unauthorized
from service.measures import own_metrics

logger = logging.getLogger(__name__)

_ATTRIBUTES = "/conversations/attributes"
_WHERE = "Intercom, Settings > Data > Conversation attributes"
_AGAIN = "run `verbatim setup intercom`"
_USABLE_TYPES = frozenset(("list", "string"))  # null on a number was refused with a 400


class _Deed(StrEnum):
    CREATE = "create"
    ADOPT = "adopt"
    EXTEND = "extend"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What one field needs."""

    spec: FieldSpec
    deed: _Deed
    attribute: str = ""  # its id
    missing: tuple[str, ...] = ()  # options to add
    words: str = ""  # what a person has to click


def set_up(client: Client, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
    """Bring our attributes into being; running it again changes nothing. A dry run only reports."""
    ours = [_called(spec) for spec in specs if takes(OUR_FIELDS, spec.name)]
    listed = _listed(client)
    if listed is None:
        shown = _listed_before(client) or []
        return _report([_by_hand_unless_fine(_step(spec, shown)) for spec in ours])
    steps = [_step(spec, listed) for spec in ours]
    return _report(steps if dry_run else [_done(client, step) for step in steps])


def make_own(client: Client, names: Collection[str]) -> None:
    """Create what these own metrics need: they may be newer than the last setup.

    What cannot be made is told when one of its values is refused.
    """
    own = [spec for spec in field_specs((), (), own_metrics()) if spec.name.startswith(CUSTOM)]
    needed = [spec for spec in own if spec.name in names]
    if not needed:
        return
    try:
        made = set_up(client, needed, dry_run=False)
    except Unauthorized:  # this right alone can be missing
        return
    if made.created or made.extended:
        logger.info("intercom.attributes_made", extra={"fields": [*made.created, *made.extended]})


def _called(spec: FieldSpec) -> FieldSpec:
    return replace(spec, title=title_of(spec.name))


def _listed(client: Client) -> list[Json] | None:
    """Return the attributes, or None where there is no 2.16 to manage them."""
    try:
        return rows(client.get(_ATTRIBUTES, version=NEWER_VERSION), "data", "attributes")
    except Refused:
        return None
    except Unauthorized:
        # Reading works or check() would have said so: this right alone can be missing.
        client.get("/me")
        return None


def _listed_before(client: Client) -> list[Json] | None:
    """Return the attributes as versions up to 2.15 list them, options included where told."""
    try:
        return rows(client.get("/data_attributes", params={"model": "conversation"}), "data")
    except Misbehaving:
        return None


# --- Why nothing can be written ------------------------------------------------------------------


def shared_names(client: Client) -> tuple[str, ...]:
    """Return the names that several live attributes have, in the words of the first of each."""
    live = _live(client) or []
    count = Counter(words(row.get("name")) for row in live)
    return tuple(name for name, times in count.items() if times > 1 and name)


def refused_values(client: Client, fields: Mapping[str, str | None]) -> Mapping[str, str]:
    """Return, for our fields that cannot take their value, a sentence that says why."""
    live = _live(client)
    if live is None:
        return {}
    found = {name: _why_not(title_of(name), value, live) for name, value in fields.items()}
    return {name: why for name, why in found.items() if why}


def _live(client: Client) -> list[Json] | None:
    """Return the attributes in use, or None where they cannot be listed at all."""
    listed = _listed(client)
    if listed is None:
        listed = _listed_before(client)
    return None if listed is None else [r for r in listed if r.get("archived") is not True]


def _why_not(title: str, value: str | None, live: Sequence[Json]) -> str:
    row = next((each for each in live if _is_named(each, title)), None)
    if row is None:
        return f"Intercom has no attribute {title!r}: {_AGAIN}"
    kind = words(row.get("data_type"))
    if kind and kind not in _USABLE_TYPES:
        return f"The attribute {title!r} is a {kind} in Intercom: {_AGAIN}"
    options = _options(row)
    if value is not None and (options or kind == "list") and value not in options:
        return f"The attribute {title!r} has no option {value!r} in Intercom: {_AGAIN}"
    return ""


# --- Deciding ------------------------------------------------------------------------------------


def _step(spec: FieldSpec, listed: Sequence[Json]) -> _Step:
    live = [row for row in listed if _is_named(row, spec.title) and row.get("archived") is not True]
    if not live:
        return _Step(spec=spec, deed=_Deed.CREATE)
    if len(live) > 1:
        text = f"{_WHERE}: archive all but one attribute named {spec.title!r}"
        return _Step(spec=spec, deed=_Deed.BY_HAND, words=text)
    return _step_for(spec, live[0])


def _is_named(row: Json, title: str) -> bool:
    return title.casefold() in (words(row.get(key)).casefold() for key in ("name", "label"))


def _step_for(spec: FieldSpec, row: Json) -> _Step:
    kind = words(row.get("data_type"))
    # Up to 2.15 a list is told as a string with options.
    if kind and kind not in _USABLE_TYPES:
        text = (
            f"{_WHERE}: rename or archive {spec.title!r}, which is a {kind} there and would refuse"
            f" our words; then create the list {spec.title!r} with the options"
            f" {', '.join(spec.values)}, or run this again"
        )
        return _Step(spec=spec, deed=_Deed.BY_HAND, words=text)
    options = _options(row)
    missing = tuple(value for value in spec.values if value not in options)
    attribute = identity(row.get("id")) or ""
    if missing and (options or kind == "list"):
        return _Step(spec=spec, deed=_Deed.EXTEND, attribute=attribute, missing=missing)
    return _Step(spec=spec, deed=_Deed.ADOPT, attribute=attribute)


def _options(row: Json) -> frozenset[str]:
    told = row.get("options")
    if isinstance(told, list) and all(isinstance(option, str) for option in told):
        return frozenset(told)
    return frozenset(
        words(option.get("label")) or words(option.get("value"))
        for option in rows(row, "options")
        if option.get("archived") is not True
    )


# --- Doing ---------------------------------------------------------------------------------------


def _done(client: Client, step: _Step) -> _Step:
    """Carry a step out; what Intercom refuses is left to a person, with its reason."""
    try:
        if step.deed is _Deed.CREATE:
            _create(client, step.spec)
        elif step.deed is _Deed.EXTEND:
            for label in step.missing:
                path = f"{_ATTRIBUTES}/{step.attribute}/options"
                client.create(path, {"label": label}, version=NEWER_VERSION)
    except Refused as error:
        return _by_hand(step, f" ({error})")
    return step


def _create(client: Client, spec: FieldSpec) -> None:
    body = {
        "name": spec.title,
        "data_type": "list",
        "description": "Measured by Verbatim; edit it and your value stays.",
        "options": [{"label": value} for value in spec.values],
    }
    client.create(_ATTRIBUTES, body, version=NEWER_VERSION)


def _by_hand_unless_fine(step: _Step) -> _Step:
    return step if step.deed in (_Deed.ADOPT, _Deed.BY_HAND) else _by_hand(step, "")


def _by_hand(step: _Step, why: str) -> _Step:
    title = step.spec.title
    if step.deed is _Deed.EXTEND:
        text = f"{_WHERE}: add to {title!r} the options {', '.join(step.missing)}{why}"
    else:
        options = ", ".join(step.spec.values)
        text = f"{_WHERE}: create the list {title!r} with the options {options}{why}"
    return _Step(spec=step.spec, deed=_Deed.BY_HAND, words=text)


def _report(steps: Sequence[_Step]) -> SetupReport:
    def titles(deed: _Deed) -> tuple[str, ...]:
        return tuple(step.spec.title for step in steps if step.deed is deed)

    return SetupReport(
        created=titles(_Deed.CREATE),
        adopted=titles(_Deed.ADOPT),
        extended=titles(_Deed.EXTEND),
        by_hand=tuple(step.words for step in steps if step.deed is _Deed.BY_HAND),
    )
