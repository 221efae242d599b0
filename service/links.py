"""Addresses of pages, made in one place so that every surface and every test links alike."""

from urllib.parse import quote, urlencode

from service.domain.conversations import AccountKey, ConversationKey
from service.domain.taxonomy import slug
from service.query import Query

LONGEST = 3_500  # characters of an address: common servers take 4,094 with what is around it


class Links:
    """Builds absolute URLs under the workspace's public URL."""

    def __init__(self, public_url: str) -> None:
        self._base = public_url.rstrip("/")

    def home(self) -> str:
        """The workspace's public address."""
        return self._base

    def explore(self, query: Query) -> str:
        """The list of a Query's conversations: as many rows as the number that links here."""
        return self._with("/", query)

    def explore_if_short(self, query: Query) -> str:
        """The list's address; blank when it names too much for one."""
        url = self.explore(query)
        return url if len(url) <= LONGEST else ""

    def group(self, query: Query) -> str:
        return self._with("/group", query)

    def conversation(self, key: ConversationKey) -> str:
        return f"{self._base}/conversations/{quote(key, safe=':')}"

    def words(self, key: ConversationKey, *, message: str, start: int, end: int) -> str:
        """A conversation, opened at the highlighted words: code points [start, end)."""
        query = urlencode({"quote": f"{message}:{start}-{end}"}, safe=":")
        return f"{self.conversation(key)}?{query}#quote"

    def receipt(self, receipt_id: str) -> str:
        return f"{self._base}/r/{receipt_id}"

    def account(self, key: AccountKey) -> str:
        return f"{self._base}/accounts/{quote(key, safe=':')}"

    def driver(self, name: str) -> str:
        return f"{self._base}/drivers/{slug(name)}"

    def trust(self) -> str:
        return f"{self._base}/trust"

    def alerts(self) -> str:
        return f"{self._base}/alerts"

    def review(self, metric: str) -> str:
        """Where people are asked, blindly, what conversations say."""
        return f"{self._base}/trust/review/{quote(metric, safe='')}"

    def sign_in(self, token: str) -> str:
        return f"{self._base}/sign-in?{urlencode({'token': token})}"

    def _with(self, path: str, query: Query) -> str:
        params = query.to_params()
        return f"{self._base}{path}" + (f"?{urlencode(params)}" if params else "")
