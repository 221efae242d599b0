"""What reading a helpdesk promises: everything, once, whole, and again only what changed."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any, ClassVar

import pytest

from connectors.sandbox.corpus import CorpusConversation
from service.domain.conversations import ConversationKey, Role, is_customer_voice
from service.errors import Unauthorized
from tests.contract.helpdesk_bench import (
    BEGUN,
    TOKEN,
    UNSTORABLE,
    Copy,
    HelpdeskBench,
    Said,
    small_corpus,
)

_ODD_VALUES: tuple[Any, ...] = (None, 17, "soon", [], {}, [None], {"id": None})


class ReadingLaws:
    desk: ClassVar[type[HelpdeskBench]]

    @pytest.fixture
    def bench(self) -> Iterator[HelpdeskBench]:
        with self.desk.opened() as bench:
            yield bench

    @pytest.fixture
    def whole(self, bench: HelpdeskBench) -> Copy:
        """Everything, read without any trouble."""
        copy = Copy()
        copy.read(bench.connect(copy))
        return copy

    # Everything, once.

    def test_every_conversation_arrives_with_its_head(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        assert sorted(whole.heads) == sorted(bench.all_keys)
        for told in bench.corpus.conversations:
            head = whole.heads[bench.key_of(told.id)]
            assert head.subject == told.subject
            assert head.channel == told.channel
            assert head.created_at == told.created_at
            assert head.updated_at == told.updated_at
            assert (head.account is None) == (told.account is None)
            assert head.requester is not None
            assert set(told.helpdesk_tags) <= set(head.helpdesk_tags)
            assert head.url is not None

    def test_accounts_and_agents_come_with_their_names(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        first = whole.heads[bench.all_keys[0]]
        assert first.account is not None
        assert first.agent is not None
        account = whole.accounts[first.account]
        assert (account.name, account.segment) == ("Acme", "enterprise")
        assert account.owner == "maya@example.com"
        assert whole.agents[first.agent].name == "Gus Agent"

    def test_every_message_arrives_with_its_role_its_audience_and_its_time(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        for told in bench.corpus.conversations:
            assert whole.said(bench.key_of(told.id)) == _as_said(told)

    def test_nothing_arrives_twice_in_one_pass(self, whole: Copy) -> None:
        heads = [head.key for page in whole.pages for head in page.heads]
        messages = [(m.conversation, m.message.id) for p in whole.pages for m in p.messages]
        assert len(heads) == len(set(heads))
        assert len(messages) == len(set(messages))

    def test_every_page_says_where_to_go_on(self, whole: Copy) -> None:
        assert len(whole.pages) > 1
        assert all(page.cursor for page in whole.pages)

    def test_people_who_are_named_are_known_for_masking(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        for each in whole.messages[bench.all_keys[0]].values():
            assert "Ria Customer" in each.known_names

    def test_a_head_never_comes_without_the_names_to_mask_in_it(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        """Also when only our own write or an agent's edit happened, and no message comes along."""
        bench.later()
        whole.take_all(bench.connect(whole).fetch(bench.all_keys[:1]))
        bench.note(bench.all_keys[0], "Look at this")
        bench.later()
        whole.read(bench.connect(whole))
        for page in whole.pages:
            for head in page.heads:
                known = set(page.known_names.get(head.key, ()))
                for each in page.messages:
                    known |= set(each.known_names if each.conversation == head.key else ())
                assert known & {"Ria Customer", "Lou Alone"}

    # Once more.

    def test_a_pass_that_stops_after_any_page_goes_on_without_gap_or_duplicate(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        for stop in range(1, len(whole.pages)):
            copy = Copy()
            for page in bench.connect(copy).pages(None):
                copy.take(page)
                if len(copy.pages) == stop:
                    break
            copy.read(bench.connect(copy))
            assert copy.content() == whole.content()

    def test_reading_again_from_any_old_cursor_changes_nothing(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        for page in whole.pages[:-1]:
            again = Copy(cursor=page.cursor)
            before = whole.content()
            whole.take_all(bench.connect(again).pages(page.cursor))
            assert whole.content() == before

    def test_a_second_pass_yields_nothing_new(self, bench: HelpdeskBench) -> None:
        copy = Copy()
        helpdesk = bench.connect(copy)
        copy.read(helpdesk)
        for again in (helpdesk, bench.connect(copy)):
            bench.later()
            news = copy.read(again)
            assert (news.heads, news.messages, news.gone) == ({}, {}, set())

    def test_only_a_changed_conversation_comes_again(self, bench: HelpdeskBench) -> None:
        copy = Copy()
        helpdesk = bench.connect(copy)
        copy.read(helpdesk)
        for helpdesk_then, text in ((helpdesk, "Any news?"), (bench.connect(copy), "Hello?")):
            bench.later()
            bench.reply(bench.all_keys[2], text)
            bench.later()
            news = copy.read(helpdesk_then)
            assert list(news.heads) == [bench.all_keys[2]]
            assert copy.said(bench.all_keys[2])[-1].text == text

    def test_what_changes_while_pages_are_read_is_not_lost(self, bench: HelpdeskBench) -> None:
        """The page shift: a row moves to the end while its page is being asked for."""
        copy = Copy()
        helpdesk = bench.connect(copy)
        for number, page in enumerate(helpdesk.pages(None)):
            copy.take(page)
            if number < len(bench.all_keys):
                bench.later(seconds=90)
                bench.reply(bench.all_keys[number], f"Meanwhile {number}")
        bench.later()
        copy.read(bench.connect(copy))
        fresh = Copy()
        fresh.read(bench.connect(fresh))
        assert {key: copy.said(key) for key in copy.heads} == {
            key: fresh.said(key) for key in fresh.heads
        }

    # What is not the customer's voice, and what is gone.

    def test_a_private_note_is_never_the_customers_voice(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        bench.later()
        bench.note(bench.all_keys[1], "The customer is furious")
        bench.later()
        whole.read(bench.connect(whole))
        notes = [
            each.message
            for messages in whole.messages.values()
            for each in messages.values()
            if each.message.text in ("The customer is furious", "He is angry; check the plan")
        ]
        assert len(notes) > 1
        assert not any(note.public or is_customer_voice(note) for note in notes)

    def test_a_deleted_conversation_is_told_as_gone(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        bench.later()
        whole.read(bench.connect(whole))  # a walk that has something to compare with
        bench.delete(bench.all_keys[1])
        bench.later()
        news = whole.read(bench.connect(whole))
        assert news.gone == {bench.all_keys[1]}
        assert sorted(whole.heads) == sorted(set(bench.all_keys) - news.gone)

    # What nobody expected.

    def test_an_unknown_channel_is_kept_as_it_is(self, bench: HelpdeskBench) -> None:
        bench.channel(bench.all_keys[0], "carrier_pigeon")
        copy = Copy()
        copy.read(bench.connect(copy))
        assert copy.heads[bench.all_keys[0]].channel == "carrier_pigeon"

    def test_what_no_database_can_store_is_replaced_and_the_rest_kept(
        self, bench: HelpdeskBench
    ) -> None:
        bench.reply(bench.all_keys[0], UNSTORABLE)
        bench.later()
        copy = Copy()
        copy.read(bench.connect(copy))
        text = copy.said(bench.all_keys[0])[-1].text
        assert text.startswith("half a ")
        assert text.endswith(" byte")
        assert "\x00" not in text
        assert text.encode()  # no half of a pair is left

    def test_a_conversation_that_cannot_be_read_is_set_aside_alone(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        poisoned = bench.all_keys[1]
        bench.tell(lambda node: node.update({bench.born: "soon"}), poisoned)
        copy = Copy()
        copy.read(bench.connect(copy))
        assert set(copy.unusable) == {poisoned}
        assert "\n" not in copy.unusable[poisoned]
        assert "invoice" not in copy.unusable[poisoned].lower()
        assert copy.content() == {k: v for k, v in whole.content().items() if k != poisoned}

    def test_one_that_was_set_aside_arrives_by_fetch_once_it_can_be_read(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        poisoned = bench.all_keys[1]
        bench.tell(lambda node: node.update({bench.born: "soon"}), poisoned)
        copy = Copy()
        copy.read(bench.connect(copy))
        again = copy.take_all(bench.connect(copy).fetch([poisoned]))
        assert set(again.unusable) == {poisoned}
        bench.tampering.clear()
        copy.take_all(bench.connect(copy).fetch([poisoned]))
        assert copy.said(poisoned) == whole.said(poisoned)

    def test_whatever_is_wrong_with_one_conversation_the_others_arrive(self) -> None:
        """Each conversation lacks another member of the vendor's JSON or has nonsense in it."""
        with self.desk.opened() as sample:
            names = _members_of(sample)
        spoiled = [(name, value) for name in sorted(names) for value in _ODD_VALUES]
        corpus = small_corpus(self.desk.source, len(spoiled) + 5)
        with self.desk.opened(corpus, page_size=40) as bench:
            for key, (name, value) in zip(bench.all_keys, spoiled, strict=False):
                bench.tell(lambda node, name=name, value=value: node.update({name: value}), key)  # type: ignore[misc]  # bound now
            copy = Copy()
            copy.read(bench.connect(copy))
            assert {*copy.heads, *copy.unusable} == set(bench.all_keys)
            for told in corpus.conversations[len(spoiled) :]:
                assert copy.said(bench.key_of(told.id)) == _as_said(told)

    # Single conversations, counts and hints.

    def test_fetch_brings_conversations_whole_and_complete(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        wanted = bench.all_keys[2:6]
        bench.later()
        bench.reply(wanted[0], "And another thing")
        found = Copy()
        found.take_all(bench.connect(whole).fetch(wanted))
        assert sorted(found.heads) == sorted(wanted)
        assert sorted(found.states) == sorted(wanted)
        assert {key for page in found.pages for key in page.complete} == set(wanted)
        assert all(page.cursor == "" for page in found.pages)
        assert found.said(wanted[0])[-1].text == "And another thing"
        for key in wanted[1:]:
            assert found.said(key) == whole.said(key)
            assert found.heads[key] == whole.heads[key]

    def test_fetch_tells_absent_conversations_as_gone(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        absent, present, never = bench.all_keys[0], bench.all_keys[1], _never(bench)
        bench.delete(absent)
        found = Copy()
        found.take_all(bench.connect(whole).fetch([absent, present, never]))
        assert found.gone == {absent, never}
        assert list(found.heads) == [present]

    def test_fetch_of_nothing_asks_for_nothing(self, bench: HelpdeskBench) -> None:
        assert list(bench.connect().fetch([])) == []
        assert bench.connect().missing([]) == frozenset()
        assert bench.calls() == 0

    def test_missing_finds_exactly_what_was_deleted(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        keys = bench.all_keys
        assert bench.connect(whole).missing(keys) == frozenset()
        bench.later()
        bench.delete(keys[0])
        bench.delete(keys[4])
        bench.later()
        assert bench.connect(whole).missing([*keys, _never(bench)]) == {
            keys[0],
            keys[4],
            _never(bench),
        }

    def test_the_count_is_the_stand_ins_over_a_half_open_window(self, bench: HelpdeskBench) -> None:
        told = bench.corpus.conversations
        everything = bench.connect().count(BEGUN, BEGUN + timedelta(days=1))
        some = bench.connect().count(told[2].created_at, told[5].created_at)
        assert (everything, some) == (len(told), 3)

    def test_check_says_who_we_are_with_one_call_that_changes_nothing(
        self, bench: HelpdeskBench
    ) -> None:
        who = bench.connect().check()
        assert who.strip()
        assert "\n" not in who
        assert TOKEN not in who
        assert (bench.calls(), bench.writes()) == (1, 0)

    def test_a_genuine_webhook_names_its_conversation_without_any_call(
        self, bench: HelpdeskBench
    ) -> None:
        key = bench.all_keys[3]
        headers, body = bench.hook(key)
        assert bench.connect().parse_event(headers, body) == (key,)
        lower = {name.lower(): value for name, value in headers.items()}
        assert bench.connect().parse_event(lower, body) == (key,)
        assert bench.calls() == 0

    def test_a_forged_or_altered_webhook_is_refused(self, bench: HelpdeskBench) -> None:
        key = bench.all_keys[3]
        headers, body = bench.hook(key)
        forged, _ = bench.hook(key, secret="another secret")
        for given, told in ((forged, body), (headers, body + b" "), ({}, body)):
            with pytest.raises(Unauthorized):
                bench.connect().parse_event(given, told)

    def test_an_old_webhook_is_refused_or_harmless(self, bench: HelpdeskBench) -> None:
        """Where the vendor signs no time, a replay can only say again: look there."""
        key = bench.all_keys[3]
        headers, body = bench.hook(key, at=bench.clock.now - timedelta(hours=1))
        helpdesk = bench.connect()
        if bench.signs_time:
            with pytest.raises(Unauthorized):
                helpdesk.parse_event(headers, body)
        else:
            assert helpdesk.parse_event(headers, body) == (key,)


def _as_said(told: CorpusConversation) -> list[Said]:
    return [
        Said(Role(m.role), m.public, m.created_at.astimezone(UTC), m.text) for m in told.messages
    ]


def _members_of(bench: HelpdeskBench) -> set[str]:
    """Return the names that the vendor's JSON of a conversation has, but the one of its id."""
    names: set[str] = set()
    bench.tell(lambda node: names.update(node), bench.all_keys[0])
    copy = Copy()
    copy.read(bench.connect(copy))
    return names - {"id"}


def _never(bench: HelpdeskBench) -> ConversationKey:
    """A conversation that was never there."""
    return ConversationKey(f"{bench.source}:999999999")
