"""Taxonomy: the ladder of meaning, what waits to be mapped, and changes with what they move.

Every change is shown with its impact before it is made, and works without scripts. What a change
does to the ladder is not known here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service import taxonomy_edits
from service.domain.governing import Edit, Impact, WaitingTag
from service.domain.people import ANALYSTS, Viewer
from service.domain.taxonomy import UNMAPPED, Driver
from service.errors import Forbidden, Misused
from service.governance import Governance
from service.query import Dimension, Query
from service.themes import Theme
from service.web.site import HERE, Site, current_viewer, signed_in, site

PAGE = "/taxonomy"
MOST_THEMES = 20
MOST_RAWS = 50
MOST_CHANGES = 50

pages = Blueprint("taxonomy", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change as a form sends it."""

    kind: str
    name: str
    to: str
    driver: str
    edition: str  # of the ladder that the form was made for

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "Asked":
        words = {name: " ".join(form.get(name, "").split()) for name in cls.__slots__}
        return cls(**words)

    def edit(self, ladder: Governance) -> Edit:
        decide = _KINDS.get(self.kind)
        if decide is None:
            raise Misused(f"{self.kind!r} is no change of the ladder.")
        if not self.name or not (self.to or self.kind == _OWN):
            raise Misused("Say which name the change is about, and what it becomes.")
        return decide(ladder, self)


_OWN = "own"  # by nobody, too
_KINDS: Mapping[str, Callable[[Governance, Asked], Edit]] = {
    "map": lambda ladder, asked: ladder.mapping(asked.name, asked.to, driver=asked.driver or None),
    "merge": lambda ladder, asked: taxonomy_edits.merge(ladder.taxonomy, asked.name, asked.to),
    "rename": lambda ladder, asked: taxonomy_edits.rename(ladder.taxonomy, asked.name, asked.to),
    "move": lambda ladder, asked: taxonomy_edits.move(ladder.taxonomy, asked.name, asked.to),
    _OWN: lambda ladder, asked: taxonomy_edits.look_after(ladder.taxonomy, asked.name, asked.to),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    asked: Asked
    edit: Edit
    impact: Impact


@pages.get(PAGE)
def page() -> str:
    """The ladder, one tag's raw tags when asked for, the waiting queue and the history."""
    return _shown(preview=None)


@pages.post(f"{PAGE}/preview")
def preview() -> str:
    _refuse_readers(current_viewer())
    return _shown(preview=_preview(site(), Asked.read(request.form)))


@pages.post(f"{PAGE}/change")
def change() -> Response | str:
    """Make a change that was shown; when the ladder changed meanwhile, show it again instead."""
    here, viewer = site(), current_viewer()
    _refuse_readers(viewer)
    asked = Asked.read(request.form)
    ladder = _governance(here)
    if asked.edition != ladder.taxonomy.edition:
        return _shown(preview=_preview(here, asked))
    ladder.apply(asked.edit(ladder), by=viewer.person)
    return redirect(f"{PAGE}#history", code=303)


def _shown(*, preview: Preview | None) -> str:
    here, viewer = site(), current_viewer()
    ladder = _governance(here)
    sees_all = viewer.accounts is None
    tag = request.args.get("tag", "")
    return render_template(
        "taxonomy.html",
        version=ladder.taxonomy.version,
        edition=ladder.taxonomy.edition,
        drivers=ladder.taxonomy.drivers,
        without_tags=_without_tags(ladder.taxonomy.drivers),
        unmapped=UNMAPPED,
        of_driver=_counts(Dimension.DRIVER, viewer, here),
        of_tag=_counts(Dimension.TAG, viewer, here),
        tag=tag,
        # Raw tags and examples are customers' words: only for those who see every account.
        raws=here.database.taxonomies.under(tag, MOST_RAWS) if tag and sees_all else None,
        themes=_waiting(here, ladder) if sees_all else None,
        most=MOST_THEMES,
        history=ladder.history()[:MOST_CHANGES] if sees_all else (),
        may_change=viewer.role in ANALYSTS,
        form_token=here.access.form_token(signed_in().id_hash),
        preview=preview,
        raw_listing=_raw_listing,
    )


def _raw_listing(raws: Sequence[str], tag: str = "") -> str:
    """The list of the conversations that have one of these raw tags, mapped to a tag or not."""
    listed = Query().narrowed(Dimension.RAW_TAG, *raws)
    return HERE.explore_if_short(listed.narrowed(Dimension.TAG, tag) if tag else listed)


def _preview(here: Site, asked: Asked) -> Preview:
    ladder = _governance(here)
    edit = asked.edit(ladder)
    current = Asked(
        kind=asked.kind,
        name=asked.name,
        to=asked.to,
        driver=asked.driver,
        edition=ladder.taxonomy.edition,
    )
    return Preview(asked=current, edit=edit, impact=ladder.preview(edit))


def _governance(here: Site) -> Governance:
    return Governance(
        database=here.database, taxonomy=here.taxonomy, file=here.file, clock=here.clock
    )


def _refuse_readers(viewer: Viewer) -> None:
    if viewer.role not in ANALYSTS:
        raise Forbidden("The taxonomy is changed by analysts and admins.")


def _without_tags(drivers: Sequence[Driver]) -> tuple[str, ...]:
    """Drivers that are mapped to by their own name."""
    return tuple(driver.name for driver in drivers if not driver.tags)


def _counts(dimension: Dimension, viewer: Viewer, here: Site) -> Mapping[str, int]:
    groups = here.database.facts.groups(Query(group_by=(dimension,)), viewer)
    return {values[0]: tally.total for values, tally in groups}


def _waiting(here: Site, ladder: Governance) -> Sequence[Theme]:
    if here.themes is not None:
        return ladder.queue(here.themes())
    return [_alone(one) for one in here.database.taxonomies.waiting(MOST_RAWS)]


def _alone(waiting: WaitingTag) -> Theme:
    return Theme(
        name=waiting.raw,
        raws=(waiting.raw,),
        conversations=waiting.conversations,
        example=waiting.example,
    )
