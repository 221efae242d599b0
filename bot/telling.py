"""Answers one question: finds out who asks, asks the gateway, and posts what it says.

One path for mention, direct message, command and button. Knows nothing of threads or retries:
telling the same question again posts nothing again.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

from bot.blocks import Message, answer_message, notice_message
from bot.calling import Refused, call
from bot.charts import charted, picture
from bot.clients import Clients
from bot.memory import Memory, Question
from bot.people import Directory, Stranger
from bot.policy import Policies, shared
from bot.posting import Unconfirmed
from service.access import viewer
from service.charting import trend_chart
from service.domain.answers import Answer, Recount
from service.domain.feedback import Feedback, QuoteReport, ShownQuote, Verdict, WrongPart
from service.domain.people import Viewer
from service.errors import Unauthorized, VerbatimError
from service.ports import Clock
from service.spotchecks import shown_quote
from service.stores import Database

logger = logging.getLogger("verbatim")

COUNTING = 2  # questions at a time: more would only keep Slack waiting for its acknowledgements
_TOO_LATE = "I could not answer this in time: Slack or I was not there. Please ask again."
_UNCONFIRMED = "Slack did not confirm my answer. If you do not see it here, ask again."
_ALONE = "Only you see this."
_TOLD_ALONE = "The answer was shown to the person who asked, who may share it here."
_TOO_OLD_TO_SHARE = "I no longer know what was asked there; ask again."
_DEFECT = "Something went wrong on my side; it was logged. Please ask again."
_ELSEWHERE = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "thread_not_found"}
)


class Gateway(Protocol):
    """What the bot needs of the answers."""

    def ask_text(
        self, text: str, viewer: Viewer, thread: Sequence[Mapping[str, object]] = ()
    ) -> Answer:
        """Read a message and answer it. `thread` holds earlier messages with their readings."""
        ...

    def recount(self, receipt_id: str, viewer: Viewer) -> Recount:
        """Run a published number again."""
        ...

    def recount_told(self, recount: Recount) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it arrived. `key` names it whatever event carries it."""

    key: str
    team: str
    channel: str
    user: str
    text: str
    thread: str | None  # where the answer goes; None for a command
    shares: str | None = None  # the question whose whole answer the channel is to see

    @property
    def is_direct(self) -> bool:
        return self.channel.startswith("D")


class Telling:
    """Tells people what the gateway says, each in their own name."""

    def __init__(
        self,
        *,
        clients: Clients,
        answers: Gateway,
        policies: Policies,
        database: Database,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._answers = answers
        self._counting = threading.Semaphore(COUNTING)
        self._memory = Memory(database.work)
        self._policies = policies
        self._feedback = database.feedback
        self._checks = database.checks
        self._clock = clock
        self._directory = Directory(clients, database.people)

    def answer(self, asked: Asked) -> None:
        """Answer unless it was answered before."""
        if self._clients.poster(asked.team).was_put(_post_key(asked)):
            return
        self._show_status(asked, "is counting conversations…")
        person = self._directory.find(asked.user, team=asked.team)
        if isinstance(person, Stranger):
            self._introduce(asked, person)
            return
        question = self._question(asked)
        if question is None:
            self.whisper(_TOO_OLD_TO_SHARE, asked)
            return
        try:
            with self._counting:
                answer = self._answers.ask_text(
                    question.text, viewer(person), thread=question.earlier
                )
        except VerbatimError as error:
            log("slack.no_answer", error)
            self._post(asked, notice_message(f"I could not answer that. {error}"))
            return
        if asked.shares is None:
            self._tell(asked, question, answer)
        else:
            self._share(asked, answer, by=person.name)

    def to_share(self, answer: str, spot: "Spot | None") -> Asked | None:
        """The question of an answer that somebody wants the channel to see; None: not known."""
        question = self._memory.question(answer)
        if question is None or spot is None:
            return None
        return Asked(
            key=f"{answer}:shared",
            team=spot.team,
            channel=question.channel,
            user=spot.user,
            text=question.text,
            thread=question.thread,
            shares=answer,
        )

    def give_up(self, asked: Asked) -> None:
        """Say that an answer would come too late, unless it was answered before."""
        if not self._clients.poster(asked.team).was_put(_post_key(asked)):
            self._post(asked, notice_message(_TOO_LATE))

    def apologise(self, asked: Asked) -> None:
        """Say that a defect of ours was in the way."""
        self.whisper(_DEFECT, asked)

    def note_verdict(
        self,
        *,
        answer: str,
        verdict: Verdict,
        user: str,
        team: str,
        what: WrongPart | None = None,
        note: str = "",
        wrong_quotes: Collection[str] = (),
    ) -> bool:
        """Keep what a person thinks of an answer; False for somebody we do not know.

        Quotes that are wrong go to the reviewers: those that were named, else all of the answer's.
        """
        person = self._directory.find(user, team=team)
        if isinstance(person, Stranger):
            return False
        self._feedback.note(
            Feedback(
                answer=answer,
                person=person.email,
                verdict=verdict,
                what=what,
                note=note,
                receipt=self._memory.receipt(answer),
                at=self._clock(),
            )
        )
        if what is WrongPart.QUOTE:
            self._report(answer, wrong_quotes, by=person.email)
        return True

    def quotes(self, answer: str) -> list[ShownQuote]:
        """The quotes that an answer showed, for a person to name the wrong ones."""
        return self._memory.quotes(answer)

    def _report(self, answer: str, named: Collection[str], *, by: str) -> None:
        shown = self._memory.quotes(answer)
        wrong = [one for one in shown if one.name in named] or shown
        at = self._clock()
        self._checks.report([QuoteReport(quote=one, by=by, at=at) for one in wrong])

    def whisper(self, sentence: str, place: "Place") -> None:
        """Tell one person something that nothing hangs on."""
        self._whisper(notice_message(sentence), place)

    def _whisper(self, message: Message, place: "Place") -> None:
        try:
            self._clients.poster(place.team).whisper(
                message,
                channel=place.channel,
                user=place.user,
                thread=place.thread,
            )
        except VerbatimError as error:
            log("slack.whisper_lost", error)

    def _question(self, asked: Asked) -> Question | None:
        """What is asked, after what; to share an answer, what was asked then."""
        if asked.shares is not None:
            return self._memory.question(asked.shares)
        return Question(
            text=asked.text,
            earlier=self._memory.earlier(asked.channel, asked.thread),
            channel=asked.channel,
            thread=asked.thread,
        )

    def _tell(self, asked: Asked, question: Question, answer: Answer) -> None:
        shown = answer.headline.current.receipt if answer.headline else None
        if shown:
            self._memory.keep_receipt(asked.key, shown.rpartition("/")[2])
        if answer.quotes:
            shown_quotes = [shown_quote(one, answer.query) for one in answer.quotes]
            self._memory.keep_quotes(asked.key, shown_quotes)
        if asked.thread is not None:
            # Before the answer stands there: a click on its buttons may be quicker than we are.
            self._memory.add(asked.channel, asked.thread, asked.text, answer)
        remote = self._show(asked, question, answer)
        if asked.thread is None and remote is not None:
            # A command's answer starts a thread of its own.
            channel, _, ts = remote.partition(":")
            self._memory.add(channel, ts, asked.text, answer)

    def _show(self, asked: Asked, question: Question, answer: Answer) -> str | None:
        """Post what the place may see; the rest goes to the asker's eyes alone, who may share."""
        message = self._rendering(asked)
        whole = message(answer)
        if asked.is_direct:
            return self._post(asked, whole)
        cut = shared(answer, self._policies.of(asked.channel))
        if cut.is_less:
            # Before the post: after it, a crash would leave the asker without the rest.
            self._memory.keep_question(asked.key, question)
            private = message(answer, notes=[_ALONE], share=asked.key)
            self._whisper(private, asked)
        if cut.answer is None:
            public = notice_message(" ".join([*cut.withheld, _TOLD_ALONE]))
        else:
            public = message(cut.answer, notes=cut.withheld)
        return self._post(asked, public, direct=whole)

    def _rendering(self, asked: Asked) -> Callable[..., Message]:
        """Return what makes an answer's message, with its chart; one picture serves them all."""
        pictured = cache(partial(picture, self._clients.of(asked.team), name="trend"))

        def message(answer: Answer, **how: Any) -> Message:
            make = partial(answer_message, answer, feedback=asked.key, **how)
            return charted(trend_chart(answer), make, picture=pictured)

        return message

    def _share(self, asked: Asked, answer: Answer, *, by: str) -> None:
        """Post the whole answer where it was asked, in the name of the person who shares it."""
        self._post(asked, self._rendering(asked)(answer, notes=[f"Shared by {by}."]))
        logger.info("slack.answer_shared", extra={"question": asked.shares})

    def _post(self, asked: Asked, message: Message, *, direct: Message | None = None) -> str | None:
        """Post once; None when it stands there already, or nobody can say whether it does.

        Where the channel takes nothing, the person gets `direct` instead, or the same.
        """
        key, poster = _post_key(asked), self._clients.poster(asked.team)
        try:
            return poster.put_once(key, message, channel=asked.channel, thread=asked.thread)
        except Unconfirmed:
            self.whisper(_UNCONFIRMED, asked)
            return None
        except Refused as refused:
            if refused.code not in _ELSEWHERE:
                raise
            # A command works also where the app is no member, and a channel may be closed
            # meanwhile: the answer goes to the person, under a key of its own.
            return poster.put_once(f"{key}:direct", direct or message, channel=asked.user)

    def _introduce(self, asked: Asked, stranger: Stranger) -> None:
        sentence = (
            "I do not know you yet, so I cannot say what you may see. "
            f"Ask whoever runs Verbatim for: verbatim link {stranger.email or 'you@example.com'}"
        )
        if asked.is_direct:
            self._post(asked, notice_message(sentence))
        else:
            self.whisper(sentence, asked)

    def _show_status(self, asked: Asked, status: str) -> None:
        if asked.thread is None:
            return
        arguments = {"channel_id": asked.channel, "thread_ts": asked.thread, "status": status}
        try:
            call(self._clients.of(asked.team), "assistant.threads.setStatus", arguments)
        except Unauthorized:
            raise  # nothing else will work either
        except VerbatimError as error:
            log("slack.status_lost", error)  # a nicety: the answer does not hang on it


class Place(Protocol):
    """Where somebody is to be told something."""

    @property
    def team(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def user(self) -> str: ...

    @property
    def thread(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """The place of a click."""

    team: str
    channel: str
    user: str
    thread: str | None = None


def _post_key(asked: Asked) -> str:
    return f"answer:{asked.key}"


def log(event: str, error: BaseException) -> None:
    """Only the kind of the error: its words may hold a customer's."""
    logger.warning(event, extra={"error": type(error).__name__})
