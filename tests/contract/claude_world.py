"""A database with conversations, and the Claude analyser at work on it against the stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.sandbox.claude import ClaudeStand, claude_app
from service.analysing import Analysing
from service.analysis.claude import build_paid
from service.costs import PaidAnalyser
from service.domain.conversations import Conversation, ConversationKey
from service.domain.measurements import Analysis
from service.settings import Settings
from service.taxonomy_files import default_taxonomy
from storage.database import SqlDatabase
from tests.builders import Clockwork, a_conversation, a_page

KEY = "claude-key"
PLACES = ("Oslo", "Bergen", "Trondheim", "Tromso", "Stavanger", "Drammen", "Hamar", "Molde")


@dataclass(slots=True, kw_only=True)
class World:
    stand: ClaudeStand
    url: str
    database: SqlDatabase
    clock: Clockwork
    pauses: list[float] = field(default_factory=list)

    def fill(self, count: int) -> list[Conversation]:
        """Store conversations that each name themselves, so that a mix-up would show."""
        made = [a_conversation(n, said_by(n)) for n in range(count)]
        self.database.conversations.save_page("zendesk", a_page(*made))
        return made

    def analyser(
        self,
        *,
        budget: float = 100.0,
        batch_from: int = 200,
        retries: int = 2,
        model: str = "claude-haiku-5-5",
    ) -> PaidAnalyser:
        claude = {
            "api_key": KEY,
            "base_url": self.url,
            "daily_budget_usd": budget,
            "batch_from": batch_from,
            "model": model,
        }
        return build_paid(
            Settings.model_validate({"claude": claude}),
            costs=self.database.costs,
            clock=self.clock,
            retries=retries,
            wait=self.pauses.append,
        )

    def at_work(self, analyser: PaidAnalyser | None = None) -> Analysing:
        return Analysing(
            database=self.database,
            analyser=analyser or self.analyser(),
            taxonomy=default_taxonomy(),
            clock=self.clock,
            pause=self.pauses.append,
        )

    def analysis(self, key: ConversationKey) -> Analysis | None:
        return self.database.analyses.get(key)

    def calls(self, route: str) -> int:
        return self.stand.faults.calls().get(route, 0)


def said_by(number: int) -> str:
    return f"The invoice number {number} from {PLACES[number % len(PLACES)]} is wrong again."


@contextmanager
def claude_world(database: SqlDatabase, clock: Clockwork) -> Iterator[World]:
    stand = claude_app(key=KEY)
    stand.state.clock = clock
    with stand.serve() as running:
        yield World(stand=stand, url=running.url, database=database, clock=clock)


def every_answer_is_its_own(world: World, conversations: list[Conversation]) -> bool:
    """Whether each analysis quotes the very words of its own conversation."""
    for number, conversation in enumerate(conversations):
        found = world.analysis(conversation.key)
        if found is None or {quote.text for quote in found.quotes} != {said_by(number)}:
            return False
    return True
