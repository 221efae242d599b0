"""What an answer leaves behind for later: a thread's readings, and the number that was shown.

Kept in our own database: Slack's threads are never read again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from service.domain.answers import Answer
from service.domain.feedback import ShownQuote
from service.stores import WorkStore

_THREAD = 6  # earlier messages that a follow-up may refer to


class Memory:
    def __init__(self, work: WorkStore) -> None:
        self._work = work

    def earlier(self, channel: str, thread: str | None) -> Sequence[Mapping[str, object]]:
        """Return a thread's earlier messages with their readings, oldest first."""
        stored = self._work.recall(_thread_name(channel, thread))
        found: Sequence[Mapping[str, object]] = json.loads(stored) if stored else ()
        return found

    def add(self, channel: str, thread: str, text: str, answer: Answer) -> None:
        """Add a message to its thread; the same one again changes nothing."""
        now: dict[str, object] = {"text": text, "reading": dict(answer.reading)}
        if answer.quotes:
            now["quoted"] = [str(quote.conversation) for quote in answer.quotes]
        said = [one for one in self.earlier(channel, thread) if one != now] + [now]
        self._work.remember(_thread_name(channel, thread), json.dumps(said[-_THREAD:]))

    def keep_question(self, answer: str, question: "Question") -> None:
        self._work.remember(_question_name(answer), json.dumps(asdict(question)))

    def question(self, answer: str) -> "Question | None":
        """Return what an answer was asked, to ask it again as it was; it holds no answer."""
        stored = self._work.recall(_question_name(answer))
        return Question(**json.loads(stored)) if stored else None

    def keep_quotes(self, answer: str, quotes: Sequence[ShownQuote]) -> None:
        self._work.remember(_quotes_name(answer), json.dumps([asdict(one) for one in quotes]))

    def quotes(self, answer: str) -> list[ShownQuote]:
        """Return where the quotes stand that an answer showed."""
        stored = self._work.recall(_quotes_name(answer))
        return [ShownQuote(**one) for one in json.loads(stored)] if stored else []

    def keep_receipt(self, answer: str, receipt: str) -> None:
        self._work.remember(_receipt_name(answer), receipt)

    def receipt(self, answer: str) -> str | None:
        """Return the receipt of the number that an answer showed."""
        return self._work.recall(_receipt_name(answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with what stood before it in its thread, and where it was asked."""

    text: str
    earlier: Sequence[Mapping[str, object]]
    channel: str
    thread: str | None


def channel_name(channel: str) -> str:
    """Where the id is kept of a channel that was posted to by its name."""
    return f"slack-channel:{channel}"


def _quotes_name(answer: str) -> str:
    return f"slack-quotes:{answer}"


def _question_name(answer: str) -> str:
    return f"slack-question:{answer}"


def _receipt_name(answer: str) -> str:
    return f"slack-receipt:{answer}"


def _thread_name(channel: str, thread: str | None) -> str:
    return f"slack-thread:{channel}:{thread}"
