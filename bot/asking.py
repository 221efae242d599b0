"""One path for every question, whether a mention, a direct message or a command.

Knows who asked and what was said before in the thread. Asks Answers and posts what it says.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from service.answers import Answers
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.blocks import answer_message, notice_message
from bot.posting import Poster
from service.domain.people import PersonRole, Viewer
from service.errors import VerbatimError
from service.ports import Clock, Database, Person

logger = logging.getLogger("verbatim")

SOURCE = "slack"
_THREAD_MEMORY = 6  # earlier messages that a follow-up may refer to


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it arrived. `key` names it whatever event carries it."""

    key: str
    channel: str
    user: str
    text: str
    thread: str | None  # where the answer goes; None for a command

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Asked":
        return Asked(**json.loads(text))


class Asking:
    """Answers questions, each once: the event is stored before Slack is told that we have it."""

    def __init__(
        self, *, client: WebClient, answers: Answers, database: Database, clock: Clock
    ) -> None:
        self._client = client
        self._answers = answers
        self._database = database
        self._clock = clock
        self._poster = Poster(client, work=database.work, clock=clock)

    def accept(self, asked: Asked) -> bool:
        """Store the question; False when it was stored before, as Slack's retries are."""
        return self._database.work.accept(SOURCE, asked.key, asked.as_json(), at=self._clock())

    def resume(self) -> int:
        """Answer what was accepted before a crash and not finished; return how many."""
        waiting = self._database.work.unfinished(SOURCE)
        for _, payload in waiting:
            self.answer(Asked.from_json(payload))
        return len(waiting)

    def answer(self, asked: Asked) -> None:
        """Post the answer in the thread. On trouble a plain sentence is posted, never silence."""
        self._show_status(asked, "is counting conversations…")
        person = self._person(asked.user)
        if person is None:
            self._introduce(asked)
        else:
            self._answer(asked, person)
        self._database.work.finish(SOURCE, asked.key)

    def _answer(self, asked: Asked, person: Person) -> None:
        try:
            answer = self._answers.ask_text(
                asked.text, _viewer(person), thread=self._earlier(asked)
            )
            message = answer_message(answer, feedback=asked.key)
            self._remember(asked, answer.reading)
        except VerbatimError as error:
            logger.warning("slack.answer_failed", extra={"error": type(error).__name__})
            message = notice_message(f"I could not answer that: {error}")
        self._poster.put_once(
            f"answer:{asked.key}", message, channel=asked.channel, thread=asked.thread
        )

    def _introduce(self, asked: Asked) -> None:
        sentence = (
            "I do not know you yet, so I cannot say what you may see. "
            "Ask whoever runs Verbatim for: verbatim link <your e-mail address>"
        )
        self._poster.whisper(notice_message(sentence), channel=asked.channel, user=asked.user)

    def _person(self, user: str) -> Person | None:
        """The person behind a Slack user: linked before, else by the e-mail address of the
        profile.
        """
        people = self._database.people
        known = people.by_slack_user(user)
        if known is not None:
            return known
        email = self._email(user)
        person = people.get(email) if email else None
        if person is None:
            return None
        linked = Person(
            email=person.email,
            name=person.name,
            role=person.role,
            slack_user=user,
            accounts=person.accounts,
        )
        people.save(linked)
        return linked

    def _email(self, user: str) -> str | None:
        try:
            profile = self._client.users_info(user=user)["user"].get("profile", {})
        except (SlackApiError, SlackClientError, OSError):
            return None  # the person is told how to be linked instead
        email = profile.get("email")
        return str(email).lower() if email else None

    def _show_status(self, asked: Asked, status: str) -> None:
        if asked.thread is None:
            return
        try:
            self._client.api_call(
                "assistant.threads.setStatus",
                json={"channel_id": asked.channel, "thread_ts": asked.thread, "status": status},
            )
        except (SlackApiError, SlackClientError, OSError):
            return  # a nicety: the answer itself does not hang on it

    def _earlier(self, asked: Asked) -> Sequence[Mapping[str, object]]:
        stored = self._database.work.recall(_thread_name(asked))
        found: Sequence[Mapping[str, object]] = json.loads(stored) if stored else []
        return found

    def _remember(self, asked: Asked, reading: Mapping[str, object]) -> None:
        if asked.thread is None:
            return
        said = [*self._earlier(asked), {"text": asked.text, "reading": dict(reading)}]
        self._database.work.remember(_thread_name(asked), json.dumps(said[-_THREAD_MEMORY:]))


def _thread_name(asked: Asked) -> str:
    return f"slack-thread:{asked.channel}:{asked.thread}"


def _viewer(person: Person) -> Viewer:
    return Viewer(person=person.email, role=PersonRole(person.role), accounts=person.accounts)
