"""The analyser that needs no key and no network: three small models and rules, on one core.

Knows how to run them over many conversations at once; what each metric means stands in the modules
beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from service.analysis._churn import measure_churn
from service.analysis._churn_reader import ChurnReader
from service.analysis._custom import CustomMetrics, version_of
from service.analysis._effort import measure_effort
from service.analysis._gates import (
    Material,
    empty,
    no_effort,
    no_tone,
    nothing_to_read,
    quote_of,
    true_quotes,
    with_quote,
)
from service.analysis._ladder import Ladder, Placed, assigned
from service.analysis._language import LanguageReader
from service.analysis._matching import Vectors
from service.analysis._models import (
    TextModel,
    ThemeTable,
    checked_artefacts,
    digest_of,
)
from service.analysis._sentences import Sentence, customer_sentences
from service.analysis._tone import (
    ORDER,
    SHOWS_TONE,
    Floats,
    Piece,
    Tone,
    measured_tone,
    pieces_of,
    probabilities,
    tone_of,
)
from service.analysis._topics import (
    MOST_TAGS,
    Namer,
    issue_sentence,
    issue_sentences,
    matching_text,
    summary_of,
)
from service.calibration import Calibration, fit
from service.custom_metrics import Trial
from service.domain.conversations import Conversation
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    Metric,
    Quote,
    Sentiment,
    TagAssignment,
    YesNo,
)
from service.domain.segments import new_text_spans
from service.domain.taxonomy import Taxonomy
from service.measures import own_metrics
from service.ports import Analyser, Clock
from service.settings import Settings

CODE_VERSION = 15  # raise it when a rule changes what is measured
TONE = "sentiment"  # the name of its files
BATCH = 64  # conversations read together: enough texts of each length to fill a batch
SECOND_DRIVER = 0.6  # confidence that a further sentence needs to add a driver of its own
WHOLE_MESSAGE = 400  # characters of the issue's message that are matched beside the sentence


def version(settings: Settings | None = None) -> str:
    """What `build` would measure with, without loading anything."""
    fitted = _calibration(settings)
    mark = f"-{fitted.version}" if fitted else ""
    return f"local-{CODE_VERSION}-{digest_of()[:8]}{version_of(own_metrics())}{mark}"


def build(
    settings: Settings | None = None, *, clock: Clock | None = None, threads: int = 1
) -> Analyser:
    """Load the artefacts. One thread is the default because workers run beside each other."""
    return _built(
        version(settings),
        clock=clock or _now,
        metrics=own_metrics(),
        calibration=_calibration(settings),
        threads=threads,
    )


def calibration_of(
    conversations: Sequence[Conversation], labels: Sequence[str]
) -> Calibration | None:
    """Fit to what people said of these conversations, from the analyser as it is without any."""
    if not conversations:
        return None
    read = list(zip(_built(version()).shares(conversations), labels, strict=True))
    known = [(shares, label) for shares, label in read if shares is not None]
    rows = np.array([shares for shares, _ in known], dtype=np.float32)
    return fit(rows, [label for _, label in known], classes=ORDER)


def _now() -> datetime:
    return datetime.now(UTC)


def _built(
    version: str,
    *,
    clock: Clock = _now,
    metrics: Sequence[Metric] = (),
    calibration: Calibration | None = None,
    threads: int = 1,
) -> "LocalAnalyser":
    artefacts = checked_artefacts()
    return LocalAnalyser(
        sentiment=TextModel(artefacts, TONE, threads=threads),
        themes=(themes := ThemeTable(artefacts)),
        churn=ChurnReader(artefacts, themes.vectors, threads=threads),
        version=version,
        metrics=metrics,
        calibration=calibration,
        clock=clock,
    )


def _calibration(settings: Settings | None) -> Calibration | None:
    path = settings.calibration_file if settings is not None else None
    if path is None or not path.is_file():
        return None
    return Calibration.from_json(path.read_text(encoding="utf-8"))


def theme_vectors() -> Vectors:
    """The table alone, for who compares texts without measuring any."""
    return ThemeTable(checked_artefacts()).vectors


def tried(metric: Metric, found: Sequence[Conversation], vectors: Vectors) -> list[Trial]:
    """What a metric that nobody put in force yet would say of these conversations."""
    asked, languages = CustomMetrics([metric], vectors), LanguageReader()
    return [
        Trial(
            conversation=conversation,
            measurement=answer.measurement,
            words=answer.sentence.text if answer.sentence is not None else "",
        )
        for conversation in found
        for answer in asked.measure(_material(conversation, languages))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A conversation's tone and the sentence that shows it."""

    tone: Tone | None = None
    shows: Sentence | None = None


class LocalAnalyser:
    name = "local"

    def __init__(
        self,
        *,
        sentiment: TextModel,
        themes: ThemeTable,
        churn: ChurnReader,
        version: str,
        clock: Clock,
        metrics: Sequence[Metric] = (),
        calibration: Calibration | None = None,
    ) -> None:
        self.version = version
        self._sentiment = sentiment
        self._themes = themes
        self._churn_reader = churn
        self._clock = clock
        self._languages = LanguageReader()
        self._namer = Namer(themes.vectors)
        self._calibration = calibration
        self._custom = CustomMetrics(metrics, themes.vectors)
        self._ladders: dict[str, Ladder] = {}

    def analyse(
        self, conversations: Sequence[Conversation], taxonomy: Taxonomy
    ) -> Iterator[Analysis]:
        version = taxonomy.version
        ladder = self._ladder(taxonomy, version)
        for start in range(0, len(conversations), BATCH):
            materials = [
                _material(c, self._languages) for c in conversations[start : start + BATCH]
            ]
            for material, read in zip(materials, self._tones(materials), strict=True):
                yield self._analysis(material, read, ladder, version)

    def shares(self, conversations: Sequence[Conversation]) -> list[tuple[float, ...] | None]:
        """Return how likely each tone is; None where there is nothing to read one from."""
        materials = [_material(conversation, self._languages) for conversation in conversations]
        return [read.tone.shares if read.tone else None for read in self._tones(materials)]

    def _ladder(self, taxonomy: Taxonomy, version: str) -> Ladder:
        if version not in self._ladders:
            self._ladders = {version: Ladder(taxonomy, self._themes.vectors)}
        return self._ladders[version]

    def _tones(self, materials: Sequence[Material]) -> list[_Read]:
        """Read the tone of a batch in two passes: all turns, then the strongest one's sentences."""
        pieces = [[] if no_tone(material) else pieces_of(material) for material in materials]
        shares = self._shares([piece for its in pieces for piece in its])
        tones: list[Tone | None] = []
        position = 0
        for its in pieces:
            rows = shares[position : position + len(its)]
            tones.append(tone_of(its, rows, self._calibration) if its else None)
            position += len(its)
        return self._shown(materials, tones)

    def _shares(self, pieces: Sequence[Piece]) -> Floats:
        texts = [piece.text for piece in pieces]
        return probabilities(self._sentiment.logits(texts), texts)

    def _shown(self, materials: Sequence[Material], tones: Sequence[Tone | None]) -> list[_Read]:
        candidates = [_strong_sentences(m, t) for m, t in zip(materials, tones, strict=True)]
        texts = [sentence.text for its in candidates for sentence in its]
        shares = probabilities(self._sentiment.logits(texts), texts)
        reads: list[_Read] = []
        position = 0
        for material, tone, its in zip(materials, tones, candidates, strict=True):
            rows = shares[position : position + len(its)]
            position += len(its)
            shows = _strongest(its, rows, tone) or issue_sentence(material)
            reads.append(_Read(tone=tone, shows=shows))
        return reads

    def _analysis(self, material: Material, read: _Read, ladder: Ladder, taxonomy: str) -> Analysis:
        measurements, quotes = self._measured(material, read)
        topics = [] if nothing_to_read(material) else self._topics(material, ladder)
        quotes.extend(quote_of(sentence, "driver") for _, sentence in topics[:1])
        conversation = material.conversation
        kept = true_quotes(quotes, conversation)
        return Analysis(
            conversation=conversation.key,
            fingerprint=conversation.fingerprint(),
            analyser=self.version,
            taxonomy=taxonomy,
            language=material.language,
            measurements=tuple(with_quote(m, kept, YesNo.YES) for m in measurements),
            tags=tuple(tag for tag, _ in topics),
            quotes=kept,
            summary=summary_of(material, read.shows) if material.supported else "",
            tone_start=read.tone.start if read.tone else None,
            tone_end=read.tone.end if read.tone else None,
            created_at=self._clock(),
        )

    def _measured(self, material: Material, read: _Read) -> tuple[list[Measurement], list[Quote]]:
        quotes: list[Quote] = []
        measurements: list[Measurement] = []
        for measurement, sentence in (
            _sentiment(material, read),
            self._churn(material),
            self._effort(material),
            *((one.measurement, one.sentence) for one in self._custom.measure(material)),
        ):
            measurements.append(measurement)
            if sentence is not None and measurement.value is not None:
                quotes.append(quote_of(sentence, measurement.metric))
        return measurements, quotes

    def _churn(self, material: Material) -> tuple[Measurement, Sentence | None]:
        reason = nothing_to_read(material)
        if reason is not None:
            return empty("churn_risk", reason), None
        churn = measure_churn(material.sentences, self._churn_reader)
        return churn.measurement, churn.sentence

    def _effort(self, material: Material) -> tuple[Measurement, Sentence | None]:
        reason = no_effort(material)
        if reason is not None:
            return empty("effort", reason), None
        measurement, sentence = measure_effort(material, self._themes.vectors)
        return measurement, sentence or issue_sentence(material)

    def _topics(self, material: Material, ladder: Ladder) -> list[tuple[TagAssignment, Sentence]]:
        """The issue sentence with its message decides; others add a driver only when sure."""
        issues = issue_sentences(material)
        if not issues:
            return []
        whole = _from_here_on(issues[0])
        rows = ladder.scores([matching_text(s) for s in issues] + [whole])
        rows[0] = (rows[0] + rows[-1]) / 2
        topics: list[tuple[TagAssignment, Sentence]] = []
        for sentence, scores in zip(issues, rows, strict=False):
            raw = self._namer.name(sentence.text)
            placed = (ladder.placed_by_people(raw) if raw else None) or ladder.place(scores)
            if raw is not None and _adds(placed, raw, [tag for tag, _ in topics]):
                topics.append((_assigned(raw, placed), sentence))
        # What is mapped stands first: it is the primary driver that people will see.
        return sorted(topics, key=lambda topic: topic[0].driver is None)[:MOST_TAGS]


def _material(conversation: Conversation, languages: LanguageReader) -> Material:
    sentences = customer_sentences(conversation)
    text = "\n".join(sentence.text for sentence in sentences[:12])
    return Material(
        conversation=conversation,
        sentences=sentences,
        language=languages.language(text) if sentences else None,
    )


def _from_here_on(sentence: Sentence) -> str:
    """What the customer goes on to say, up to where old mail begins."""
    text = sentence.message.text
    spans = new_text_spans(text)
    last = next((end for _, end in spans if sentence.end <= end), sentence.end)
    return text[sentence.start : min(last, sentence.start + WHOLE_MESSAGE)]


def _sentiment(material: Material, read: _Read) -> tuple[Measurement, Sentence | None]:
    reason = no_tone(material)
    if reason is not None or read.tone is None:
        return empty("sentiment", reason or EmptyReason.NO_CUSTOMER_TEXT), None
    return measured_tone(read.tone), read.shows


def _strong_sentences(material: Material, tone: Tone | None) -> list[Sentence]:
    if tone is None or tone.value is Sentiment.NEUTRAL:
        return []
    return [s for s in material.sentences if s.turn == tone.strongest_turn][:12]


def _strongest(sentences: Sequence[Sentence], shares: Floats, tone: Tone | None) -> Sentence | None:
    if tone is None or not sentences:
        return None
    column = shares[:, ORDER.index(tone.value)]
    best = int(column.argmax())
    return sentences[best] if column[best] >= SHOWS_TONE else None


def _adds(placed: Placed | None, raw: str, tags: Sequence[TagAssignment]) -> bool:
    """The first sentence always counts, mapped or not; a further one has to say something new."""
    if not tags:
        return True
    if placed is None or placed.confidence < SECOND_DRIVER:
        return False
    return all(t.raw != raw and t.canonical != placed.rung.canonical for t in tags)


def _assigned(raw: str, placed: Placed | None) -> TagAssignment:
    return assigned(raw, placed.rung, placed.confidence) if placed else assigned(raw, None, 0.0)
