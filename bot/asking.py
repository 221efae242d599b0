"""One path for every question, whether a mention, a direct message, a command or a button.

Knows who asked and what was said before in the thread. Asks the gateway and posts what it says.
A question is stored before Slack is told that we have it, so a crash loses and repeats nothing.
"""

import json
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from slack_sdk import WebClient

from bot.blocks import Message, answer_message, notice_message
from bot.calling import Refused, call
from bot.people import Directory, Stranger, viewer
from bot.posting import Poster, Unconfirmed
from service.domain.answers import Answer, Recount
from service.domain.feedback import Feedback, Verdict, WrongPart
from service.domain.people import Viewer
from service.errors import RetryLater, Unauthorized, Unreachable, VerbatimError
from service.ports import Clock
from service.stores import Database, Person

logger = logging.getLogger("verbatim")

SOURCE = "slack"
LEASE = timedelta(minutes=3)  # longer than the longest answer with all its waiting
TOO_OLD = timedelta(hours=1)  # an answer that comes later surprises more than it helps
HOPELESS = timedelta(days=7)  # nobody waits to hear that there is none, either
_TOO_LATE = "I could not answer this in time: Slack or I was not there. Please ask again."
WORKERS = 8
_THREAD_MEMORY = 6  # earlier messages that a follow-up may refer to
_ONCE = datetime(2000, 1, 1, tzinfo=UTC)  # a question is due once, at no particular time
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

    @property
    def is_direct(self) -> bool:
        return self.channel.startswith("D")


class Asking:
    """Answers questions on its own threads, each once, also among several processes."""

    def __init__(
        self, *, client: WebClient, answers: Gateway, database: Database, clock: Clock
    ) -> None:
        self._client = client
        self._answers = answers
        self._work = database.work
        self._feedback = database.feedback
        self._clock = clock
        self._poster = Poster(client, work=database.work, clock=clock)
        self._directory = Directory(client, database.people)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="verbatim-slack")
        self._owner = f"{os.getpid()}-{id(self)}"
        self._running: set[str] = set()
        self._late: dict[str, timedelta] = {}  # how old a question was when it was taken up again
        self._lock = threading.Lock()

    def accept(self, asked: Asked) -> bool:
        """Store the question; False when it was stored before, as Slack's retries are."""
        stored = {"at": self._clock().timestamp(), "asked": asdict(asked)}
        return self._work.accept(SOURCE, asked.key, json.dumps(stored), at=self._clock())

    def start(self, asked: Asked) -> None:
        """Answer on a worker thread; harmless while the same question is being answered."""
        with self._lock:
            if asked.key in self._running:
                return
            self._running.add(asked.key)
        self._workers.submit(self._answer_once, asked).add_done_callback(
            partial(self._settle, asked)
        )

    def resume(self) -> int:
        """Start what was accepted and not finished, here or by a process that died.

        Return how many were started.
        """
        started = 0
        for key, payload in self._work.unfinished(SOURCE):
            asked = self._stored(payload)
            if asked is None:
                logger.warning("slack.question_dropped", extra={"question": key})
                self._work.finish(SOURCE, key)
            else:
                self.start(asked)
                started += 1
        return started

    def close(self) -> None:
        """Answer what was started, then stop."""
        self._workers.shutdown(wait=True)

    def note_verdict(
        self,
        *,
        answer: str,
        verdict: Verdict,
        user: str,
        team: str,
        what: WrongPart | None = None,
        note: str = "",
    ) -> bool:
        """Keep what a person thinks of an answer; False for somebody we do not know."""
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
                receipt=self._work.recall(_receipt_name(answer)),
                at=self._clock(),
            )
        )
        return True

    def whisper(self, sentence: str, *, channel: str, user: str, thread: str | None) -> None:
        """Tell one person something that nothing hangs on."""
        try:
            self._poster.whisper(
                notice_message(sentence), channel=channel, user=user, thread=thread
            )
        except VerbatimError as error:
            _log("slack.whisper_lost", error)

    def _stored(self, payload: str) -> Asked | None:
        """Read a stored question; None when it cannot be read."""
        try:
            stored = json.loads(payload)
            asked, at = Asked(**stored["asked"]), float(stored["at"])
        except (ValueError, TypeError, KeyError):
            return None
        age = timedelta(seconds=self._clock().timestamp() - at)
        if age >= TOO_OLD:
            self._late[asked.key] = age
        return asked

    def _answer_once(self, asked: Asked) -> None:
        job = f"slack:{asked.key}"
        lease = LEASE.total_seconds()
        if not self._work.claim(job, _ONCE, self._owner, at=self._clock(), lease=lease):
            return  # another process is at it, or a failed try is not over yet
        try:
            self._answer(asked)
        except (RetryLater, Unreachable, Unauthorized) as error:
            # The question stays unfinished and is taken up when the lease is over.
            _log("slack.answer_delayed", error)
            if self._late.get(asked.key, timedelta()) < HOPELESS:
                return
        except VerbatimError as error:
            _log("slack.answer_refused", error)
        self._finish(asked)

    def _settle(self, asked: Asked, done: "Future[None]") -> None:
        """The end of a worker's task: a defect of ours is told once, not tried for ever."""
        error = done.exception()
        if error is not None:
            _log("slack.answer_failed", error)
            sentence = "Something went wrong on my side; it was logged. Please ask again."
            self.whisper(sentence, channel=asked.channel, user=asked.user, thread=asked.thread)
            self._finish(asked)
        with self._lock:
            self._running.discard(asked.key)

    def _finish(self, asked: Asked) -> None:
        self._work.finish(SOURCE, asked.key)
        self._work.done(f"slack:{asked.key}", _ONCE, self._owner, "answered")
        self._late.pop(asked.key, None)

    def _answer(self, asked: Asked) -> None:
        if self._poster.was_put(_post_key(asked)):
            return
        self._show_status(asked, "is counting conversations…")
        person = self._directory.find(asked.user, team=asked.team)
        if isinstance(person, Stranger):
            self._introduce(asked, person)
            return
        message, reading = self._message(asked, person)
        if reading is not None and asked.thread is not None:
            # Before the answer stands there: a click on its buttons may be quicker than we are.
            self._remember(asked, reading, f"{asked.channel}:{asked.thread}")
        try:
            remote = self._post(asked, message)
        except Unconfirmed:
            sentence = "Slack did not confirm my answer. If you do not see it here, ask again."
            self.whisper(sentence, channel=asked.channel, user=asked.user, thread=asked.thread)
            return
        if reading is not None and remote is not None and asked.thread is None:
            self._remember(asked, reading, remote)

    def _message(self, asked: Asked, person: Person) -> tuple[Message, Mapping[str, object] | None]:
        """What to say, and how the question was read. On trouble a plain sentence, no silence."""
        if asked.key in self._late:
            return notice_message(_TOO_LATE), None
        try:
            answer = self._answers.ask_text(asked.text, viewer(person), thread=self._earlier(asked))
        except VerbatimError as error:
            _log("slack.no_answer", error)
            return notice_message(f"I could not answer that. {error}"), None
        shown = answer.headline.current.receipt if answer.headline else None
        if shown:
            self._work.remember(_receipt_name(asked.key), shown.rpartition("/")[2])
        return answer_message(answer, feedback=asked.key), answer.reading

    def _post(self, asked: Asked, message: Message) -> str | None:
        key = _post_key(asked)
        try:
            return self._poster.put_once(key, message, channel=asked.channel, thread=asked.thread)
        except Refused as refused:
            if refused.code not in _ELSEWHERE:
                raise
            # A command works also where the app is no member, and a channel may be closed
            # meanwhile: the answer goes to the person, under a key of its own.
            return self._poster.put_once(f"{key}:direct", message, channel=asked.user)

    def _introduce(self, asked: Asked, stranger: Stranger) -> None:
        sentence = (
            "I do not know you yet, so I cannot say what you may see. "
            f"Ask whoever runs Verbatim for: verbatim link {stranger.email or 'you@example.com'}"
        )
        if asked.is_direct:
            self._post(asked, notice_message(sentence))
        else:
            self.whisper(sentence, channel=asked.channel, user=asked.user, thread=asked.thread)

    def _show_status(self, asked: Asked, status: str) -> None:
        if asked.thread is None:
            return
        arguments = {"channel_id": asked.channel, "thread_ts": asked.thread, "status": status}
        try:
            call(self._client, "assistant.threads.setStatus", arguments)
        except VerbatimError as error:
            _log("slack.status_lost", error)  # a nicety: the answer does not hang on it

    def _earlier(self, asked: Asked) -> Sequence[Mapping[str, object]]:
        stored = self._work.recall(_thread_name(asked.channel, asked.thread))
        found: Sequence[Mapping[str, object]] = json.loads(stored) if stored else ()
        return found

    def _remember(self, asked: Asked, reading: Mapping[str, object], remote: str) -> None:
        """Keep the reading for follow-ups. A command's answer starts a thread of its own."""
        channel, _, ts = remote.partition(":")
        now = {"text": asked.text, "reading": dict(reading)}
        said = [one for one in self._earlier(asked) if one != now] + [now]
        name = _thread_name(channel, asked.thread or ts)
        self._work.remember(name, json.dumps(said[-_THREAD_MEMORY:]))


def _post_key(asked: Asked) -> str:
    return f"answer:{asked.key}"


def _receipt_name(answer: str) -> str:
    return f"slack-receipt:{answer}"


def _thread_name(channel: str, thread: str | None) -> str:
    return f"slack-thread:{channel}:{thread}"


def _log(event: str, error: BaseException) -> None:
    """Only the kind of the error: its words may hold a customer's."""
    logger.warning(event, extra={"error": type(error).__name__})
