"""What a helpdesk promises to the proof: right lists by day, and nothing lost in between."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from connectors.sandbox.faults import Call
from service.domain.conversations import ConversationKey
from service.ports import Helpdesk
from tests.contract.helpdesk_bench import BEGUN, Copy, HelpdeskBench


class ListingLaws:
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

    def test_what_was_created_in_a_time_is_listed_and_nothing_else(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        told = bench.corpus.conversations
        helpdesk = bench.connect(whole)
        windows = (
            (BEGUN, BEGUN + timedelta(days=1), told),
            (told[2].created_at, told[5].created_at, told[2:5]),
            (told[2].created_at + timedelta(seconds=1), told[3].created_at, ()),
            (BEGUN - timedelta(days=2), BEGUN - timedelta(days=1), ()),
        )
        for start, end, expected in windows:
            listed = _listed(helpdesk, start, end)
            assert sorted(listed) == sorted(bench.key_of(each.id) for each in expected)
            for each in expected:
                assert listed[bench.key_of(each.id)] in (each.updated_at, None)
            assert helpdesk.count(start, end) == len(expected)
        assert bench.writes() == 0

    def test_a_list_of_what_was_created_follows_changes_and_deletions(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        keys = bench.all_keys
        bench.later()
        bench.reply(keys[1], "Any news?")
        bench.delete(keys[2])
        bench.later()
        listed = _listed(bench.connect(whole), BEGUN, BEGUN + timedelta(days=1))
        assert set(listed) == set(keys) - {keys[2]}
        changed = listed[keys[1]]
        assert changed is None or changed > whole.updated[keys[1]]

    def test_only_what_is_gone_is_on_the_list_of_deletions(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        """A helpdesk may keep no such list; then it names nobody."""
        before = bench.clock.now
        assert [*bench.connect(whole).deleted(before)] in ([], [[]])
        bench.later()
        bench.delete(bench.all_keys[3])
        listed = {key for keys in bench.connect(whole).deleted(before) for key in keys}
        assert listed <= {bench.all_keys[3]}
        assert [*bench.connect(whole).deleted(bench.clock.now + timedelta(days=1))] in ([], [[]])

    def test_what_is_deleted_between_its_list_and_its_words_is_gone(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        late = bench.all_keys[1]
        copy = Copy()
        bench.faults.after_answering = lambda call: self._delete_once(bench, call, late)
        copy.read(bench.connect(copy))
        bench.faults.after_answering = None
        bench.later()
        copy.read(bench.connect(copy))
        assert late in copy.gone
        rest = {key: told for key, told in whole.content().items() if key != late}
        assert copy.content() == rest

    @staticmethod
    def _delete_once(bench: HelpdeskBench, call: Call, key: ConversationKey) -> None:
        """Delete it when a list has just been answered, and before anything else is asked."""
        if call.path.startswith(bench.list_path):
            bench.faults.after_answering = None
            bench.later(seconds=1)
            bench.delete(key)


def _listed(
    helpdesk: Helpdesk, start: datetime, end: datetime
) -> dict[ConversationKey, datetime | None]:
    """Return when each was last changed that was created in the time; None: not told."""
    return {key: at for page in helpdesk.created(start, end) for key, at in page.items()}
