"""Where digests go when no Slack is connected: a terminal."""

from typing import TextIO

from service.digest import Digest


class ConsolePublisher:
    """Prints the digest's lines; a product feature as much as a test's helper."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def publish(self, digest: Digest) -> str:
        self._out.write("\n".join(digest.lines) + "\n")
        return "the terminal (Slack is not connected)"
