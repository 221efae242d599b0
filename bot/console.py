"""Where digests and flags go when no Slack is connected: a terminal."""

from collections.abc import Sequence
from typing import ClassVar, TextIO

from service.digest import Digest
from service.flags import ShownFlag
from service.watching import News


class ConsolePublisher:
    """Prints the digest's lines; a product feature as much as a test's helper."""

    prints: ClassVar[bool] = True

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def publish(self, digest: Digest) -> str:
        self._out.write("\n".join(digest.lines) + "\n")
        return "the terminal (Slack is not connected)"


class ConsoleFlagMessenger:
    """Prints a line a flag; nobody has to be reached."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def card(self, key: str, shown: ShownFlag, *, to: str) -> bool:
        del key
        flag = shown.flag
        self._say(f"Churn risk, for {to or 'everybody'}: {shown.account.name}, {flag.state.value}")
        return True

    def reply(self, key: str, sentence: str, *, card: str, to: str) -> None:
        del key, card, to
        self._say(f"  {sentence}")

    def summary(self, key: str, shown: Sequence[ShownFlag], *, to: str) -> bool:
        del key
        self._say(f"Churn risk, for {to or 'everybody'}: {len(shown)} accounts (verbatim flags)")
        return True

    def _say(self, line: str) -> None:
        self._out.write(f"{line}\n")


class ConsoleAlertMessenger:
    """Prints an alert with the answer behind it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def put(self, news: News, *, channel: str | None) -> bool:
        del channel
        lines = [f"Alert: {news.title}", news.sentence, *news.answer.text]
        self._out.write("".join(f"{line}\n" for line in lines))
        return True

    def again(self, news: News, *, channel: str | None) -> None:
        del channel
        self._out.write(f"Alert: {news.title}: it has grown to twice what it was.\n")
