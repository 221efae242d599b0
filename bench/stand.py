"""Serves one made-up helpdesk in a process of its own, so that its work is not the sync's.

Run by the bench: `python -m bench.stand zendesk 10000 [folder for the bodies of the pages]`.
"""

import gc
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from bench import generated
from connectors.sandbox.server import Stand

MAKERS: Mapping[str, Callable[[int], Stand[Any]]] = {
    "zendesk": generated.zendesk,
    "intercom": generated.intercom,
}
_PAGES = ("/api/v2/incremental/", "/conversations")


def main(name: str, size: str, folder: str | None = None) -> None:
    made = MAKERS[name](int(size))
    if folder is not None:
        _record(made, Path(folder))
    gc.freeze()  # a million rows that stay need no looking through
    with made.serve() as server:
        print(json.dumps({"url": server.url}), flush=True)
        sys.stdin.read()


def _record(made: Stand[Any], folder: Path) -> None:
    numbers = iter(range(10**9))

    def keep(response: Response) -> Response:
        if request.path.startswith(_PAGES) and request.method in ("GET", "POST"):
            (folder / f"{next(numbers):07}.json").write_bytes(response.get_data())
        return response

    made.app.after_request(keep)


if __name__ == "__main__":
    main(*sys.argv[1:])
