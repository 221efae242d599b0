"""What was measured, as it travels in a row of conversation JSONL: written out and read back.

Everything in a file is somebody's claim: shapes are checked here, quotes against the stored words
by whoever stores them.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from service.domain.conversations import ConversationKey
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    Quote,
    SetBy,
    TagAssignment,
)
from service.spelled import spelled_time, storable

Text = Annotated[str, AfterValidator(storable)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Measured(_Model):
    metric: Text
    value: Text | None
    reason: EmptyReason | None = None
    confidence: Share | None = None
    detail: Text | None = None
    set_by: SetBy = SetBy.ANALYSER


class _Tag(_Model):
    raw: Text
    canonical: Text | None = None
    driver: Text | None = None
    confidence: Share = 1.0


class _Quote(_Model):
    message: Text
    start: Annotated[int, Field(ge=0)]
    end: int
    text: Text
    shows: Text


class _Analysis(_Model):
    analyser: Text
    taxonomy: Text
    language: Text | None = None
    measurements: tuple[_Measured, ...] = ()
    tags: tuple[_Tag, ...] = ()
    quotes: tuple[_Quote, ...] = ()
    summary: Text = ""
    tone_start: Text | None = None
    tone_end: Text | None = None
    created_at: AwareDatetime


def written(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as a row carries it; its conversation is the row's."""
    return {
        "analyser": analysis.analyser,
        "taxonomy": analysis.taxonomy,
        "language": analysis.language,
        "measurements": [
            {
                "metric": one.metric,
                "value": one.value,
                "reason": one.reason,
                "confidence": one.confidence,
                "detail": one.detail,
                "set_by": one.set_by,
            }
            for one in analysis.measurements
        ],
        "tags": [
            {
                "raw": one.raw,
                "canonical": one.canonical,
                "driver": one.driver,
                "confidence": one.confidence,
            }
            for one in analysis.tags
        ],
        "quotes": [
            {
                "message": one.message,
                "start": one.start,
                "end": one.end,
                "text": one.text,
                "shows": one.shows,
            }
            for one in analysis.quotes
        ],
        "summary": analysis.summary,
        "tone_start": analysis.tone_start,
        "tone_end": analysis.tone_end,
        "created_at": spelled_time(analysis.created_at),
    }


def read(data: object, key: ConversationKey) -> Analysis:
    """Read it back, or raise ValueError with one sentence; the fingerprint is not known here."""
    try:
        one = _Analysis.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"`analysis{'.' if where else ''}{where}`: {first['msg']}") from None
    return Analysis(
        conversation=key,
        fingerprint="",
        analyser=one.analyser,
        taxonomy=one.taxonomy,
        language=one.language,
        measurements=tuple(Measurement(**dict(each)) for each in one.measurements),
        tags=tuple(TagAssignment(**dict(each)) for each in one.tags),
        quotes=tuple(Quote(**dict(each)) for each in one.quotes),
        summary=one.summary,
        tone_start=one.tone_start,
        tone_end=one.tone_end,
        created_at=one.created_at,
    )
