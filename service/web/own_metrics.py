"""The workspace's own metrics: what each asks, and a form to define, try, change and retire one.

A definition is shown with what it would say before it is put in force, and all works without
scripts. What a definition has to be is not known here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service import measures
from service.custom_metrics import Trial, given_metric
from service.domain.measurements import CUSTOM, Example, Metric
from service.domain.people import ANALYSTS, Viewer
from service.domain.taxonomy import slug
from service.errors import Forbidden, Misused, NotFound, VerbatimError
from service.query import Query
from service.web.site import Site, current_viewer, signed_in, site

PAGE = "/own-metrics"
TRIED = 200  # conversations, the newest
SHOWN = 5  # of each value
_LINE = re.compile(r"\s*([^=:]+?)\s*[=:]\s*(.+?)\s*")

pages = Blueprint("own_metrics", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A definition as the form holds it."""

    name: str = ""
    title: str = ""
    question: str = ""
    values: str = "yes, no"
    decision: str = ""
    owner: str = ""
    examples: str = ""

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "Asked":
        return cls(**{name: form.get(name, "").strip() for name in cls.__slots__})

    @classmethod
    def of(cls, metric: Metric) -> "Asked":
        return cls(
            name=metric.name.removeprefix(CUSTOM),
            title=metric.title,
            question=metric.question,
            values=", ".join(metric.values),
            decision=metric.decision,
            owner=metric.owner,
            examples="\n".join(f"{one.value} = {one.text}" for one in metric.examples),
        )

    def metric(self) -> Metric:
        return given_metric(
            name=self.name or slug(self.title),
            title=self.title,
            question=self.question,
            values=[one for one in re.split(r"[,\n]", self.values) if one.strip()],
            decision=self.decision,
            owner=self.owner,
            examples=list(self._examples()),
        )

    def _examples(self) -> Iterator[Example]:
        for number, line in enumerate(self.examples.splitlines(), start=1):
            if not line.strip():
                continue
            found = _LINE.fullmatch(line)
            if found is None:
                raise Misused(
                    f"Line {number} of the examples has to be a value and a customer's words, "
                    "such as: yes = I want my money back."
                )
            yield Example(value=" ".join(found[1].lower().split()), text=found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a definition would say of the newest conversations."""

    metric: Metric
    tried: int
    counts: Sequence[tuple[str, int]]  # value -> conversations
    blanks: Sequence[tuple[str, int]]  # reason -> conversations
    shown: Sequence[Trial]
    stored: int  # conversations that are measured again
    cost: str  # of that, in words


@pages.get(PAGE)
def page() -> str:
    """The metrics there are and the form: empty, or with the one that is asked for."""
    name = request.args.get("name", "")
    found = next((m for m in measures.own_metrics() if m.name == f"{CUSTOM}{name}"), None)
    if name and found is None:
        raise NotFound("There is no metric of your own of that name; it may be retired.")
    return _shown(Asked.of(found) if found is not None else Asked(), is_change=found is not None)


@pages.post(f"{PAGE}/try")
def preview() -> str | tuple[str, int]:
    """Show what a definition would say. Nothing is kept."""
    _refuse_readers(current_viewer())
    return _checked(Asked.read(request.form), is_change=_is_change())


@pages.post(f"{PAGE}/define")
def define() -> Response | str | tuple[str, int]:
    """Put in force a definition that was tried."""
    _refuse_readers(current_viewer())
    asked, is_change = Asked.read(request.form), _is_change()
    try:
        kept = site().metrics.add(_metric(asked, is_change=is_change))
    except Misused as error:
        return _shown(asked, is_change=is_change, wrong=str(error)), 400
    return redirect(f"{PAGE}#{kept.name}", code=303)


@pages.post(f"{PAGE}/retire")
def retire() -> Response:
    _refuse_readers(current_viewer())
    site().metrics.remove(request.form.get("name", ""))
    return redirect(PAGE, code=303)


def _checked(asked: Asked, *, is_change: bool) -> str | tuple[str, int]:
    here = site()
    try:
        metric = here.metrics.checked(_metric(asked, is_change=is_change))
    except Misused as error:
        return _shown(asked, is_change=is_change, wrong=str(error)), 400
    tried = _tried(metric, current_viewer(), here)
    return _shown(Asked.of(metric), is_change=is_change, preview=_preview(metric, tried, here))


def _metric(asked: Asked, *, is_change: bool) -> Metric:
    metric = asked.metric()
    known = any(one.name == metric.name for one in measures.own_metrics())
    if known and not is_change:
        raise Misused(f"There is a metric {metric.title!r} already: change it, or name this anew.")
    return metric


def _shown(
    asked: Asked, *, is_change: bool, preview: Preview | None = None, wrong: str = ""
) -> str:
    here, viewer = site(), current_viewer()
    return render_template(
        "own_metrics.html",
        metrics=measures.own_metrics(),
        custom=CUSTOM,
        asked=asked,
        is_change=is_change,
        preview=preview,
        wrong=wrong,
        may_change=viewer.role in ANALYSTS,
        path=here.metrics.path.name,
        by_claude=_reads_by_claude(here),
        form_token=here.access.form_token(signed_in().id_hash),
    )


def _tried(metric: Metric, viewer: Viewer, here: Site) -> Sequence[Trial]:
    if here.trial is None:
        return ()
    rows = here.database.facts.conversations(Query(), viewer, limit=TRIED).rows
    found = (here.database.conversations.get(row.head.key) for row in rows)
    return here.trial(metric, [one for one in found if one is not None])


def _preview(metric: Metric, tried: Sequence[Trial], here: Site) -> Preview:
    said = Counter(one.measurement.value for one in tried)
    why = Counter(one.measurement.reason for one in tried if one.measurement.reason is not None)
    surest = sorted(tried, key=lambda one: -(one.measurement.confidence or 0.0))
    of_value = [
        [one for one in surest if one.measurement.value == value][:SHOWN] for value in metric.values
    ]
    return Preview(
        metric=metric,
        tried=len(tried),
        counts=[(value, said[value]) for value in metric.values],
        blanks=[(reason.value, n) for reason, n in why.most_common()],
        shown=[one for some in of_value for one in some],
        stored=here.database.facts.count(Query(), current_viewer()).total,
        cost=_cost(metric, here),
    )


def _cost(metric: Metric, here: Site) -> str:
    """What measuring all again comes to, in words; blank where it costs nothing."""
    if here.cost is None or not _reads_by_claude(here):
        return ""
    try:
        estimate = here.cost(metric)
    except VerbatimError as error:
        return f"What Claude would cost is not known. {error}"
    return "" if estimate is None else f"With Claude, in batches: {estimate.sentence()}."


def _reads_by_claude(here: Site) -> bool:
    return here.settings.analyser_name == "claude"


def _is_change() -> bool:
    return request.form.get("change") == "yes"


def _refuse_readers(viewer: Viewer) -> None:
    if viewer.role not in ANALYSTS:
        raise Forbidden("Metrics are defined by analysts and administrators.")
